#include "common/js_item.h"

#include <stdlib.h>
#include <string.h>

#include "common/js_private.h"
#include "common/mem.h"

#define PLAIN_DEPTH 8   /* of what is passed over */
#define PLAIN_DIGITS 18 /* no such number is too large */

/* One item that is looked at; whatever is not plain ends that. */
struct plain {
	const char *at, *end;
	char *text, *text_end; /* where the next text is kept */
};

static bool take(struct plain *p, char c)
{
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

static bool pass_string(struct plain *p, const char **ret_text, size_t *ret_len)
{
	const char *from = p->at + 1;

	if (!take(p, '"'))
		return false;
	while (p->at < p->end && *p->at >= 0x20 && *p->at < 0x7f && *p->at != '"' && *p->at != '\\')
		p->at++;
	*ret_text = from;
	*ret_len = (size_t)(p->at - from);
	return take(p, '"');
}

static bool pass_number(struct plain *p, const char **ret_text, size_t *ret_len)
{
	const char *from = p->at;

	while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
		p->at++;
	*ret_text = from;
	*ret_len = (size_t)(p->at - from);
	return *ret_len > 0 && *ret_len <= PLAIN_DIGITS && (*from != '0' || *ret_len == 1) && p->at < p->end &&
	       (*p->at == ',' || *p->at == '}' || *p->at == ']');
}

static bool pass_value(struct plain *p, unsigned depth);

static bool pass_array(struct plain *p, unsigned depth)
{
	if (take(p, ']'))
		return true;
	do {
		if (!pass_value(p, depth))
			return false;
	} while (take(p, ','));
	return take(p, ']');
}

static bool pass_object(struct plain *p, unsigned depth)
{
	const char *keys[JS_ITEM_MEMBERS];
	size_t lens[JS_ITEM_MEMBERS], len = 0, i;

	if (take(p, '}'))
		return true;
	do {
		if (len == JS_ITEM_MEMBERS || !pass_string(p, &keys[len], &lens[len]))
			return false;
		for (i = 0; i < len; i++) {
			if (lens[i] == lens[len] && memcmp(keys[i], keys[len], lens[len]) == 0)
				return false; /* twice */
		}
		len++;
		if (!take(p, ':') || !pass_value(p, depth))
			return false;
	} while (take(p, ','));
	return take(p, '}');
}

static bool pass_value(struct plain *p, unsigned depth)
{
	const char *text;
	size_t len;

	if (p->at == p->end || depth == PLAIN_DEPTH)
		return false;
	if (take(p, '['))
		return pass_array(p, depth + 1);
	if (take(p, '{'))
		return pass_object(p, depth + 1);
	return *p->at == '"' ? pass_string(p, &text, &len) : pass_number(p, &text, &len);
}

static bool keep(struct plain *p, const char *text, size_t len, const char **ret_text)
{
	if (len >= (size_t)(p->text_end - p->text))
		return false;
	memcpy(p->text, text, len);
	p->text[len] = '\0';
	*ret_text = p->text;
	p->text += len + 1;
	return true;
}

static const struct js_item_member *find(const struct js_item *item, const char *key)
{
	size_t i;

	for (i = 0; i < item->members_len; i++) {
		if (strcmp(item->members[i].key, key) == 0)
			return &item->members[i];
	}
	return NULL;
}

static bool keep_member(struct js_item *item, struct plain *p)
{
	struct js_item_member m = { .text = NULL };
	const char *text = NULL;
	size_t len = 0;

	if (item->members_len == JS_ITEM_MEMBERS || !pass_string(p, &text, &len) || !keep(p, text, len, &m.key) ||
	    find(item, m.key) != NULL || !take(p, ':') || p->at == p->end)
		return false;
	m.is_number = *p->at >= '0' && *p->at <= '9';
	if (*p->at == '[' || *p->at == '{') {
		if (!pass_value(p, 1))
			return false;
	} else if (!(m.is_number ? pass_number(p, &text, &len) : pass_string(p, &text, &len)) ||
		   !keep(p, text, len, &m.text)) {
		return false;
	}
	item->members[item->members_len++] = m;
	return true;
}

static bool read_plain(struct js_item *item)
{
	struct plain p = {
		.at = item->place.at,
		.end = item->place.at + item->place.len,
		.text = item->text,
		.text_end = item->text + sizeof(item->text),
	};

	if (!take(&p, '{'))
		return false;
	if (!take(&p, '}')) {
		do {
			if (!keep_member(item, &p))
				return false;
		} while (take(&p, ','));
		if (!take(&p, '}'))
			return false;
	}
	return p.at == p.end;
}

static enum err_code read_json(struct js_item *item, struct err *err)
{
	const struct js_item_place *place = &item->place;
	const struct js_piece piece = { .document_at = (size_t)(place->at - place->document) };
	const struct js_part part = {
		.text = place->at,
		.len = place->len,
		.is_item = true,
		.max_values = place->max_values,
		.document = place->document,
		.what = place->what,
		.pieces = &piece,
		.pieces_len = 1,
	};
	enum err_code code = js_read_part(&part, &item->owned, err);

	item->json = item->owned;
	return code;
}

void js_item_of(struct js_item *item, const struct json_t *json)
{
	js_item_release(item);
	item->json = json;
}

void js_item_release(struct js_item *item)
{
	js_free(item->owned);
	item->json = item->owned = NULL;
	item->members_len = 0;
}

enum err_code js_item_read(struct js_item *item, const struct js_item_place *place, struct err *err)
{
	js_item_release(item);
	item->place = *place;
	if (read_plain(item))
		return ERR_OK;
	item->members_len = 0;
	return read_json(item, err);
}

bool js_item_has(const struct js_item *item, const char *key)
{
	return item->json != NULL ? js_has(item->json, key) : find(item, key) != NULL;
}

const char *js_item_string(const struct js_item *item, const char *key)
{
	const struct js_item_member *m = find(item, key);

	if (item->json != NULL)
		return js_string(item->json, key);
	return m != NULL && !m->is_number ? m->text : NULL;
}

bool js_item_uint(const struct js_item *item, const char *key, uint64_t *ret_value)
{
	const struct js_item_member *m = find(item, key);

	if (item->json != NULL)
		return js_uint(item->json, key, ret_value);
	if (m == NULL || !m->is_number)
		return false;
	*ret_value = strtoull(m->text, NULL, 10);
	return true;
}

bool js_item_same(const struct js_item *a, const struct js_item *b)
{
	return a->json == NULL && b->json == NULL && a->place.len == b->place.len &&
	       memcmp(a->place.at, b->place.at, a->place.len) == 0;
}

void js_item_put(const struct js_item *item, struct js_out *o)
{
	if (item->json != NULL)
		js_put_value(o, item->json);
	else
		js_put_raw(o, item->place.at, item->place.len);
}

enum err_code js_item_json(struct js_item *item, const struct json_t **ret_json, struct err *err)
{
	enum err_code code = item->json == NULL ? read_json(item, err) : ERR_OK;

	if (code == ERR_OK)
		*ret_json = item->json;
	return code;
}
