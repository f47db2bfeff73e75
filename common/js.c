#include "common/js.h"

#include <jansson.h>
#include <string.h>

#include "common/js_private.h"
#include "common/limits.h"
#include "common/mem.h"

const char *js_string_end(const char *p, const char *end)
{
	while (p < end && (p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		const char *slash = p;

		while (slash[-1] == '\\')
			slash--;
		if ((p - slash) % 2 == 0)
			return p;
		p++;
	}
	return end;
}

/* 8 MiB of "[[[[" or "0,0,0," must not become 500 MiB. */
enum err_code js_bounds(const char *p, size_t len, size_t max_values, const char *what, struct err *err)
{
	size_t values = 0, depth = 0;
	const char *end = p + len;

	for (; p < end; p++) {
		if (*p == '"') {
			p = js_string_end(p + 1, end);
			continue;
		}
		if (*p == '[' || *p == '{')
			depth++;
		if ((*p == ']' || *p == '}') && depth > 0)
			depth--;
		values += *p == ',' || *p == '[' || *p == '{' || *p == ':';
		if (depth > LIMIT_JSON_DEPTH)
			return err_set(err, ERR_LIMIT, "%s: JSON nested deeper than %d levels", what, LIMIT_JSON_DEPTH);
		if (values > max_values)
			return err_set(err, ERR_LIMIT, "%s: more than %zu JSON values", what, max_values);
	}
	return ERR_OK;
}

enum err_code js_read(const void *bytes, size_t len, const char *what, struct json_t **ret_value, struct err *err)
{
	return js_read_large(bytes, len, LIMIT_JSON_VALUES, what, ret_value, err);
}

bool js_has_nul(const void *bytes, size_t len)
{
	return memchr(bytes, '\0', len) != NULL;
}

/* As js_bounds has let it pass. */
static enum err_code parse(const void *bytes, size_t len, size_t flags, const char *what, json_t **ret_value,
			   json_error_t *ret_why, struct err *err)
{
	json_t *value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | flags, ret_why);

	if (value == NULL && json_error_code(ret_why) == json_error_out_of_memory)
		return err_nomem(err);
	if (value == NULL)
		return err_set(err, ERR_FORMAT, "%s: not valid JSON: %s (line %d, column %d)", what, ret_why->text,
			       ret_why->line, ret_why->column);
	if (js_has_nul(bytes, len)) {
		json_decref(value);
		return err_set(err, ERR_FORMAT, "%s: not valid JSON: a NUL byte", what);
	}
	*ret_value = value;
	return ERR_OK;
}

enum err_code js_read_large(const void *bytes, size_t len, size_t max_values, const char *what,
			    struct json_t **ret_value, struct err *err)
{
	json_error_t why;
	json_t *value = NULL;
	enum err_code code;

	if (bytes == NULL)
		bytes = ""; /* an empty buffer */
	code = js_bounds(bytes, len, max_values, what, err);
	if (code == ERR_OK)
		code = js_read_long(bytes, len, &value, err);
	if (code == ERR_OK && value == NULL)
		code = parse(bytes, len, 0, what, &value, &why, err);
	if (code == ERR_OK)
		*ret_value = value;
	return code;
}

/* Lines and columns count from 1, and columns in characters. */
static void place_of(const char *document, size_t at, size_t *ret_line, size_t *ret_column)
{
	size_t line = 1, column = 0, i;

	for (i = 0; i < at; i++) {
		line += document[i] == '\n';
		column = document[i] == '\n' ? 0 : column + ((document[i] & 0xc0) != 0x80);
	}
	*ret_line = line;
	*ret_column = column;
}

enum err_code js_read_part(const struct js_part *part, struct json_t **ret_value, struct err *err)
{
	json_error_t why;
	enum err_code code = js_bounds(part->text, part->len, part->max_values, part->what, err);
	const struct js_piece *piece;
	size_t at, line, column;

	if (code != ERR_OK)
		return code;
	code = parse(part->text, part->len, part->is_item ? JSON_DECODE_ANY : 0, part->what, ret_value, &why, err);
	if (code != ERR_FORMAT)
		return code;
	at = (size_t)why.position;
	piece = &part->pieces[part->pieces_len - 1];
	while (piece > part->pieces && piece->at >= at)
		piece--;
	place_of(part->document, piece->document_at + at - piece->at, &line, &column);
	return err_set(err, ERR_FORMAT, "%s: not valid JSON: %s (line %zu, column %zu)", part->what, why.text, line,
		       column);
}

enum err_code js_read_secret(const void *bytes, size_t len, const char *what, struct json_t **ret_value,
			     struct err *err)
{
	struct err why = { 0 };
	enum err_code code = js_read(bytes, len, what, ret_value, &why);

	if (code == ERR_FORMAT)
		return err_set(err, ERR_FORMAT, "%s: not valid JSON", what);
	if (code != ERR_OK && err != NULL)
		*err = why;
	return code;
}

enum err_code js_check(const void *bytes, size_t len, const char *what, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *value = NULL;

	return js_read(bytes, len, what, &value, err);
}

void js_free(struct json_t *value)
{
	json_decref(value);
}

void js_free_ptr(struct json_t **value)
{
	json_decref(*value);
}

const struct json_t *js_get(const struct json_t *object, const char *key)
{
	return json_object_get(object, key);
}

bool js_has(const struct json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return v != NULL && !json_is_null(v);
}

const struct json_t *js_object(const struct json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_object(v) ? v : NULL;
}

const struct json_t *js_array(const struct json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_array(v) ? v : NULL;
}

const char *js_string(const struct json_t *object, const char *key)
{
	return js_text(json_object_get(object, key));
}

const char *js_text(const struct json_t *value)
{
	/* The parser refuses \u0000, so a string never holds a NUL. */
	return json_string_value(value);
}

bool js_uint(const struct json_t *object, const char *key, uint64_t *ret_value)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret_value = (uint64_t)json_integer_value(v);
	return true;
}

bool js_true(const struct json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

bool js_is_true(const struct json_t *value)
{
	return json_is_true(value);
}

size_t js_len(const struct json_t *array)
{
	return json_array_size(array);
}

size_t js_members(const struct json_t *object)
{
	return json_object_size(object);
}

const struct json_t *js_at(const struct json_t *array, size_t i)
{
	return json_array_get(array, i);
}

/* jansson steps through a const object by a non-const pointer; nothing is changed by it. */
static json_t *unconst(const json_t *value)
{
	json_t *same;

	memcpy(&same, &value, sizeof(same));
	return same;
}

const char *js_next(const struct json_t *object, const char *key)
{
	json_t *o = unconst(object);
	void *at = key == NULL ? json_object_iter(o) : json_object_iter_next(o, json_object_key_to_iter(key));

	return at != NULL ? json_object_iter_key(at) : NULL;
}

bool js_contains(const struct json_t *whole, const struct json_t *part)
{
	const char *key;
	size_t i;

	if (json_is_object(part)) {
		for (key = js_next(part, NULL); key != NULL; key = js_next(part, key)) {
			if (!js_contains(js_get(whole, key), js_get(part, key)))
				return false;
		}
		return json_is_object(whole);
	}
	if (json_is_array(part)) {
		for (i = 0; i < js_len(part); i++) {
			if (!js_contains(js_at(whole, i), js_at(part, i)))
				return false;
		}
		return json_is_array(whole) && js_len(whole) == js_len(part);
	}
	return whole != NULL && json_equal(whole, part);
}
