#include <jansson.h>
#include <string.h>

#include "common/buf.h"
#include "common/js_private.h"
#include "common/mem.h"

/* Shorter ones are sooner read than cut out and put back. */
#define LONG_BYTES 24

/* A way through all strings of a document, keys too, in their order. */
struct strings {
	const char *at, *end;
};

static bool next_string(struct strings *s, const char **ret_text, size_t *ret_len)
{
	const char *quote = memchr(s->at, '"', (size_t)(s->end - s->at)), *end;

	if (quote == NULL)
		return false;
	end = js_string_end(quote + 1, s->end);
	if (end == s->end)
		return false;
	*ret_text = quote + 1;
	*ret_len = (size_t)(end - quote - 1);
	s->at = end + 1;
	return true;
}

static bool is_key(const struct strings *s)
{
	const char *p = s->at;

	while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p < s->end && *p == ':';
}

/* ASCII that stands for itself. */
static bool is_plain(const char *text, size_t len)
{
	bool odd = false;
	size_t i;

	for (i = 0; i < len; i++)
		odd |= (unsigned char)text[i] - 0x20U >= 0x7f - 0x20 || text[i] == '\\';
	return !odd;
}

/* The document with nothing in its long strings; empty where that is not far shorter. */
static enum err_code cut(const char *document, size_t len, struct buf *rest, struct err *err)
{
	struct strings s = { .at = document, .end = document + len };
	const char *kept = document, *text;
	enum err_code code = ERR_OK;
	size_t text_len;

	while (code == ERR_OK && next_string(&s, &text, &text_len)) {
		if (text_len < LONG_BYTES || !is_plain(text, text_len) || is_key(&s))
			continue;
		code = buf_add(rest, kept, (size_t)(text - kept), NULL);
		kept = text + text_len;
	}
	if (code == ERR_OK && kept > document)
		code = buf_add(rest, kept, (size_t)(s.end - kept), NULL);
	if (code == ERR_LIMIT)
		buf_clear(rest);
	return code == ERR_OK || code == ERR_LIMIT ? ERR_OK : err_nomem(err);
}

/* jansson gives members in the order in which they stand.  A string that is empty was so before, or was cut.  False: no
 * memory. */
static bool put_back(json_t *value, struct strings *s)
{
	const char *text = NULL, *key;
	size_t len = 0, i;
	json_t *part;
	bool done = true;

	if (json_is_object(value)) {
		json_object_foreach(value, key, part) done = done && next_string(s, &text, &len) && put_back(part, s);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, part) done = done && put_back(part, s);
	} else if (json_is_string(value)) {
		done = next_string(s, &text, &len) &&
		       (json_string_length(value) > 0 || len == 0 || json_string_setn_nocheck(value, text, len) == 0);
	}
	return done;
}

enum err_code js_read_long(const char *document, size_t len, struct json_t **ret_value, struct err *err)
{
	CLEANUP(buf_release) struct buf rest = { .max = len / 2 };
	struct strings s = { .at = document, .end = document + len };
	json_error_t why;
	json_t *value;
	enum err_code code = cut(document, len, &rest, err);

	if (code != ERR_OK || rest.len == 0 || js_has_nul(rest.data, rest.len))
		return code;
	value = json_loadb(rest.data, rest.len, JSON_REJECT_DUPLICATES, &why);
	if (value == NULL)
		return json_error_code(&why) == json_error_out_of_memory ? err_nomem(err) : ERR_OK;
	if (!put_back(value, &s)) {
		json_decref(value);
		return err_nomem(err);
	}
	*ret_value = value;
	return ERR_OK;
}
