#include "trust/strict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/guess.h"
#include "common/mem.h"
#include "trust/pointer.h"

void strict_init(struct strict *s, const char *file)
{
	*s = (struct strict){ .file = file, .place = { .max = STRICT_PLACE_MAX } };
}

enum err_code strict_fail(const struct strict *s, struct err *err, const char *fmt, ...)
{
	char what[ERR_MSG_MAX / 2];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(err, ERR_FORMAT, "%.250s: %.250s%s%s", s->file, buf_text(&s->place),
		       s->place.len > 0 ? ": " : "", what);
}

enum err_code strict_add(const struct strict *s, struct err *err)
{
	return err_add(err, "%.250s: %.250s", s->file, buf_text(&s->place));
}

enum err_code strict_enter(struct strict *s, const char *key, size_t *ret_mark, struct err *err)
{
	enum err_code code = pointer_push(&s->place, key, ret_mark, err);

	return code == ERR_OK ? code : err_add(err, "%.250s: the way to a key", s->file);
}

enum err_code strict_enter_item(struct strict *s, size_t i, size_t *ret_mark, struct err *err)
{
	return pointer_push_index(&s->place, i, ret_mark, err);
}

void strict_leave(struct strict *s, size_t mark)
{
	pointer_pop(&s->place, mark);
}

static enum err_code unknown(const struct strict *s, const char *what, const char *word, const char *const *words,
			     struct err *err)
{
	struct guess g = { .typed = word, .typed_len = strlen(word) };
	CLEANUP(buf_release) struct buf list = { .max = ERR_MSG_MAX };
	size_t i;

	for (i = 0; words[i] != NULL; i++) {
		guess_try(&g, words[i]);
		if (buf_printf(&list, err, "%s%s", i > 0 ? ", " : "", words[i]) != ERR_OK)
			break; /* a list that is cut says enough */
	}
	if (g.best != NULL)
		return strict_fail(s, err, "unknown %s \"%.100s\", did you mean \"%s\"?", what, word, g.best);
	return strict_fail(s, err, "unknown %s \"%.100s\"; known are %.300s", what, word, buf_text(&list));
}

enum err_code strict_word(const struct strict *s, const char *word, const char *const *words, const char *what,
			  size_t *ret_at, struct err *err)
{
	size_t i;

	for (i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*ret_at = i;
		return ERR_OK;
	}
	return unknown(s, what, word, words, err);
}

enum err_code strict_object(const struct strict *s, const struct json_t *value, const char *const *keys,
			    struct err *err)
{
	enum err_code code = ERR_OK;
	const char *key;
	size_t at;

	if (js_kind(value) != JS_OBJECT)
		return strict_fail(s, err, "must be an object, {…}");
	for (key = js_next(value, NULL); code == ERR_OK && key != NULL; key = js_next(value, key))
		code = strict_word(s, key, keys, "key", &at, err);
	return code;
}

/* What is wrong with a member is said at its own place. */
static enum err_code fail_at(struct strict *s, const char *key, const char *what, struct err *err)
{
	size_t mark = 0;
	enum err_code code = strict_enter(s, key, &mark, err);

	if (code != ERR_OK)
		return code;
	code = strict_fail(s, err, "%s", what);
	strict_leave(s, mark);
	return code;
}

enum err_code strict_string(struct strict *s, const struct json_t *object, const char *key, const char **ret_text,
			    struct err *err)
{
	const char *text = js_string(object, key);

	if (js_get(object, key) != NULL && text == NULL)
		return fail_at(s, key, "must be a string", err);
	if (text != NULL && *text == '\0')
		return fail_at(s, key, "is empty", err);
	*ret_text = text;
	return ERR_OK;
}

enum err_code strict_need(struct strict *s, const struct json_t *object, const char *key, const char **ret_text,
			  struct err *err)
{
	const char *text = NULL;
	enum err_code code = strict_string(s, object, key, &text, err);

	if (code == ERR_OK && text == NULL)
		return strict_fail(s, err, "\"%s\" is missing", key);
	if (code == ERR_OK)
		*ret_text = text;
	return code;
}

enum err_code strict_array(struct strict *s, const struct json_t *object, const char *key,
			   const struct json_t **ret_array, struct err *err)
{
	const struct json_t *value = js_get(object, key);

	if (value != NULL && js_kind(value) != JS_ARRAY)
		return fail_at(s, key, "must be an array, […]", err);
	if (value != NULL && js_len(value) == 0)
		return fail_at(s, key, "is empty", err);
	*ret_array = value;
	return ERR_OK;
}

enum err_code strict_item(struct strict *s, const struct json_t *array, size_t i, const char **ret_text,
			  struct err *err)
{
	const char *text = js_text(js_at(array, i));
	size_t mark = 0;
	enum err_code code = ERR_OK;

	if (text == NULL || *text == '\0') {
		code = strict_enter_item(s, i, &mark, err);
		if (code != ERR_OK)
			return code;
		code = strict_fail(s, err, text == NULL ? "must be a string" : "is empty");
		strict_leave(s, mark);
		return code;
	}
	*ret_text = text;
	return ERR_OK;
}

void strict_release(struct strict *s)
{
	buf_release(&s->place);
}
