#include "common/js.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"

enum js_kind js_kind(const struct json_t *value)
{
	if (value == NULL)
		return JS_NONE;
	switch (json_typeof(value)) {
	case JSON_NULL:
		return JS_NULL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JS_BOOL;
	case JSON_STRING:
		return JS_STRING;
	case JSON_ARRAY:
		return JS_ARRAY;
	case JSON_OBJECT:
		return JS_OBJECT;
	case JSON_INTEGER:
	case JSON_REAL:
		break;
	}
	return JS_NUMBER;
}

/* Less than, equal to, or greater than 0.  A long double holds every integer of 64 bits and every double as it is. */
static int compare_numbers(const json_t *a, const json_t *b)
{
	long double x = json_is_integer(a) ? (long double)json_integer_value(a) : (long double)json_real_value(a);
	long double y = json_is_integer(b) ? (long double)json_integer_value(b) : (long double)json_real_value(b);

	return (x > y) - (x < y);
}

static bool equal_objects(const json_t *a, const json_t *b)
{
	const char *key;

	if (json_object_size(a) != json_object_size(b))
		return false;
	for (key = js_next(a, NULL); key != NULL; key = js_next(a, key)) {
		if (!js_equal(js_get(a, key), js_get(b, key)))
			return false;
	}
	return true;
}

bool js_equal(const struct json_t *a, const struct json_t *b)
{
	enum js_kind kind = js_kind(a);
	size_t i;

	if (kind == JS_NONE || js_kind(b) != kind)
		return false;
	if (kind == JS_NUMBER)
		return compare_numbers(a, b) == 0;
	if (kind == JS_OBJECT)
		return equal_objects(a, b);
	if (kind != JS_ARRAY)
		return json_equal(a, b);
	for (i = 0; i < js_len(a); i++) {
		if (!js_equal(js_at(a, i), js_at(b, i)))
			return false;
	}
	return js_len(a) == js_len(b);
}

bool js_at_least(const struct json_t *number, const struct json_t *least)
{
	return js_kind(number) == JS_NUMBER && js_kind(least) == JS_NUMBER && compare_numbers(number, least) >= 0;
}

/* Not longer than fits behind the opening quote, and in whole characters. */
static size_t brief_len(const char *text)
{
	size_t len = 0, more;

	while ((more = text_utf8_len(text + len)) > 0 && len + more < JS_BRIEF_MAX - 8)
		len += more;
	return len;
}

/* The fewest digits that mean this number: 7.4, and not what stands for it in memory. */
static void brief_real(double value, char out[JS_BRIEF_MAX])
{
	int digits = 15;

	do
		snprintf(out, JS_BRIEF_MAX, "%.*g", digits, value);
	while (digits++ < 17 && strtod(out, NULL) != value);
}

const char *js_brief(const struct json_t *value, char out[JS_BRIEF_MAX])
{
	const char *text = js_text(value);

	switch (js_kind(value)) {
	case JS_NONE:
		snprintf(out, JS_BRIEF_MAX, "nothing");
		break;
	case JS_STRING:
		snprintf(out, JS_BRIEF_MAX, "\"%.*s%s\"", (int)brief_len(text), text,
			 text[brief_len(text)] != '\0' ? "..." : "");
		break;
	case JS_ARRAY:
		snprintf(out, JS_BRIEF_MAX, "an array of %zu", js_len(value));
		break;
	case JS_OBJECT:
		snprintf(out, JS_BRIEF_MAX, "an object of %zu", json_object_size(value));
		break;
	case JS_NUMBER:
		if (json_is_integer(value))
			snprintf(out, JS_BRIEF_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		else
			brief_real(json_real_value(value), out);
		break;
	case JS_NULL:
	case JS_BOOL:
		snprintf(out, JS_BRIEF_MAX, "%s",
			 json_is_null(value)   ? "null"
			 : json_is_true(value) ? "true"
					       : "false");
		break;
	}
	text_clean(out);
	return out;
}
