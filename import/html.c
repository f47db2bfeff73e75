#include "import/html.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void flush(struct html *h)
{
	if (h->err.code == ERR_OK && h->chunk_len > 0)
		outstream_write(h->to, h->chunk, h->chunk_len, &h->err);
	h->chunk_len = 0;
}

static void put(struct html *h, const char *bytes, size_t len)
{
	h->written_bytes += len;
	while (len > 0) {
		size_t part = sizeof(h->chunk) - h->chunk_len;

		part = len < part ? len : part;
		memcpy(h->chunk + h->chunk_len, bytes, part);
		h->chunk_len += part;
		bytes += part;
		len -= part;
		if (h->chunk_len == sizeof(h->chunk))
			flush(h);
	}
}

static void puts_raw(struct html *h, const char *text)
{
	put(h, text, strlen(text));
}

void html_init(struct html *h, struct outstream *to, uint64_t max_bytes)
{
	h->to = to;
	h->written_bytes = 0;
	h->max_bytes = max_bytes;
	h->err = (struct err){ 0 };
	h->depth = 0;
	h->in_tag = false;
	h->chunk_len = 0;
}

static void close_tag(struct html *h)
{
	if (h->in_tag)
		put(h, ">", 1);
	h->in_tag = false;
}

void html_raw(struct html *h, const char *markup)
{
	close_tag(h);
	puts_raw(h, markup);
}

void html_begin(struct html *h, const char *element, const char *class)
{
	assert(h->depth < HTML_DEPTH);
	close_tag(h);
	put(h, "<", 1);
	puts_raw(h, element);
	h->open[h->depth++] = element;
	h->in_tag = true;
	if (class != NULL)
		html_attr(h, "class", class);
}

/* What may stand neither in text nor in a value between double quotes as it is; NULL for all else. */
static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* The character at text, of which left bytes are there. */
static size_t put_character(struct html *h, const char *text, size_t left)
{
	char one[5] = "";
	const char *name = entity(*text);
	size_t len;

	memcpy(one, text, left < 4 ? left : 4);
	len = text_utf8_len(one);
	if (name != NULL)
		puts_raw(h, name);
	else if (len == 0 || (*text != '\n' && *text != '\t' && text_is_control(one)))
		puts_raw(h, REPLACEMENT);
	else
		put(h, text, len);
	return len > 0 ? len : 1;
}

static void put_escaped(struct html *h, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len)
		at += put_character(h, text + at, len - at);
}

void html_attr(struct html *h, const char *name, const char *value)
{
	html_attr_prefixed(h, name, "", value);
}

void html_attr_prefixed(struct html *h, const char *name, const char *prefix, const char *value)
{
	assert(h->in_tag);
	put(h, " ", 1);
	puts_raw(h, name);
	put(h, "=\"", 2);
	puts_raw(h, prefix);
	put_escaped(h, value, strlen(value));
	put(h, "\"", 1);
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~/:", c) != NULL);
}

/* In a query '/' and ':' stand for themselves, which keeps names of images readable. */
static void put_query(struct html *h, const char *text)
{
	char code[4];

	for (; *text != '\0'; text++) {
		if (is_unreserved(*text))
			put(h, text, 1);
		else
			put(h, code, (size_t)snprintf(code, sizeof(code), "%%%02X", (unsigned char)*text));
	}
}

void html_href_query(struct html *h, const char *const pairs[][2])
{
	const char *gap = "?";

	assert(h->in_tag);
	puts_raw(h, " href=\"/");
	for (; (*pairs)[0] != NULL; pairs++) {
		if ((*pairs)[1] == NULL)
			continue;
		puts_raw(h, gap);
		gap = "&amp;";
		puts_raw(h, (*pairs)[0]);
		put(h, "=", 1);
		put_query(h, (*pairs)[1]);
	}
	put(h, "\"", 1);
}

void html_end(struct html *h)
{
	assert(h->depth > 0);
	close_tag(h);
	put(h, "</", 2);
	puts_raw(h, h->open[--h->depth]);
	put(h, ">", 1);
}

void html_void_end(struct html *h)
{
	assert(h->depth > 0 && h->in_tag);
	close_tag(h);
	h->depth--;
}

void html_bytes(struct html *h, const void *bytes, size_t len)
{
	close_tag(h);
	put_escaped(h, bytes, len);
}

void html_text(struct html *h, const char *text)
{
	html_bytes(h, text, strlen(text));
}

void html_text_cut(struct html *h, const char *text, size_t max_bytes)
{
	size_t len = strnlen(text, max_bytes);

	if (text[len] == '\0') {
		html_bytes(h, text, len);
		return;
	}
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--; /* not through a character */
	html_bytes(h, text, len);
	puts_raw(h, "\xe2\x80\xa6");
}

void html_printf(struct html *h, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	html_text(h, text);
}

void html_element(struct html *h, const char *element, const char *class, const char *text)
{
	html_begin(h, element, class);
	html_text(h, text);
	html_end(h);
}

void html_fail(struct html *h, const struct err *why)
{
	if (h->err.code == ERR_OK)
		h->err = *why;
}

bool html_is_full(const struct html *h)
{
	return h->written_bytes >= h->max_bytes;
}

static enum err_code stage_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	(void)err; /* the first failure stays in the page */
	html_bytes(OUTER_OF(s, struct html_stage, out)->html, bytes, len);
	return ERR_OK;
}

void html_stage_init(struct html_stage *s, struct html *h)
{
	*s = (struct html_stage){ .out = { .write = stage_write }, .html = h };
}

enum err_code html_finish(struct html *h, struct err *err)
{
	assert(h->depth == 0 && !h->in_tag);
	flush(h);
	if (h->err.code == ERR_OK)
		return outstream_finish(h->to, err);
	if (err != NULL)
		*err = h->err;
	return h->err.code;
}
