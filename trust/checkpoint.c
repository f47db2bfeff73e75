#include "trust/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define DASH "\xe2\x80\x94 " /* an em dash and a blank */
#define HINT_BYTES ((size_t)4)

/* A note, cut into its parts. */
struct note {
	char *copy; /* owned: what the others point into */
	size_t text_len;
	char *origin, *size, *root, *lines;
};

static void note_release(struct note *n)
{
	free(n->copy);
}

static char *cut_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	if (end == NULL)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return line;
}

/* The last blank line: what stands before is signed, with the line feed that ends it. */
static const char *find_blank(const char *note)
{
	const char *last = NULL, *at;

	for (at = strstr(note, "\n\n"); at != NULL; at = strstr(at + 1, "\n\n"))
		last = at;
	return last;
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' && *text != '\n')
			return true;
	}
	return false;
}

static enum err_code note_split(const char *text, struct note *n, struct err *err)
{
	const char *blank = find_blank(text);
	char *rest;
	enum err_code code;

	if (blank == NULL || !text_starts(blank + 2, DASH))
		return err_set(err, ERR_FORMAT, "a checkpoint without signatures");
	if (has_control(text))
		return err_set(err, ERR_FORMAT, "a checkpoint with control characters in it");
	n->text_len = (size_t)(blank + 1 - text);
	code = str_copy(text, &n->copy, err);
	if (code != ERR_OK)
		return code;
	rest = n->copy;
	n->lines = n->copy + n->text_len + 1;
	n->copy[n->text_len] = '\0';
	n->origin = cut_line(&rest);
	n->size = cut_line(&rest);
	n->root = n->size != NULL ? cut_line(&rest) : NULL;
	if (n->origin == NULL || *n->origin == '\0' || n->root == NULL)
		return err_set(err, ERR_FORMAT, "a checkpoint without origin, size and root");
	return ERR_OK;
}

/* "host - tree" of Rekor v1, which may be called otherwise than it is reached. */
static bool has_tree(const char *origin)
{
	const char *tree = strrchr(origin, ' ');

	return tree != NULL && tree - origin >= 2 && tree[-2] == ' ' && tree[-1] == '-' && tree[1] != '\0' &&
	       tree[1 + strspn(tree + 1, "0123456789")] == '\0';
}

static enum err_code read_body(const struct note *n, struct checkpoint *c, struct err *err)
{
	CLEANUP(buf_release) struct buf root = { .max = TRUST_HASH_MAX };
	size_t digits = strspn(n->size, "0123456789");
	enum err_code code;

	if (digits == 0 || digits > 18 || n->size[digits] != '\0' || (n->size[0] == '0' && digits > 1))
		return err_set(err, ERR_FORMAT, "a checkpoint without the size of the log");
	c->size = strtoull(n->size, NULL, 10);
	c->of_tree = has_tree(n->origin);
	code = base64_decode(n->root, &root, err);
	if (code == ERR_OK && root.len != sizeof(c->root_hash))
		code = err_set(err, ERR_FORMAT, "a root of %zu bytes", root.len);
	if (code != ERR_OK)
		return err_add(err, "checkpoint");
	memcpy(c->root_hash, root.data, root.len);
	return ERR_OK;
}

/* Ed25519's hint is over the name too, but for logs of Rekor v1, whose hint is always that of the key alone. */
static bool hints_at(const unsigned char *hint, const char *name, const struct trust_key *key)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_CHECKPOINT_BYTES };
	unsigned char raw[32], hash[TRUST_HASH_MAX];

	if (memcmp(hint, trust_key_hash(key), HINT_BYTES) == 0)
		return true;
	return trust_key_raw(key, raw) && buf_printf(&text, NULL, "%s\n\x01", name) == ERR_OK &&
	       buf_add(&text, raw, sizeof(raw), NULL) == ERR_OK &&
	       trust_hash_of(TRUST_SHA256, text.data, text.len, hash, NULL) == ERR_OK &&
	       memcmp(hint, hash, HINT_BYTES) == 0;
}

/* Rekor v2's logs sign under their origin, Rekor v1's under a host that their origin begins with: "host - tree". */
static bool is_of_origin(const char *name, const char *origin)
{
	return text_starts(origin, name) && (origin[strlen(name)] == '\0' || text_starts(origin + strlen(name), " - "));
}

/* A checkpoint is of the log that its first line names: that of Rekor v2 is the host where the log is reached. */
static enum err_code check_origin(const struct note *n, const struct trust_log *log, struct err *err)
{
	const char *host = strstr(log->url, "://");
	size_t len;

	host = host != NULL ? host + 3 : log->url;
	len = strcspn(host, ":/?#");
	if (*log->url == '\0' || has_tree(n->origin) || (strlen(n->origin) == len && memcmp(n->origin, host, len) == 0))
		return ERR_OK;
	return err_set(err, ERR_UNPROVED, "the checkpoint is of the log %.100s, not of %s", n->origin, log->url);
}

/* Take a line apart; the name stays in it. */
static enum err_code read_line(char *line, char **ret_name, struct buf *bytes, struct err *err)
{
	char *name = line + strlen(DASH), *base64;

	base64 = text_starts(line, DASH) ? strchr(name, ' ') : NULL;
	if (base64 == NULL || base64 == name)
		return err_set(err, ERR_FORMAT, "a checkpoint with a line that is no signature");
	*base64++ = '\0';
	if (strchr(name, '+') != NULL)
		return err_set(err, ERR_FORMAT, "a checkpoint with a signature of a name that is none");
	if (base64_decode(base64, bytes, err) != ERR_OK || bytes->len <= HINT_BYTES)
		return err_set(err, ERR_FORMAT, "a checkpoint with a signature that is no base64");
	*ret_name = name;
	return ERR_OK;
}

/* Is this line the log's signature?  *ret_good says so; a line that is none is an error, and one that says it is the
 * log's and is not. */
static enum err_code check_line(char *line, const struct note *n, const char *text, const struct trust_log *log,
				bool *ret_good, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_SIGNATURE_BYTES };
	const unsigned char *signature;
	char *name = NULL;
	enum err_code code = read_line(line, &name, &bytes, err);

	if (code != ERR_OK)
		return code;
	signature = (const unsigned char *)bytes.data;
	if (!is_of_origin(name, n->origin) || !hints_at(signature, name, log->key))
		return ERR_OK;
	*ret_good = trust_key_check_bytes(log->key, TRUST_HASHES, text, n->text_len, signature + HINT_BYTES,
					  bytes.len - HINT_BYTES, NULL) == ERR_OK;
	return *ret_good ? ERR_OK
			 : err_set(err, ERR_UNPROVED, "the checkpoint has a false signature of the log %s", log->url);
}

static enum err_code find_signature(const struct note *n, const char *text, const struct trust_log *log,
				    struct err *err)
{
	char *rest = n->lines, *line;
	size_t lines = 0;
	bool found = false;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && *rest != '\0') {
		bool good = false;

		line = cut_line(&rest);
		if (line == NULL)
			return err_set(err, ERR_FORMAT, "a checkpoint whose last line does not end");
		if (++lines > LIMIT_CHECKPOINT_LINES)
			return err_set(err, ERR_LIMIT, "a checkpoint with more than %d signatures",
				       LIMIT_CHECKPOINT_LINES);
		code = check_line(line, n, text, log, &good, err);
		found = found || good;
	}
	if (code == ERR_OK && !found)
		code = err_set(err, ERR_UNPROVED, "the checkpoint is not signed by the log %s", log->url);
	return code;
}

enum err_code checkpoint_check(const char *note, const struct trust_log *log, struct checkpoint *ret_checkpoint,
			       struct err *err)
{
	CLEANUP(note_release) struct note n = { 0 };
	struct checkpoint c = { 0 };
	enum err_code code = note_split(note, &n, err);

	if (code == ERR_OK)
		code = read_body(&n, &c, err);
	if (code == ERR_OK)
		code = check_origin(&n, log, err);
	if (code == ERR_OK)
		code = find_signature(&n, note, log, err);
	if (code == ERR_OK)
		*ret_checkpoint = c;
	return code;
}
