#include "common/toml.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/toml_private.h"

static const char *const type_names[] = {
	[TOML_TABLE] = "a table",      [TOML_ARRAY] = "an array",     [TOML_STRING] = "a string",
	[TOML_BOOL] = "true or false", [TOML_INTEGER] = "an integer",
};

/* As deep as LIMIT_TOML_DEPTH lets a document be. */
static void toml_free(struct toml *value)
{
	while (value->first != NULL) {
		struct toml *child = value->first;

		value->first = child->next;
		toml_free(child);
	}
	free(value->key);
	free(value->text);
	free(value);
}

void toml_free_ptr(struct toml **table)
{
	if (*table != NULL)
		toml_free(take_ptr(table));
}

enum err_code toml_add(struct toml *parent, char *key, enum toml_type type, struct toml **ret_value, struct err *err)
{
	struct toml *value = calloc(1, sizeof(*value));

	if (value == NULL) {
		free(key);
		return err_nomem(err);
	}
	value->key = key;
	value->type = type;
	if (parent->last != NULL)
		parent->last->next = value;
	else
		parent->first = value;
	parent->last = value;
	*ret_value = value;
	return ERR_OK;
}

struct toml *toml_find(struct toml *table, const char *key)
{
	struct toml *member = table->first;

	while (member != NULL && strcmp(member->key, key) != 0)
		member = member->next;
	return member;
}

enum err_code toml_read_file(const char *path, struct toml **ret_table, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	enum err_code code;

	buf_init(&text, LIMIT_TOML_BYTES);
	code = file_read(path, &text, err);
	return code == ERR_OK ? toml_read(buf_text(&text), text.len, path, ret_table, err) : code;
}

const struct toml *toml_get(const struct toml *table, const char *key)
{
	const struct toml *member = toml_is(table, TOML_TABLE) ? table->first : NULL;

	while (member != NULL && strcmp(member->key, key) != 0)
		member = member->next;
	return member;
}

bool toml_is(const struct toml *value, enum toml_type type)
{
	return value != NULL && value->type == type;
}

const struct toml *toml_first(const struct toml *value)
{
	return value != NULL ? value->first : NULL;
}

const struct toml *toml_next(const struct toml *value)
{
	return value->next;
}

const char *toml_key(const struct toml *value)
{
	return value->key;
}

const char *toml_text(const struct toml *value)
{
	return value != NULL ? value->text : NULL;
}

int64_t toml_integer(const struct toml *value)
{
	return value != NULL ? value->number : 0;
}

enum err_code toml_want(const struct toml *table, const char *key, enum toml_type type, const char *what,
			const struct toml **ret_value, struct err *err)
{
	const struct toml *value = toml_get(table, key);

	if (value != NULL && value->type != type)
		return err_set(err, ERR_FORMAT, "%s: %s must be %s", what, key, type_names[type]);
	*ret_value = value;
	return ERR_OK;
}

enum err_code toml_want_text(const struct toml *table, const char *key, const char *what, const char **ret_text,
			     struct err *err)
{
	const struct toml *value = NULL;
	enum err_code code = toml_want(table, key, TOML_STRING, what, &value, err);

	if (code == ERR_OK)
		*ret_text = toml_text(value);
	return code;
}

enum err_code toml_want_bool(const struct toml *table, const char *key, const char *what, bool *ret_flag,
			     struct err *err)
{
	const struct toml *value = NULL;
	enum err_code code = toml_want(table, key, TOML_BOOL, what, &value, err);

	if (code == ERR_OK)
		*ret_flag = value != NULL && value->flag;
	return code;
}
