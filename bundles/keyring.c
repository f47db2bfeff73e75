#include "bundles/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/pem.h"
#include "trust/site.h"

#define SCOPE_WORD "Scope:"
#define BLANKS " \t"
#define LINE_ENDS "\r\n"

static bool holds(const struct keyring *ring, const struct seal_key *k)
{
	size_t i;

	for (i = 0; i < ring->len; i++) {
		if (digest_equal(seal_key_fingerprint(ring->keys[i].key), seal_key_fingerprint(k)))
			return true;
	}
	return false;
}

/* Add a key, unless it is there already under another name. */
static enum err_code add(struct keyring *ring, struct keyring_key *k, struct err *err)
{
	enum err_code code;

	if (holds(ring, k->key))
		return ERR_OK;
	code = vec_grow(&ring->keys, &ring->cap, ring->len + 1, sizeof(*ring->keys), KEYRING_MAX, err);
	if (code != ERR_OK)
		return err_add(err, "%s: keys that count", seal_key_name(k->key));
	ring->keys[ring->len++] = *k;
	*k = (struct keyring_key){ 0 };
	return ERR_OK;
}

/* ---- the machine's ---- */

/* Without a scope none may be said. */
static enum err_code read_line(const char *line, size_t len, const char *path, struct scope *scope, struct err *err)
{
	CLEANUP(free_ptr) char *text = NULL;
	enum err_code code;

	for (; len > 0 && strchr(BLANKS, *line) != NULL; len--)
		line++;
	for (; len > 0 && strchr(BLANKS, line[len - 1]) != NULL;)
		len--;
	if (len == 0 || *line == '#')
		return ERR_OK;
	code = str_format(&text, err, "%.*s", (int)len, line);
	if (code != ERR_OK)
		return code;
	if (scope == NULL || !text_starts(text, SCOPE_WORD))
		return err_set(err, ERR_FORMAT,
			       "%s: \"%.100s\" stands %s the key: in front of it there may be lines \"" SCOPE_WORD
			       " PATTERN\", and comments that begin with #",
			       path, text, scope != NULL ? "in front of" : "behind");
	code = scope_add(scope, text + strlen(SCOPE_WORD) + strspn(text + strlen(SCOPE_WORD), BLANKS), err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", path);
}

static enum err_code read_lines(const char *line, const char *end, const char *path, struct scope *scope,
				struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && line < end) {
		size_t len = strcspn(line, LINE_ENDS);

		if (line + len > end)
			len = (size_t)(end - line);
		code = read_line(line, len, path, scope, err);
		line += len + 1;
	}
	return code;
}

/* What stands in front of the key; what stands behind it would be passed over. */
static enum err_code read_scope(const struct buf *pem, const char *path, struct scope *scope, struct err *err)
{
	const char *text = buf_text(pem), *begin = strstr(text, PEM_BEGIN), *end = strstr(begin, PEM_END);
	enum err_code code = read_lines(text, begin, path, scope, err);

	if (code == ERR_OK && end != NULL)
		code = read_lines(end + strcspn(end, "\n"), text + strlen(text), path, NULL, err);
	return code == ERR_OK && scope->len == 0 ? scope_add(scope, SCOPE_ALL, err) : code;
}

enum err_code keyring_key_parse(const struct buf *pem, const char *path, struct keyring_key *ret_key, struct err *err)
{
	CLEANUP(keyring_key_release) struct keyring_key k = { 0 };
	enum err_code code = seal_key_parse_public(pem, path, &k.key, err);

	if (code == ERR_OK)
		code = read_scope(pem, path, &k.scope, err);
	if (code != ERR_OK)
		return code;
	*ret_key = k;
	k = (struct keyring_key){ 0 };
	return ERR_OK;
}

bool keyring_is_key(const char *name)
{
	return name[0] != '.' && (text_ends(name, ".pem") || text_ends(name, ".pub"));
}

static enum err_code add_machine(struct keyring *ring, const char *name, struct err *err)
{
	CLEANUP(buf_release) struct buf pem = { .max = LIMIT_KEY_BYTES };
	CLEANUP(keyring_key_release) struct keyring_key k = { 0 };
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = site_path(SITE_KEYS, name, &path, err);

	if (code == ERR_OK)
		code = site_read(SITE_KEYS, name, &pem, err);
	if (code == ERR_OK)
		code = keyring_key_parse(&pem, path, &k, err);
	if (code == ERR_OK && holds(ring, k.key))
		return err_set(err, ERR_CONFLICT,
			       "%s: this key is there under another name too, and which scope counts, nobody can say: "
			       "remove one of them",
			       path);
	return code == ERR_OK ? add(ring, &k, err) : code;
}

/* What is there to be seen, and finished. */
static bool is_visible(const char *name)
{
	return name[0] != '.' && !text_ends(name, ".part");
}

/* Whoever put a key there under another name believes that it counts; where no other does, nothing would be asked.
 * What cannot be read may be one. */
static enum err_code check_other(const char *name, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_KEY_BYTES };
	CLEANUP(free_ptr) char *path = NULL;
	struct err why = { .code = ERR_OK };
	enum err_code code = site_read(SITE_KEYS, name, &text, &why);

	if (code != ERR_OK)
		return err_set(err, code,
			       "%s (whether it holds a public key nobody can say, and without one no key would count "
			       "here: let its name end with .pem or .pub, or take it away)",
			       why.msg);
	if (strstr(buf_text(&text), PEM_BEGIN "PUBLIC KEY") == NULL)
		return ERR_OK;
	code = site_path(SITE_KEYS, name, &path, err);
	if (code != ERR_OK)
		return code;
	return err_set(err, ERR_UNPROVED,
		       "%s: holds a public key, and its name ends neither with .pem nor with .pub, so that "
		       "no key would count here: rename it, or take it away",
		       path);
}

static enum err_code check_none(struct err *err)
{
	CLEANUP(site_files_release) struct site_files files = { 0 };
	enum err_code code = site_list(SITE_KEYS, is_visible, &files, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < files.len; i++)
		code = check_other(files.names[i], err);
	return code;
}

enum err_code keyring_load_machine(struct keyring *ret_ring, struct err *err)
{
	CLEANUP(keyring_release) struct keyring ring = { 0 };
	CLEANUP(site_files_release) struct site_files files = { 0 };
	enum err_code code = site_list(SITE_KEYS, keyring_is_key, &files, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < files.len; i++)
		code = add_machine(&ring, files.names[i], err);
	if (code == ERR_OK && ring.len == 0)
		code = check_none(err);
	if (code != ERR_OK)
		return code;
	*ret_ring = ring;
	ring = (struct keyring){ 0 };
	return ERR_OK;
}

/* ---- those of the command line ---- */

static enum err_code add_named(struct keyring *ring, const char *path, struct err *err)
{
	CLEANUP(keyring_key_release) struct keyring_key k = { 0 };
	enum err_code code = seal_key_read_public(path, &k.key, err);

	if (code == ERR_OK)
		code = scope_add(&k.scope, SCOPE_ALL, err);
	return code == ERR_OK ? add(ring, &k, err) : code;
}

/* Of the machine's keys leave those that the command line names. */
static enum err_code narrow(struct keyring *ring, const struct keyring *named, struct err *err)
{
	const char *name = seal_key_name(named->keys[0].key);
	const char *site = NULL;
	size_t kept = 0, i;
	enum err_code code = site_folder(&site, err);

	for (i = 0; i < ring->len; i++) {
		if (holds(named, ring->keys[i].key))
			ring->keys[kept++] = ring->keys[i];
		else
			keyring_key_release(&ring->keys[i]);
	}
	ring->len = kept;
	if (code != ERR_OK || kept > 0)
		return code;
	return err_set(err, ERR_UNPROVED, "%s: not a key of this machine: only the keys in %s/" SITE_KEYS " count here",
		       name, site);
}

enum err_code keyring_load(const struct opt_list *files, struct keyring *ret_ring, struct err *err)
{
	CLEANUP(keyring_release) struct keyring named = { 0 };
	CLEANUP(keyring_release) struct keyring machine = { 0 };
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < files->len; i++)
		code = add_named(&named, files->items[i], err);
	if (code == ERR_OK)
		code = keyring_load_machine(&machine, err);
	if (code == ERR_OK && machine.len > 0 && named.len > 0)
		code = narrow(&machine, &named, err);
	if (code != ERR_OK)
		return code;
	*ret_ring = machine.len > 0 ? machine : named;
	*(machine.len > 0 ? &machine : &named) = (struct keyring){ 0 };
	return ERR_OK;
}

void keyring_key_release(struct keyring_key *k)
{
	seal_key_free(k->key);
	scope_release(&k->scope);
	*k = (struct keyring_key){ 0 };
}

void keyring_release(struct keyring *ring)
{
	size_t i;

	for (i = 0; i < ring->len; i++)
		keyring_key_release(&ring->keys[i]);
	free(ring->keys);
	*ring = (struct keyring){ 0 };
}
