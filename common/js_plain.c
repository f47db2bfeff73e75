#include "common/js_plain.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#define DIGITS_MAX 18 /* that surely make no number of more than 64 bits */

/* Where the reader is. */
struct text {
	const char *at, *end;
	enum err_code code; /* of what was not read */
};

static json_t *take_value(struct text *t);

/* NULL, for the caller to hand on; what was first said of why stays. */
static json_t *give_up(struct text *t, enum err_code code)
{
	if (t->code == ERR_OK)
		t->code = code;
	return NULL;
}

static json_t *made(struct text *t, json_t *value)
{
	return value != NULL ? value : give_up(t, ERR_NOMEM);
}

static void skip_blanks(struct text *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t' || *t->at == '\r'))
		t->at++;
}

/* Go behind this character, if it comes next. */
static bool take(struct text *t, char c)
{
	skip_blanks(t);
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

/* What stands for itself in a string, and does not end it. */
static bool is_plain(char c)
{
	static const bool plain[256] = { [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true };

	return plain[(unsigned char)c];
}

/* jansson's reading of one string or number. */
static json_t *ask(struct text *t, const char *from)
{
	json_error_t why;
	json_t *value = json_loadb(from, (size_t)(t->at - from), JSON_DECODE_ANY, &why);

	if (value == NULL)
		give_up(t, json_error_code(&why) == json_error_out_of_memory ? ERR_NOMEM : ERR_UNSUPPORTED);
	return value;
}

/* From behind the quote to behind the one that closes it; false where none does.  *ret_plain: nothing in it stands for
 * anything else. */
static bool skip_string(struct text *t, bool *ret_plain)
{
	const char *at = t->at, *end = t->end;
	bool plain = true;

	for (;;) {
		while (at < end && is_plain(*at))
			at++;
		if (at == end)
			return false;
		if (*at == '"')
			break;
		plain = false;
		at += *at == '\\' && end - at > 1 ? 2 : 1;
	}
	t->at = at + 1;
	*ret_plain = plain;
	return true;
}

static json_t *take_string(struct text *t)
{
	const char *from = t->at++;
	bool plain;

	if (!skip_string(t, &plain))
		return give_up(t, ERR_UNSUPPORTED);
	return plain ? made(t, json_stringn_nocheck(from + 1, (size_t)(t->at - from) - 2)) : ask(t, from);
}

static bool is_of_number(const struct text *t)
{
	return t->at < t->end && *t->at != '\0' && strchr("0123456789+-.eE", *t->at) != NULL;
}

static json_t *take_number(struct text *t)
{
	const char *from = t->at;
	json_int_t value = 0;

	for (; t->at < t->end && *t->at >= '0' && *t->at <= '9' && t->at - from < DIGITS_MAX; t->at++)
		value = value * 10 + (*t->at - '0');
	if (t->at > from && (*from != '0' || t->at - from == 1) && !is_of_number(t))
		return made(t, json_integer(value));
	while (is_of_number(t))
		t->at++;
	return ask(t, from);
}

static bool take_letters(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(t->end - t->at) < len || memcmp(t->at, word, len) != 0)
		return false;
	t->at += len;
	return true;
}

static json_t *take_word(struct text *t)
{
	if (take_letters(t, "true"))
		return json_true();
	if (take_letters(t, "false"))
		return json_false();
	return take_letters(t, "null") ? json_null() : give_up(t, ERR_UNSUPPORTED);
}

static bool add_member(struct text *t, json_t *object, const char *key, json_t *value)
{
	size_t before = json_object_size(object);

	if (json_object_set_new_nocheck(object, key, value) != 0)
		give_up(t, ERR_NOMEM);
	else if (json_object_size(object) > before)
		return true;
	else /* the key stands twice */
		give_up(t, ERR_UNSUPPORTED);
	return false;
}

static bool take_member(struct text *t, json_t *object)
{
	json_t *key = NULL, *value = NULL;
	bool taken;

	skip_blanks(t);
	if (t->at < t->end && *t->at == '"')
		key = take_string(t);
	if (key != NULL && take(t, ':'))
		value = take_value(t);
	taken = value != NULL && add_member(t, object, json_string_value(key), value);
	json_decref(key);
	return taken;
}

static bool take_item(struct text *t, json_t *array)
{
	json_t *value = take_value(t);

	if (value == NULL)
		return false;
	if (json_array_append_new(array, value) == 0)
		return true;
	give_up(t, ERR_NOMEM);
	return false;
}

/* An object or an array, with what is in it. */
static json_t *take_group(struct text *t, bool is_object)
{
	json_t *group = made(t, is_object ? json_object() : json_array());
	char close = is_object ? '}' : ']';
	bool more = group != NULL;

	t->at++;
	if (more && take(t, close))
		return group;
	while (more) {
		more = is_object ? take_member(t, group) : take_item(t, group);
		if (more && take(t, close))
			return group;
		more = more && take(t, ',');
	}
	json_decref(group);
	return give_up(t, ERR_UNSUPPORTED);
}

static json_t *take_value(struct text *t)
{
	skip_blanks(t);
	if (t->at == t->end)
		return give_up(t, ERR_UNSUPPORTED);
	switch (*t->at) {
	case '{':
	case '[':
		return take_group(t, *t->at == '{');
	case '"':
		return take_string(t);
	case 't':
	case 'f':
	case 'n':
		return take_word(t);
	default:
		return take_number(t);
	}
}

enum err_code js_plain_read(const char *bytes, size_t len, struct json_t **ret_value)
{
	struct text t = { .at = bytes, .end = bytes + len };
	json_t *value;

	skip_blanks(&t);
	if (t.at == t.end || (*t.at != '{' && *t.at != '['))
		return ERR_UNSUPPORTED;
	value = take_value(&t);
	skip_blanks(&t);
	if (value != NULL && t.at < t.end) {
		json_decref(value);
		value = give_up(&t, ERR_UNSUPPORTED);
	}
	if (value != NULL)
		*ret_value = value;
	return t.code;
}
