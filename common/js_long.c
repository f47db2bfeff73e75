#include "common/js_long.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/js_private.h"
#include "common/mem.h"

#define LONG_BYTES ((size_t)64)
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_"
#define MARK "\\u0001"
#define MARK_BYTE '\x01'

/* A document with marks in the place of long strings; a mark says where in the document the string stands. */
struct shorter {
	struct buf text;
	const char *from; /* what comes from here on is not in it yet */
};

static void shorter_release(struct shorter *s)
{
	buf_release(&s->text);
}

static bool has_mark(const char *p, const char *end)
{
	for (; (p = memchr(p, '\\', (size_t)(end - p))) != NULL; p++) {
		if ((size_t)(end - p) >= strlen(MARK) && memcmp(p, MARK, strlen(MARK)) == 0)
			return true;
	}
	return false;
}

static bool is_key(const char *behind, const char *end)
{
	while (behind < end && memchr(" \t\n\r", *behind, 4) != NULL)
		behind++;
	return behind < end && *behind == ':';
}

/* The quote ends it, for strspn too. */
static bool is_long(const char *string, const char *quote, const char *end)
{
	size_t len = (size_t)(quote - string);

	return len >= LONG_BYTES && strspn(string, PLAIN) == len && !is_key(quote + 1, end);
}

static enum err_code put_mark(struct shorter *s, const char *document, const char *string, const char *quote)
{
	enum err_code code = buf_add(&s->text, s->from, (size_t)(string - s->from), NULL);

	s->from = quote;
	return code == ERR_OK ? buf_printf(&s->text, NULL, MARK "%zx.%zx", (size_t)(string - document),
					   (size_t)(quote - string))
			      : code;
}

/* Nothing comes into it where there is nothing to leave out. */
static enum err_code shorten(const char *document, const char *end, struct shorter *s)
{
	const char *string = document, *quote;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && (string = memchr(string, '"', (size_t)(end - string))) != NULL) {
		quote = js_string_end(++string, end);
		if (quote == end)
			break; /* no JSON */
		if (is_long(string, quote, end))
			code = put_mark(s, document, string, quote);
		string = quote + 1;
	}
	return code == ERR_OK && s->text.len > 0 ? buf_add(&s->text, s->from, (size_t)(end - s->from), NULL) : code;
}

/* To a string of the shorter document. */
static bool put_back_text(json_t *value, const char *document)
{
	const char *text = json_string_value(value);
	size_t from, len;
	char *dot;

	if (*text != MARK_BYTE)
		return true;
	from = strtoul(text + 1, &dot, 16);
	len = strtoul(dot + 1, NULL, 16);
	return json_string_setn_nocheck(value, document + from, len) == 0;
}

static bool put_back(json_t *value, const char *document)
{
	json_t *item;
	void *at;
	size_t i;

	if (json_is_string(value))
		return put_back_text(value, document);
	json_array_foreach(value, i, item)
	{
		if (!put_back(item, document))
			return false;
	}
	for (at = json_object_iter(value); at != NULL; at = json_object_iter_next(value, at)) {
		if (!put_back(json_object_iter_value(at), document))
			return false;
	}
	return true;
}

json_t *js_long_load(const char *document, size_t len, size_t flags, json_error_t *ret_why)
{
	CLEANUP(shorter_release) struct shorter s = { .text.max = len, .from = document };
	const char *end = document + len;
	json_t *value = NULL;

	if (len > LONG_BYTES && !has_mark(document, end) && shorten(document, end, &s) == ERR_OK && s.text.len > 0)
		value = json_loadb(s.text.data, s.text.len, flags, ret_why);
	if (value != NULL && put_back(value, document))
		return value;
	json_decref(value);
	return json_loadb(document, len, flags, ret_why);
}
