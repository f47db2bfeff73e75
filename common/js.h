/* js.h - JSON: reading it within bounds, writing it as a stream.
 *
 * Lifecycle  js_read gives a document that js_free frees; everything reached
 *            from it is borrowed and lives as long as it does.
 *            js_out: init, begin/key/value/end in order, js_end_document.
 * Bounds     js_read refuses more than LIMIT_JSON_VALUES values, more than
 *            LIMIT_JSON_DEPTH levels, and keys that stand twice in an object.
 *            js_out keeps nothing but its place.
 * Errors     js_read: ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.  The getters give NULL
 *            or 0 for what is missing or of another type: the caller decides
 *            whether that matters.  js_out: the first error of its stream
 *            stays, and js_end_document returns it.
 * Source     RFC 8259.
 */
#ifndef COMMON_JS_H
#define COMMON_JS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/stream.h"

#define JS_BRIEF_MAX 128

struct json_t; /* a value; only the sources of this module know the library behind it */

/* Parse one document that is an object or an array.  what names it in messages. */
enum err_code js_read(const void *bytes, size_t len, const char *what, struct json_t **ret_value, struct err *err);
/* The same for a document with secrets in it: what is wrong is said without showing any of it. */
enum err_code js_read_secret(const void *bytes, size_t len, const char *what, struct json_t **ret_value,
			     struct err *err);
/* The same for a document that may hold up to max_values values. */
enum err_code js_read_large(const void *bytes, size_t len, size_t max_values, const char *what,
			    struct json_t **ret_value, struct err *err);
/* Check that the bytes are one JSON document within the bounds, and forget it. */
enum err_code js_check(const void *bytes, size_t len, const char *what, struct err *err);
/* Free a document.  NULL is fine. */
void js_free(struct json_t *value);
/* Cleanup handler for struct json_t *. */
void js_free_ptr(struct json_t **value);

/* A member of an object by key, NULL if there is none. */
const struct json_t *js_get(const struct json_t *object, const char *key);
/* True where the member is there and not null. */
bool js_has(const struct json_t *object, const char *key);
/* The member if it is an object (an array), else NULL. */
const struct json_t *js_object(const struct json_t *object, const char *key);
const struct json_t *js_array(const struct json_t *object, const char *key);
/* A string member without NUL inside, else NULL. */
const char *js_string(const struct json_t *object, const char *key);
/* A member that is an integer from 0 to 2^63-1: true and *ret_value, else false. */
bool js_uint(const struct json_t *object, const char *key, uint64_t *ret_value);
/* True where the value (the member) is true. */
bool js_is_true(const struct json_t *value);
bool js_true(const struct json_t *object, const char *key);
/* How many items an array has, 0 if it is none; an item of it. */
size_t js_len(const struct json_t *array);
/* How many members an object has. */
size_t js_members(const struct json_t *object);
const struct json_t *js_at(const struct json_t *array, size_t i);
/* The value itself as a string, NULL if it is none. */
const char *js_text(const struct json_t *value);
/* Step through an object: js_next(object, NULL) is the first key, NULL the end. */
const char *js_next(const struct json_t *object, const char *key);
enum js_kind { JS_NONE, JS_NULL, JS_BOOL, JS_NUMBER, JS_STRING, JS_ARRAY, JS_OBJECT };
/* What a value is; JS_NONE where it is NULL. */
enum js_kind js_kind(const struct json_t *value);
/* True for the same value; a number is the same however it is written, 1 and 1.0. */
bool js_equal(const struct json_t *a, const struct json_t *b);
/* True where both are numbers and the first is not smaller. */
bool js_at_least(const struct json_t *number, const struct json_t *least);
/* A value for a message: a scalar as JSON has it, cut where it is long; else how much it holds.  Returns out. */
const char *js_brief(const struct json_t *value, char out[JS_BRIEF_MAX]);
/* True where every member, item and value of part stands in whole too. */
bool js_contains(const struct json_t *whole, const struct json_t *part);

struct js_out {
	struct outstream *to; /* borrowed */
	unsigned depth;
	bool indent;    /* two spaces a level, for people */
	bool has_items; /* a comma is due before the next item */
	bool after_key;
	struct err err; /* the first failure */
};

void js_out_init(struct js_out *o, struct outstream *to, bool indent);
void js_begin(struct js_out *o, char bracket); /* '{' or '[' */
void js_end(struct js_out *o, char bracket);   /* '}' or ']' */
void js_key(struct js_out *o, const char *key);
void js_put_string(struct js_out *o, const char *text); /* NULL is written as null */
void js_put_uint(struct js_out *o, uint64_t value);
void js_put_bool(struct js_out *o, bool value);
void js_put_value(struct js_out *o, const struct json_t *value);
/* Put bytes that js_check has accepted, as they are. */
void js_put_raw(struct js_out *o, const void *bytes, size_t len);
/* Key and value at once; a NULL text leaves the member out. */
void js_member(struct js_out *o, const char *key, const char *text);
void js_member_uint(struct js_out *o, const char *key, uint64_t value);
void js_member_bool(struct js_out *o, const char *key, bool value);
/* A line feed where the document is indented; the first failure, if there was one. */
enum err_code js_end_document(struct js_out *o, struct err *err);
#endif
