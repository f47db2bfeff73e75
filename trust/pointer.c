#include "trust/pointer.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define DIGITS "0123456789"

enum err_code pointer_check(const char *text, struct err *err)
{
	const char *p;

	if (*text != '\0' && *text != '/')
		return err_set(err, ERR_FORMAT, "\"%.200s\" is no JSON Pointer: begin it with \"/\", as in /%s%.200s",
			       text, text_starts(text, "predicate") ? "" : "predicate/", text);
	if (strlen(text) > POINTER_TEXT_MAX)
		return err_set(err, ERR_FORMAT, "this JSON Pointer has more than %d bytes", POINTER_TEXT_MAX);
	for (p = strchr(text, '~'); p != NULL; p = strchr(p + 1, '~')) {
		if (p[1] != '0' && p[1] != '1')
			return err_set(
				err, ERR_FORMAT,
				"\"%.200s\" is no JSON Pointer: write ~0 for a \"~\" in a key, and ~1 for a \"/\"",
				text);
	}
	return ERR_OK;
}

/* The item that a step names: digits without a zero in front.  Section 4. */
static const struct json_t *find_item(const struct json_t *array, const char *step)
{
	size_t len = strlen(step);

	if (len == 0 || len > 9 || strspn(step, DIGITS) != len || (step[0] == '0' && len > 1))
		return NULL;
	return js_at(array, strtoul(step, NULL, 10));
}

/* The step at text as the key that it stands for; returns what comes after it. */
static const char *read_step(const char *text, char out[POINTER_TEXT_MAX + 1])
{
	size_t len = 0;

	for (; *text != '\0' && *text != '/'; text++) {
		if (*text == '~')
			out[len++] = *++text == '1' ? '/' : '~';
		else
			out[len++] = *text;
	}
	out[len] = '\0';
	return text;
}

const struct json_t *pointer_find(const struct json_t *document, const char *text)
{
	const struct json_t *at = document;
	char step[POINTER_TEXT_MAX + 1];

	while (at != NULL && *text == '/') {
		text = read_step(text + 1, step);
		at = js_kind(at) == JS_ARRAY ? find_item(at, step) : js_get(at, step);
	}
	return at;
}

enum err_code pointer_push(struct buf *place, const char *key, size_t *ret_len, struct err *err)
{
	size_t len = place->len;
	enum err_code code = buf_puts(place, "/", err);

	for (; code == ERR_OK && *key != '\0'; key++) {
		if (*key == '~' || *key == '/')
			code = buf_puts(place, *key == '~' ? "~0" : "~1", err);
		else
			code = buf_add(place, key, 1, err);
	}
	if (code == ERR_OK)
		*ret_len = len;
	return code;
}

enum err_code pointer_push_index(struct buf *place, size_t i, size_t *ret_len, struct err *err)
{
	size_t len = place->len;
	enum err_code code = buf_printf(place, err, "/%zu", i);

	if (code == ERR_OK)
		*ret_len = len;
	return code;
}

void pointer_pop(struct buf *place, size_t len)
{
	place->len = len;
	if (place->data != NULL)
		place->data[len] = '\0';
}
