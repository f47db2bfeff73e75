#include "import/json_rows.h"

#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

/* What makes an SBOM large; names that are longer than a key is kept here match none of them. */
static const char *const lists[] = {
	"packages", "files", "relationships", "snippets", "annotations", "components", "dependencies", "compositions",
};

static bool is_list(const struct json_rows *r)
{
	unsigned level = r->depth - 1; /* of the object that holds what begins here */
	size_t i;

	if (level < 1 || level > 2 || !r->object[level] || (level == 2 && strcmp(r->key[1], "predicate") != 0))
		return false;
	for (i = 0; i < COUNT_OF(lists); i++) {
		if (strcmp(r->key[level], lists[i]) == 0)
			return true;
	}
	return false;
}

/* Bytes go where they belong: into the item, into the rest, or nowhere. */
static enum err_code keep(struct json_rows *r, const char *bytes, size_t len, struct err *err)
{
	if (len == 0)
		return ERR_OK;
	if (r->list_depth == 0)
		return r->rest != NULL ? buf_add(r->rest, bytes, len, err) : ERR_OK;
	if (!r->given || r->too_large)
		return ERR_OK;
	if (r->item.len + len > LIMIT_ROW_BYTES) {
		r->too_large = true;
		return ERR_OK;
	}
	return buf_add(&r->item, bytes, len, err);
}

static bool is_blank(const struct buf *item)
{
	return strspn(buf_text(item), " \t\r\n") == item->len;
}

static enum err_code end_item(struct json_rows *r, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *item = NULL;
	enum err_code code = ERR_OK;

	if (!r->given || (!r->too_large && is_blank(&r->item)))
		return ERR_OK;
	if (!r->too_large)
		code = js_read(buf_text(&r->item), r->item.len, "an item", &item, NULL);
	buf_clear(&r->item);
	r->too_large = false;
	return code == ERR_NOMEM ? err_nomem(err) : r->fn(r->ctx, item, err);
}

/* One character of a string; the keys of the two outermost levels are remembered. */
static void in_string(struct json_rows *r, char c)
{
	unsigned level = r->depth;

	if (!r->escaped && c == '"') {
		r->in_string = false;
		if (r->in_key)
			r->key[level][r->key_len] = '\0';
		r->in_key = false;
		return;
	}
	r->escaped = !r->escaped && c == '\\';
	if (!r->in_key)
		return;
	if (r->key_len + 1 < JSON_ROWS_KEY_MAX)
		r->key[level][r->key_len++] = c;
	else
		r->key[level][0] = '\0'; /* too long for any that is looked for */
}

static bool is_near(const struct json_rows *r)
{
	return r->list_depth == 0 && r->depth >= 1 && r->depth <= 2;
}

static void begin_string(struct json_rows *r)
{
	r->in_string = true;
	r->escaped = false;
	r->in_key = is_near(r) && r->key_comes[r->depth];
	r->key_len = 0;
}

static void begin_value(struct json_rows *r, char bracket)
{
	r->depth++;
	if (!is_near(r))
		return;
	r->object[r->depth] = r->key_comes[r->depth] = bracket == '{';
	r->key[r->depth][0] = '\0';
}

/* From from on the bytes up to at go where they went until now; from moves on to at. */
static enum err_code turn(struct json_rows *r, const char **from, const char *at, struct err *err)
{
	enum err_code code = keep(r, *from, (size_t)(at - *from), err);

	*from = at;
	return code;
}

static enum err_code open_bracket(struct json_rows *r, const char **from, const char *at, struct err *err)
{
	enum err_code code = ERR_OK;

	begin_value(r, *at);
	if (r->list_depth > 0 || *at != '[' || !is_list(r))
		return ERR_OK;
	code = turn(r, from, at + 1, err);
	r->given = r->list != NULL && strcmp(r->key[r->depth - 1], r->list) == 0;
	r->list_depth = r->depth;
	return code;
}

static enum err_code close_bracket(struct json_rows *r, const char **from, const char *at, struct err *err)
{
	enum err_code code = ERR_OK;

	if (r->list_depth > 0 && r->depth == r->list_depth) {
		code = turn(r, from, at, err);
		if (code == ERR_OK)
			code = end_item(r, err);
		r->list_depth = 0;
	}
	r->depth -= r->depth > 0;
	return code;
}

static enum err_code comma(struct json_rows *r, const char **from, const char *at, struct err *err)
{
	enum err_code code = ERR_OK;

	if (is_near(r))
		r->key_comes[r->depth] = r->object[r->depth];
	if (r->list_depth == 0 || r->depth != r->list_depth)
		return ERR_OK;
	code = turn(r, from, at, err);
	*from = at + 1;
	return code == ERR_OK ? end_item(r, err) : code;
}

static enum err_code character(struct json_rows *r, const char **from, const char *at, struct err *err)
{
	switch (*at) {
	case '"':
		begin_string(r);
		return ERR_OK;
	case '{':
	case '[':
		return open_bracket(r, from, at, err);
	case '}':
	case ']':
		return close_bracket(r, from, at, err);
	case ',':
		return comma(r, from, at, err);
	case ':':
		if (is_near(r))
			r->key_comes[r->depth] = false;
		return ERR_OK;
	default:
		return ERR_OK;
	}
}

static enum err_code rows_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	struct json_rows *r = OUTER_OF(s, struct json_rows, out);
	const char *from = bytes, *at = bytes, *end = at + len;
	enum err_code code = ERR_OK;

	for (; code == ERR_OK && at < end; at++) {
		if (r->in_string)
			in_string(r, *at);
		else
			code = character(r, &from, at, err);
	}
	return code == ERR_OK ? keep(r, from, (size_t)(end - from), err) : code;
}

void json_rows_init(struct json_rows *r, struct buf *rest, const char *list, json_row_fn *fn, void *ctx)
{
	*r = (struct json_rows){ .out = { .write = rows_write }, .rest = rest, .list = list, .fn = fn, .ctx = ctx };
	buf_init(&r->item, LIMIT_ROW_BYTES);
}

void json_rows_release(struct json_rows *r)
{
	buf_release(&r->item);
}
