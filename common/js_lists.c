#include "common/js_lists.h"

#include <assert.h>
#include <string.h>

#include "common/buf.h"
#include "common/js_private.h"
#include "common/limits.h"
#include "common/mem.h"

/* One pass over a document, and what it leaves out. */
struct split {
	const char *document, *end;
	const char *at, *kept; /* where it is; up to where the rest has come */
	const char *const *names;
	size_t names_len;
	struct js_list *lists;
	struct js_piece pieces[JS_LISTS_MAX + 1]; /* of the rest */
	size_t pieces_len;
	struct buf rest;
};

/* Where the level ends that p is in: the bracket that closes it, the end of the text, or its next comma, where commas
 * are looked for. */
static const char *level_end(const char *p, const char *end, bool commas)
{
	size_t depth = 0;

	for (; p < end; p++) {
		if (*p == '"') {
			p = js_string_end(p + 1, end);
			if (p == end)
				break;
		} else if (*p == '[' || *p == '{') {
			depth++;
		} else if (*p == ']' || *p == '}') {
			if (depth == 0)
				break;
			depth--;
		} else if (*p == ',' && depth == 0 && commas) {
			break;
		}
	}
	return p;
}

static const char *past_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static bool take(struct split *s, char c)
{
	s->at = past_blanks(s->at, s->end);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* A key that names a list which was not yet met: its place, else names_len. */
static size_t list_named(const struct split *s, const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < s->names_len; i++) {
		if (s->lists[i].place.at == NULL && strlen(s->names[i]) == len && memcmp(s->names[i], key, len) == 0)
			break;
	}
	return i;
}

/* The rest goes on up to here. */
static enum err_code keep(struct split *s, const char *to, struct err *err)
{
	s->pieces[s->pieces_len++] =
		(struct js_piece){ .at = s->rest.len, .document_at = (size_t)(s->kept - s->document) };
	return buf_add(&s->rest, s->kept, (size_t)(to - s->kept), err);
}

/* Behind the bracket that opens a list: what is in it stays where it is. */
static enum err_code pass_list(struct split *s, struct js_list *list, struct err *err)
{
	const char *end = level_end(s->at, s->end, false);
	enum err_code code = keep(s, s->at, err);

	list->place.at = s->at;
	list->place.len = (size_t)(end - s->at);
	list->more = past_blanks(s->at, end) < end;
	s->kept = end;
	s->at = end < s->end ? end + 1 : end;
	return code;
}

/* As far as the document has the form of an object. */
static enum err_code split(struct split *s, struct err *err)
{
	enum err_code code = ERR_OK;
	bool more = take(s, '{');

	while (code == ERR_OK && more && take(s, '"')) {
		const char *key = s->at;
		size_t list;

		s->at = js_string_end(key, s->end);
		list = list_named(s, key, (size_t)(s->at - key));
		if (!take(s, '"') || !take(s, ':'))
			break;
		if (list < s->names_len && take(s, '['))
			code = pass_list(s, &s->lists[list], err);
		s->at = level_end(s->at, s->end, true);
		more = take(s, ',');
	}
	return code == ERR_OK && s->pieces_len > 0 ? keep(s, s->end, err) : code;
}

static enum err_code parse_rest(const struct split *s, const char *what, struct json_t **ret_rest, struct err *err)
{
	static const struct js_piece all = { 0 };
	bool whole = s->pieces_len == 0;
	const struct js_part part = {
		.max_values = LIMIT_REST_VALUES,
		.text = whole ? s->document : s->rest.data,
		.len = whole ? (size_t)(s->end - s->document) : s->rest.len,
		.document = s->document,
		.what = what,
		.pieces = whole ? &all : s->pieces,
		.pieces_len = whole ? 1 : s->pieces_len,
	};

	return js_read_part(&part, ret_rest, err);
}

enum err_code js_lists_read(const char *document, size_t len, size_t max_values, const char *what,
			    const char *const *names, size_t names_len, struct js_list *ret_lists,
			    struct json_t **ret_rest, struct err *err)
{
	struct js_list lists[JS_LISTS_MAX] = { 0 };
	struct split s = {
		.document = document,
		.at = document,
		.kept = document,
		.end = document + len,
		.names = names,
		.names_len = names_len,
		.lists = lists,
	};
	enum err_code code = js_bounds(document, len, max_values, what, err);
	size_t i;

	assert(names_len <= JS_LISTS_MAX);
	for (i = 0; i < names_len; i++)
		lists[i].place = (struct js_item_place){
			.document = document,
			.what = what,
			.max_values = LIMIT_REST_VALUES,
		};
	buf_init(&s.rest, len);
	if (code == ERR_OK)
		code = split(&s, err);
	if (code == ERR_OK)
		code = parse_rest(&s, what, ret_rest, err);
	buf_release(&s.rest);
	for (i = 0; code == ERR_OK && i < names_len; i++)
		lists[i].tree = js_len(js_array(*ret_rest, names[i])) > 0 ? js_array(*ret_rest, names[i]) : NULL;
	if (code == ERR_OK)
		memcpy(ret_lists, lists, names_len * sizeof(*lists));
	return code;
}

size_t js_list_len(const struct js_list *list)
{
	const char *at = list->place.at, *end = at + list->place.len;
	size_t len = list->more;

	if (list->tree != NULL)
		return list->tree_at < js_len(list->tree) ? js_len(list->tree) - list->tree_at : 0;
	while (list->more && (at = level_end(at, end, true)) < end) {
		at++;
		len++;
	}
	return len;
}

enum err_code js_list_next(struct js_list *list, struct js_item *item, bool *ret_there, struct err *err)
{
	struct js_item_place place = list->place;
	const char *end = place.at + place.len, *stop;

	if (list->tree != NULL) {
		*ret_there = list->tree_at < js_len(list->tree);
		js_item_of(item, js_at(list->tree, list->tree_at++));
		return ERR_OK;
	}
	*ret_there = list->more;
	if (!list->more)
		return ERR_OK;
	stop = level_end(place.at, end, true);
	place.len = (size_t)(stop - place.at);
	list->more = stop < end;
	list->place.at = stop + list->more;
	list->place.len = (size_t)(end - list->place.at);
	return js_item_read(item, &place, err);
}
