#include "common/js_scan.h"

#include <string.h>

#include "common/limits.h"
#include "common/text.h"

enum expect {
	EXPECT_VALUE,
	EXPECT_ITEM,      /* a value or the array's end */
	EXPECT_FIRST_KEY, /* a key or the object's end */
	EXPECT_KEY,
	EXPECT_COLON,
	EXPECT_MORE, /* a comma or the end of what is open */
	EXPECT_NOTHING,
};

struct scan {
	const char *start, *at, *end;
	enum expect expect;
	unsigned depth;
	bool is_object[LIMIT_JSON_DEPTH]; /* what is open, outermost first */
	const char *key;                  /* looked for at the first level; NULL: nothing is */
	size_t key_len;
	bool met; /* the last key was that one */
	const char *found;
	size_t found_len;
};

static bool is_digit(const struct scan *s)
{
	return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool skip_digits(struct scan *s)
{
	const char *from = s->at;

	while (is_digit(s))
		s->at++;
	return s->at > from;
}

static bool skip_number(struct scan *s)
{
	if (*s->at == '-')
		s->at++;
	if (s->at < s->end && *s->at == '0')
		s->at++;
	else if (!skip_digits(s))
		return false;
	if (s->at < s->end && *s->at == '.') {
		s->at++;
		if (!skip_digits(s))
			return false;
	}
	if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
		s->at++;
		if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
			s->at++;
		return skip_digits(s);
	}
	return true;
}

/* Four hex digits; -1 where they are not. */
static int hex4(const char *at, const char *end)
{
	static const char digits[] = "0123456789abcdef";
	int value = 0, i;

	for (i = 0; i < 4; i++) {
		const char *digit = at + i < end && at[i] != '\0' ? strchr(digits, at[i] | 0x20) : NULL;

		if (digit == NULL || ((at[i] | 0x20) <= '9' && at[i] < '0'))
			return -1;
		value = value * 16 + (int)(digit - digits);
	}
	return value;
}

/* Behind "\u": no NUL, and surrogates in pairs. */
static bool skip_unicode(struct scan *s)
{
	int high = hex4(s->at, s->end), low;

	if (high <= 0 || (high >= 0xdc00 && high < 0xe000))
		return false;
	s->at += 4;
	if (high < 0xd800 || high >= 0xe000)
		return true;
	if (s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u')
		return false;
	low = hex4(s->at + 2, s->end);
	s->at += 6;
	return low >= 0xdc00 && low < 0xe000;
}

static bool skip_escape(struct scan *s)
{
	char c;

	if (s->at == s->end)
		return false;
	c = *s->at++;
	if (c == 'u')
		return skip_unicode(s);
	return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
}

/* One character that is more than a byte; it may be cut by the end of what there is. */
static bool skip_wide(struct scan *s)
{
	char four[5] = "";
	size_t left = (size_t)(s->end - s->at), len;

	memcpy(four, s->at, left < 4 ? left : 4);
	len = text_utf8_len(four);
	s->at += len;
	return len > 0;
}

static bool skip_string(struct scan *s)
{
	s->at++;
	while (s->at < s->end) {
		unsigned char c = (unsigned char)*s->at;

		if (c == '"') {
			s->at++;
			return true;
		}
		if (c < 0x20)
			return false;
		if (c == '\\') {
			s->at++;
			if (!skip_escape(s))
				return false;
		} else if (c < 0x80) {
			s->at++;
		} else if (!skip_wide(s)) {
			return false;
		}
	}
	return false;
}

static bool skip_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(s->end - s->at) >= len && memcmp(s->at, words[i], len) == 0) {
			s->at += len;
			return true;
		}
	}
	return false;
}

static bool open_level(struct scan *s)
{
	if (s->depth == LIMIT_JSON_DEPTH)
		return false;
	s->is_object[s->depth++] = *s->at == '{';
	s->expect = *s->at++ == '{' ? EXPECT_FIRST_KEY : EXPECT_ITEM;
	return true;
}

static bool close_level(struct scan *s)
{
	if (s->depth == 0 || s->is_object[s->depth - 1] != (*s->at == '}'))
		return false;
	s->depth--;
	s->at++;
	s->expect = s->depth > 0 ? EXPECT_MORE : EXPECT_NOTHING;
	return true;
}

static bool take_value(struct scan *s)
{
	const char *from = s->at;
	bool ok;

	if (*s->at == '{' || *s->at == '[')
		return open_level(s);
	if (*s->at == ']' && s->expect == EXPECT_ITEM)
		return close_level(s);
	if (s->depth == 0)
		return false; /* a document is no bare value */
	s->expect = EXPECT_MORE;
	if (*s->at != '"')
		return *s->at == '-' || is_digit(s) ? skip_number(s) : skip_word(s);
	ok = skip_string(s);
	if (ok && s->met && s->depth == 1 && s->found == NULL) {
		s->found = from;
		s->found_len = (size_t)(s->at - from);
	}
	return ok;
}

static bool take_key(struct scan *s)
{
	const char *from = s->at;

	if (*s->at == '}' && s->expect == EXPECT_FIRST_KEY)
		return close_level(s);
	if (*s->at != '"' || !skip_string(s))
		return false;
	s->met = s->key != NULL && s->depth == 1 && (size_t)(s->at - from) == s->key_len + 2 &&
		 memcmp(from + 1, s->key, s->key_len) == 0;
	s->expect = EXPECT_COLON;
	return true;
}

static bool take_more(struct scan *s)
{
	if (*s->at != ',')
		return (*s->at == '}' || *s->at == ']') && close_level(s);
	s->at++;
	s->met = false;
	s->expect = s->is_object[s->depth - 1] ? EXPECT_KEY : EXPECT_VALUE;
	return true;
}

static bool take_token(struct scan *s)
{
	switch (s->expect) {
	case EXPECT_VALUE:
	case EXPECT_ITEM:
		return take_value(s);
	case EXPECT_FIRST_KEY:
	case EXPECT_KEY:
		return take_key(s);
	case EXPECT_COLON:
		s->expect = EXPECT_VALUE;
		return *s->at++ == ':';
	case EXPECT_MORE:
		return take_more(s);
	default:
		return false;
	}
}

static bool scan_all(struct scan *s)
{
	for (;;) {
		while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
			s->at++;
		if (s->at == s->end)
			return s->expect == EXPECT_NOTHING;
		if (!take_token(s))
			return false;
	}
}

enum err_code js_scan(const void *bytes, size_t len, const char *what, struct err *err)
{
	struct scan s = { .start = bytes, .at = bytes, .end = (const char *)bytes + len };

	if (scan_all(&s))
		return ERR_OK;
	if (s.depth == LIMIT_JSON_DEPTH && s.at < s.end && (*s.at == '{' || *s.at == '['))
		return err_set(err, ERR_LIMIT, "%s: JSON nested deeper than %d levels", what, LIMIT_JSON_DEPTH);
	return err_set(err, ERR_FORMAT, "%s: not valid JSON, at byte %zu", what, (size_t)(s.at - s.start));
}

bool js_scan_member(const char *bytes, size_t len, const char *key, const char **ret_text, size_t *ret_len)
{
	struct scan s = { .start = bytes, .at = bytes, .end = bytes + len, .key = key, .key_len = strlen(key) };

	if (!scan_all(&s) || s.found == NULL || !s.is_object[0])
		return false;
	*ret_text = s.found;
	*ret_len = s.found_len;
	return true;
}
