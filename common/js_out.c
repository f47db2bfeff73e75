/* The part of js.h that writes. */
#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/js.h"
#include "common/text.h"

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
