#include "trust/condition.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "trust/pointer.h"

/* The words of the language, by kind. */
static const char *const words[] = { "all", "any", "not", "equals", "glob", "oneOf", "minimum", "exists" };
static const char *const keys[] = {
	"pointer", "equals", "glob", "oneOf", "minimum", "exists", "all", "any", "not", NULL
};

/* Only one star is ever gone back to, the last: what an earlier one took more or less of changes nothing. */
bool condition_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text != '\0') {
		size_t len = text_utf8_len(text);

		if (len == 0)
			len = 1;
		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (*pattern == '?') {
			pattern++;
			text += len;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* ---- reading ---- */

/* Which of the words an object has; exactly one says what it is. */
static enum err_code find_kind(const struct strict *s, const struct json_t *json, enum condition_kind *ret_kind,
			       struct err *err)
{
	size_t found = COUNT_OF(words), i;

	for (i = 0; i < COUNT_OF(words); i++) {
		if (js_get(json, words[i]) == NULL)
			continue;
		if (found < COUNT_OF(words))
			return strict_fail(s, err,
					   "has both \"%s\" and \"%s\"; a condition has one, and \"all\" joins several",
					   words[found], words[i]);
		found = i;
	}
	if (found == COUNT_OF(words))
		return strict_fail(s, err,
				   "says nothing: add one of equals, glob, oneOf, minimum, exists, all, any, not");
	*ret_kind = (enum condition_kind)found;
	return ERR_OK;
}

/* Is this a value that the word can be used with? */
static enum err_code check_value(struct strict *s, const struct condition *c, struct err *err)
{
	static const char *const want[] = {
		[CONDITION_GLOB] = "must be a string in which * is anything",
		[CONDITION_ONE_OF] = "must be an array, […], with one value at least",
		[CONDITION_MINIMUM] = "must be a number",
		[CONDITION_EXISTS] = "must be true or false",
	};
	enum js_kind kind = js_kind(c->value);
	bool fits = true;
	size_t mark = 0;
	enum err_code code;

	if (c->kind == CONDITION_GLOB)
		fits = kind == JS_STRING;
	if (c->kind == CONDITION_ONE_OF)
		fits = kind == JS_ARRAY && js_len(c->value) > 0;
	if (c->kind == CONDITION_MINIMUM)
		fits = kind == JS_NUMBER;
	if (c->kind == CONDITION_EXISTS)
		fits = kind == JS_BOOL;
	if (fits)
		return ERR_OK;
	code = strict_enter(s, words[c->kind], &mark, err);
	if (code == ERR_OK)
		code = strict_fail(s, err, "%s", want[c->kind]);
	return code;
}

static enum err_code read_leaf(struct strict *s, const struct json_t *json, struct condition *c, struct err *err)
{
	struct err why = { 0 };
	enum err_code code;

	c->value = js_get(json, words[c->kind]);
	c->at = js_string(json, "pointer");
	if (c->at == NULL)
		return strict_fail(s, err,
				   "\"pointer\" is missing: where in the statement to look, as in "
				   "/predicate/buildDefinition/buildType");
	code = pointer_check(c->at, &why);
	if (code != ERR_OK)
		return strict_fail(s, err, "%s", why.msg);
	return check_value(s, c, err);
}

static enum err_code read_list(struct strict *s, const struct json_t *array, struct condition *c, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t len = js_len(array), i;

	c->parts = calloc(len + 1, sizeof(*c->parts));
	if (c->parts == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		size_t mark = 0;

		code = strict_enter_item(s, i, &mark, err);
		if (code == ERR_OK)
			code = condition_read(s, js_at(array, i), &c->parts[c->len++], err);
		if (code == ERR_OK)
			strict_leave(s, mark);
	}
	return code;
}

static enum err_code read_parts(struct strict *s, const struct json_t *json, struct condition *c, struct err *err)
{
	const struct json_t *value = js_get(json, words[c->kind]);
	size_t mark = 0;
	enum err_code code;

	if (js_get(json, "pointer") != NULL)
		return strict_fail(s, err, "\"pointer\" means nothing beside \"%s\"; write it into its conditions",
				   words[c->kind]);
	code = strict_enter(s, words[c->kind], &mark, err);
	if (code != ERR_OK)
		return code;
	if (c->kind == CONDITION_NOT) {
		c->parts = calloc(1, sizeof(*c->parts));
		if (c->parts == NULL)
			return err_nomem(err);
		c->len = 1;
		code = condition_read(s, value, &c->parts[0], err);
	} else if (js_kind(value) != JS_ARRAY || js_len(value) == 0) {
		code = strict_fail(s, err, "must be an array, […], with one condition at least");
	} else {
		code = read_list(s, value, c, err);
	}
	if (code == ERR_OK)
		strict_leave(s, mark);
	return code;
}

static enum err_code read_one(struct strict *s, const struct json_t *json, struct condition *c, struct err *err)
{
	enum err_code code = strict_object(s, json, keys, err);

	if (code == ERR_OK)
		code = find_kind(s, json, &c->kind, err);
	if (code != ERR_OK)
		return code;
	return c->kind <= CONDITION_NOT ? read_parts(s, json, c, err) : read_leaf(s, json, c, err);
}

typedef enum err_code condition_reader(struct strict *s, const struct json_t *json, struct condition *c,
				       struct err *err);

static enum err_code read_by(struct strict *s, const struct json_t *json, condition_reader *read,
			     struct condition *ret_condition, struct err *err)
{
	CLEANUP(condition_release) struct condition c = { .kind = CONDITION_ALL };
	enum err_code code = str_copy(buf_text(&s->place), &c.place, err);

	if (code == ERR_OK)
		code = read(s, json, &c, err);
	if (code != ERR_OK)
		return code;
	*ret_condition = c;
	c = (struct condition){ 0 };
	return ERR_OK;
}

enum err_code condition_read(struct strict *s, const struct json_t *json, struct condition *ret_condition,
			     struct err *err)
{
	return read_by(s, json, read_one, ret_condition, err);
}

enum err_code condition_read_all(struct strict *s, const struct json_t *array, struct condition *ret_condition,
				 struct err *err)
{
	return read_by(s, array, read_list, ret_condition, err);
}

/* ---- holding ---- */

static bool is_one_of(const struct json_t *value, const struct json_t *array)
{
	size_t i;

	for (i = 0; i < js_len(array); i++) {
		if (js_equal(value, js_at(array, i)))
			return true;
	}
	return false;
}

static bool leaf_holds(const struct condition *c, const struct json_t *statement)
{
	const struct json_t *value = pointer_find(statement, c->at);

	switch (c->kind) {
	case CONDITION_EQUALS:
		return js_equal(value, c->value);
	case CONDITION_GLOB:
		return js_text(value) != NULL && condition_glob(js_text(c->value), js_text(value));
	case CONDITION_ONE_OF:
		return is_one_of(value, c->value);
	case CONDITION_MINIMUM:
		return js_at_least(value, c->value);
	default:
		return (value != NULL) == js_is_true(c->value);
	}
}

bool condition_holds(const struct condition *c, const struct json_t *statement)
{
	size_t i;

	if (c->kind == CONDITION_NOT)
		return !condition_holds(&c->parts[0], statement);
	if (c->kind > CONDITION_NOT)
		return leaf_holds(c, statement);
	for (i = 0; i < c->len; i++) {
		if (condition_holds(&c->parts[i], statement) == (c->kind == CONDITION_ANY))
			return c->kind == CONDITION_ANY;
	}
	return c->kind == CONDITION_ALL;
}

const struct condition *condition_blame(const struct condition *c, const struct json_t *statement)
{
	size_t i;

	while (c->kind == CONDITION_ALL) {
		for (i = 0; i < c->len && condition_holds(&c->parts[i], statement); i++)
			;
		if (i == c->len)
			break;
		c = &c->parts[i];
	}
	return c;
}

/* ---- telling ---- */

static enum err_code describe_value(const struct condition *c, const struct json_t *value, struct buf *out,
				    struct err *err)
{
	char wanted[JS_BRIEF_MAX], found[JS_BRIEF_MAX];

	js_brief(value, found);
	js_brief(c->kind == CONDITION_ONE_OF ? js_at(c->value, 0) : c->value, wanted);
	switch (c->kind) {
	case CONDITION_EQUALS:
		return buf_printf(out, err, "%s must equal %s, and is %s", c->at, wanted, found);
	case CONDITION_GLOB:
		return buf_printf(out, err, "%s must match %s, and is %s", c->at, wanted, found);
	case CONDITION_ONE_OF:
		return buf_printf(out, err, "%s must be %s%s, and is %s", c->at, wanted,
				  js_len(c->value) > 1 ? " or another of the list" : "", found);
	case CONDITION_MINIMUM:
		return buf_printf(out, err, "%s must be %s or more, and is %s", c->at, wanted, found);
	default:
		return buf_printf(out, err, "%s must %sexist, and is %s", c->at, js_is_true(c->value) ? "" : "not ",
				  found);
	}
}

enum err_code condition_describe(const struct condition *c, const struct json_t *statement, struct buf *out,
				 struct err *err)
{
	switch (c->kind) {
	case CONDITION_ALL:
		return buf_printf(out, err, "all of %zu conditions", c->len);
	case CONDITION_ANY:
		return buf_printf(out, err, "one of %zu conditions must hold, and none does", c->len);
	case CONDITION_NOT:
		return buf_puts(out, "what must not hold does", err);
	default:
		return describe_value(c, pointer_find(statement, c->at), out, err);
	}
}

void condition_release(struct condition *c)
{
	size_t i;

	for (i = 0; i < c->len; i++)
		condition_release(&c->parts[i]);
	free(c->parts);
	free(c->place);
	*c = (struct condition){ 0 };
}
