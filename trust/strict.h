/* strict.h - reading JSON that people write: what is not known is refused, with its place and the word that was meant.
 *
 * Lifecycle  strict_init; strict_enter and strict_leave around what is deeper; strict_release.
 * Bounds     STRICT_PLACE_MAX bytes of a place.
 * Ownership  The file's name is borrowed; strings and values are the document's.
 * Errors     ERR_FORMAT, "FILE: POINTER: what is wrong, and what is right"; ERR_LIMIT, ERR_NOMEM.
 */
#ifndef TRUST_STRICT_H
#define TRUST_STRICT_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/js.h"

#define STRICT_PLACE_MAX ((size_t)64 * 1024)

struct strict {
	const char *file;
	struct buf place; /* a JSON Pointer to where we are */
};

void strict_init(struct strict *s, const char *file);
/* ERR_FORMAT at this place. */
enum err_code strict_fail(const struct strict *s, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Put file and place in front of a failure that something else has described; returns its code. */
enum err_code strict_add(const struct strict *s, struct err *err);
/* Go down by a key, or by an index; where that fails there is nothing to leave. */
enum err_code strict_enter(struct strict *s, const char *key, size_t *ret_mark, struct err *err);
enum err_code strict_enter_item(struct strict *s, size_t i, size_t *ret_mark, struct err *err);
void strict_leave(struct strict *s, size_t mark);
/* The value here is an object that has no other keys than these; NULL ends them. */
enum err_code strict_object(const struct strict *s, const struct json_t *value, const char *const *keys,
			    struct err *err);
/* A string member that is not empty; NULL where there is none. */
enum err_code strict_string(struct strict *s, const struct json_t *object, const char *key, const char **ret_text,
			    struct err *err);
/* The same of one that must be there. */
enum err_code strict_need(struct strict *s, const struct json_t *object, const char *key, const char **ret_text,
			  struct err *err);
/* An array member with one item at least; NULL where there is none. */
enum err_code strict_array(struct strict *s, const struct json_t *object, const char *key,
			   const struct json_t **ret_array, struct err *err);
/* An item of an array as a string that is not empty. */
enum err_code strict_item(struct strict *s, const struct json_t *array, size_t i, const char **ret_text,
			  struct err *err);
/* Where this is a word that is known, its place among the words; NULL ends them. */
enum err_code strict_word(const struct strict *s, const char *word, const char *const *words, const char *what,
			  size_t *ret_at, struct err *err);
void strict_release(struct strict *s);
#endif
