/* toml.h - the configuration of registries that other tools keep in TOML.
 *
 * Lifecycle  toml_read gives a table that toml_free frees; everything reached
 *            from it is borrowed and lives as long as it does.
 * Bounds     LIMIT_TOML_BYTES of text, LIMIT_TOML_VALUES values and tables,
 *            LIMIT_TOML_DEPTH levels.
 * Errors     ERR_FORMAT (no TOML, or a value of another type than its key
 *            wants), ERR_UNSUPPORTED (floating-point numbers, dates and times,
 *            which no file that is read here knows), ERR_LIMIT, ERR_NOMEM;
 *            messages name the file and the line.
 *            Keys that nobody asks for are no error.
 * Source     TOML 1.0.0.
 */
#ifndef COMMON_TOML_H
#define COMMON_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum toml_type { TOML_TABLE, TOML_ARRAY, TOML_STRING, TOML_BOOL, TOML_INTEGER };

struct toml;

/* Read a document.  text ends with a NUL at text[len]; what names it in messages. */
enum err_code toml_read(const char *text, size_t len, const char *what, struct toml **ret_table, struct err *err);
/* Read a file: ERR_NOT_FOUND where there is none. */
enum err_code toml_read_file(const char *path, struct toml **ret_table, struct err *err);
/* Cleanup handler for struct toml *.  NULL is fine. */
void toml_free_ptr(struct toml **table);

/* A member of a table by key; NULL where there is none, or no table. */
const struct toml *toml_get(const struct toml *table, const char *key);
bool toml_is(const struct toml *value, enum toml_type type);
/* Step through the members of a table or the items of an array, in the order of the file; NULL is the end. */
const struct toml *toml_first(const struct toml *value);
const struct toml *toml_next(const struct toml *value);
/* A member's key; NULL for an item of an array. */
const char *toml_key(const struct toml *value);
/* A string's text, NULL for anything else. */
const char *toml_text(const struct toml *value);
/* An integer's value, 0 for anything else. */
int64_t toml_integer(const struct toml *value);

/* A member that must have this type where it is there; NULL where it is not.  what names the file in messages. */
enum err_code toml_want(const struct toml *table, const char *key, enum toml_type type, const char *what,
			const struct toml **ret_value, struct err *err);
/* The text of a member that must be a string; NULL where it is not there. */
enum err_code toml_want_text(const struct toml *table, const char *key, const char *what, const char **ret_text,
			     struct err *err);
/* The value of a member that must be true or false; false where it is not there. */
enum err_code toml_want_bool(const struct toml *table, const char *key, const char *what, bool *ret_flag,
			     struct err *err);
#endif
