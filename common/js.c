#include "common/js.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/js_private.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

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
	enum err_code code =
		parse(part->text, part->len, part->is_item ? JSON_DECODE_ANY : 0, part->what, ret_value, &why, err);
	const struct js_piece *piece;
	size_t at, line, column;

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

static void put(struct js_out *o, const char *bytes, size_t len)
{
	if (o->err.code == ERR_OK)
		outstream_write(o->to, bytes, len, &o->err);
}

static void put_break(struct js_out *o)
{
	static const char spaces[] = "                                                                ";
	size_t indent = (size_t)o->depth * 2;

	if (!o->indent)
		return;
	put(o, "\n", 1);
	put(o, spaces, indent < sizeof(spaces) ? indent : sizeof(spaces) - 1);
}

/* What stands between the previous item and the next. */
static void put_gap(struct js_out *o)
{
	if (o->after_key) {
		o->after_key = false;
		return;
	}
	if (o->has_items)
		put(o, ",", 1);
	if (o->depth > 0)
		put_break(o);
	o->has_items = true;
}

void js_out_init(struct js_out *o, struct outstream *to, bool indent)
{
	*o = (struct js_out){ .to = to, .indent = indent };
}

void js_begin(struct js_out *o, char bracket)
{
	assert(bracket == '{' || bracket == '[');
	put_gap(o);
	put(o, &bracket, 1);
	o->depth++;
	o->has_items = false;
}

void js_end(struct js_out *o, char bracket)
{
	assert(o->depth > 0 && (bracket == '}' || bracket == ']'));
	o->depth--;
	if (o->has_items)
		put_break(o);
	put(o, &bracket, 1);
	o->has_items = true;
}

/* How many bytes from text on may stand in a JSON string as they are. */
static size_t plain_len(const char *text)
{
	size_t len = 0, more;

	while ((unsigned char)text[len] >= 0x20 && text[len] != '"' && text[len] != '\\') {
		more = text_utf8_len(text + len);
		if (more == 0)
			break;
		len += more;
	}
	return len;
}

/* RFC 8259 section 7: quote, backslash and controls are escaped, and a byte that is no UTF-8 becomes U+FFFD, so that
 * what comes out is JSON whatever goes in; everything else stands as it is. */
static void put_quoted(struct js_out *o, const char *text)
{
	char escape[8];

	put(o, "\"", 1);
	while (*text != '\0') {
		size_t plain = plain_len(text);

		put(o, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		if (*text == '"' || *text == '\\')
			snprintf(escape, sizeof(escape), "\\%c", *text);
		else
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)*text < 0x20 ? *text : 0xfffd);
		put(o, escape, strlen(escape));
		text++;
	}
	put(o, "\"", 1);
}

void js_key(struct js_out *o, const char *key)
{
	put_gap(o);
	put_quoted(o, key);
	put(o, o->indent ? ": " : ":", o->indent ? 2 : 1);
	o->after_key = true;
}

void js_put_string(struct js_out *o, const char *text)
{
	put_gap(o);
	if (text != NULL)
		put_quoted(o, text);
	else
		put(o, "null", 4);
}

void js_put_uint(struct js_out *o, uint64_t value)
{
	char digits[24];

	put_gap(o);
	put(o, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, value));
}

void js_put_bool(struct js_out *o, bool value)
{
	put_gap(o);
	put(o, value ? "true" : "false", value ? 4 : 5);
}

static int dump_part(const char *bytes, size_t len, void *data)
{
	put(data, bytes, len);
	return 0;
}

void js_put_value(struct js_out *o, const struct json_t *value)
{
	put_gap(o);
	if (json_dump_callback(value, dump_part, o, JSON_COMPACT | JSON_ENCODE_ANY) != 0 && o->err.code == ERR_OK)
		err_nomem(&o->err);
}

void js_put_raw(struct js_out *o, const void *bytes, size_t len)
{
	put_gap(o);
	put(o, bytes, len);
}

void js_member(struct js_out *o, const char *key, const char *text)
{
	if (text == NULL)
		return;
	js_key(o, key);
	js_put_string(o, text);
}

void js_member_uint(struct js_out *o, const char *key, uint64_t value)
{
	js_key(o, key);
	js_put_uint(o, value);
}

void js_member_bool(struct js_out *o, const char *key, bool value)
{
	js_key(o, key);
	js_put_bool(o, value);
}

enum err_code js_end_document(struct js_out *o, struct err *err)
{
	assert(o->depth == 0);
	if (o->indent)
		put(o, "\n", 1);
	if (o->err.code != ERR_OK && err != NULL)
		*err = o->err;
	return o->err.code;
}
