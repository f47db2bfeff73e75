#include "trust/revoked.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/fingerprint.h"
#include "trust/pem.h"
#include "trust/site.h"

#define BLANKS " \t"
#define LINE_ENDS "\r\n" /* an editor of long ago ends them with the first alone: no comment may go on from there */

static enum err_code add(struct revoked *r, const struct revoked_entry *entry, struct err *err)
{
	enum err_code code = vec_grow(&r->entries, &r->cap, r->len + 1, sizeof(*r->entries), LIMIT_REVOKED, err);

	if (code != ERR_OK)
		return err_add(err, SITE_REVOKED "/%s: what is revoked", entry->file);
	r->entries[r->len++] = *entry;
	return ERR_OK;
}

/* What counts of a line: neither a comment nor blanks around it. */
static char *cut(char *line)
{
	size_t len;

	line += strspn(line, BLANKS);
	line[strcspn(line, "#")] = '\0';
	for (len = strlen(line); len > 0 && strchr(BLANKS, line[len - 1]) != NULL; len--)
		line[len - 1] = '\0';
	return line;
}

static bool parse(const char *text, struct revoked_entry *entry)
{
	if (digest_parse(text, &entry->digest, NULL) == ERR_OK)
		return true;
	entry->is_key = true;
	return fingerprint_parse(text, &entry->digest, NULL) == ERR_OK;
}

/* One line, without its end. */
static enum err_code add_line(struct revoked *r, const char *file, char *line, size_t number, struct err *err)
{
	struct revoked_entry entry = { .file = file };
	const char *text = cut(line);

	if (*text == '\0')
		return ERR_OK;
	if (!parse(text, &entry))
		return err_set(err, ERR_FORMAT, "%s/%s, line %zu: \"%.100s\" is no digest and no fingerprint of a key",
			       SITE_REVOKED, file, number, text);
	return add(r, &entry, err);
}

static enum err_code add_list(struct revoked *r, const char *file, struct buf *text, struct err *err)
{
	char *line = text->data, *end;
	enum err_code code = ERR_OK;
	size_t number = 1;

	for (; code == ERR_OK && line != NULL; line = end) {
		bool feeds;

		end = strpbrk(line, LINE_ENDS);
		feeds = end != NULL && *end == '\n';
		if (end != NULL)
			*end++ = '\0';
		code = add_line(r, file, line, number, err);
		number += feeds;
	}
	return code;
}

/* A list around a key would be passed over, as whatever else stands there is. */
static enum err_code check_alone(const char *file, char *text, struct err *err)
{
	struct revoked_entry entry;
	char *next = NULL, *line;
	bool inside = false;

	for (line = strtok_r(text, LINE_ENDS, &next); line != NULL; line = strtok_r(NULL, LINE_ENDS, &next)) {
		if (text_starts(line, PEM_BEGIN))
			inside = true;
		else if (text_starts(line, PEM_END))
			inside = false;
		else if (!inside && parse(cut(line), &entry))
			return err_set(
				err, ERR_FORMAT,
				"%s/%s: holds a key in PEM, and \"%.100s\" beside it: put each into its own file",
				SITE_REVOKED, file, cut(line));
	}
	return ERR_OK;
}

static enum err_code add_key(struct revoked *r, const char *file, struct buf *text, struct err *err)
{
	struct revoked_entry entry = { .file = file, .is_key = true };
	enum err_code code = fingerprint_of_pem(buf_text(text), file, &entry.digest, err);

	if (code != ERR_OK)
		return err_add(err, SITE_REVOKED);
	code = check_alone(file, text->data, err);
	return code == ERR_OK ? add(r, &entry, err) : code;
}

static enum err_code add_file(struct revoked *r, const char *file, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_LIST_BYTES };
	enum err_code code = site_read(SITE_REVOKED, file, &text, err);

	if (code != ERR_OK)
		return code;
	if (text.len != strlen(buf_text(&text)))
		return err_set(err, ERR_FORMAT, "%s/%s: neither a key in PEM nor a list", SITE_REVOKED, file);
	return strstr(buf_text(&text), PEM_BEGIN) != NULL ? add_key(r, file, &text, err)
							  : add_list(r, file, &text, err);
}

static bool counts(const char *name)
{
	return name[0] != '.' && !text_ends(name, ".part");
}

static int compare(const void *a, const void *b)
{
	const struct revoked_entry *one = a, *other = b;

	return strcmp(one->digest.text, other->digest.text);
}

enum err_code revoked_load(struct revoked *ret_revoked, struct err *err)
{
	CLEANUP(revoked_release) struct revoked r = { 0 };
	struct site_files files = { 0 };
	enum err_code code = site_list(SITE_REVOKED, counts, &files, err);
	size_t i;

	r.files = files.names; /* which the entries name */
	r.files_len = files.len;
	for (i = 0; code == ERR_OK && i < r.files_len; i++)
		code = add_file(&r, r.files[i], err);
	if (code != ERR_OK)
		return code;
	if (r.len > 0)
		qsort(r.entries, r.len, sizeof(*r.entries), compare);
	*ret_revoked = r;
	r = (struct revoked){ 0 };
	return ERR_OK;
}

const struct revoked_entry *revoked_find(const struct revoked *r, const struct digest *digest)
{
	struct revoked_entry wanted = { .digest = *digest };

	return r->len > 0 ? bsearch(&wanted, r->entries, r->len, sizeof(*r->entries), compare) : NULL;
}

enum err_code revoked_check_key(const struct revoked *r, const char *key_id, struct err *err)
{
	const struct revoked_entry *entry = NULL;
	struct digest fingerprint;

	if (fingerprint_parse(key_id, &fingerprint, NULL) == ERR_OK)
		entry = revoked_find(r, &fingerprint);
	return entry == NULL ? ERR_OK
			     : err_set(err, ERR_UNPROVED, "its key %s is revoked here (%s)", key_id, entry->file);
}

static bool is_root(const struct graph *g, uint32_t node)
{
	size_t i;

	for (i = 0; i < g->images_len; i++) {
		if (g->images[i].root == node)
			return true;
	}
	return false;
}

static enum err_code refuse(const struct revoked_entry *entry, const struct graph *g, uint32_t node, const char *what,
			    struct err *err)
{
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	enum err_code code = graph_owners(g, &owners, err);

	if (code != ERR_OK)
		return code;
	return err_set(err, ERR_UNPROVED, "%s: %s %s of %.300s is revoked here (%s/%s)", what,
		       role_name(g->nodes[node].role), entry->digest.text,
		       owners[node] != NODE_NONE ? g->images[owners[node]].name : "no image", SITE_REVOKED,
		       entry->file);
}

/* Whatever comes to the target later is under the name then, too. */
static enum err_code check_listed(const struct revoked *r, const struct graph *g, const char *what, struct err *err)
{
	size_t i;

	for (i = 0; i < g->edges_len; i++) {
		const struct edge *e = &g->edges[i];
		const struct revoked_entry *entry =
			edge_leads_to_manifest(g, e) ? revoked_find(r, &g->nodes[e->to].digest) : NULL;

		if (entry != NULL)
			return refuse(entry, g, e->to, what, err);
	}
	return ERR_OK;
}

enum err_code revoked_check(const struct revoked *r, const struct graph *g, const char *what, struct err *err)
{
	size_t i;

	for (i = 0; i < r->len; i++) {
		uint32_t node = graph_find(g, &r->entries[i].digest);

		if (node == NODE_NONE)
			continue;
		if ((!g->nodes[node].absent && !g->nodes[node].left_out) || is_root(g, node))
			return refuse(&r->entries[i], g, node, what, err);
	}
	return check_listed(r, g, what, err);
}

void revoked_release(struct revoked *r)
{
	size_t i;

	for (i = 0; i < r->files_len; i++)
		free(r->files[i]);
	free(r->files);
	free(r->entries);
	*r = (struct revoked){ 0 };
}
