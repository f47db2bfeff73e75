/* condition.h - what a statement must say: values at places in it, and all, any and none of such.
 *
 * Lifecycle  condition_read, condition_holds any number of times, condition_release.
 * Bounds     As deep and as many as one JSON document may hold; no recursion goes deeper than LIMIT_JSON_DEPTH.  A
 *            glob is matched in the product of both lengths at most.
 * Ownership  A condition borrows pointers and values from the document that it was read from, which outlives it.
 * Errors     condition_read: those of strict.h.  Holding is a yes or a no.
 * Source     docs/bundle-policy.5, "Conditions"; RFC 6901.
 */
#ifndef TRUST_CONDITION_H
#define TRUST_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/js.h"
#include "trust/strict.h"

enum condition_kind {
	CONDITION_ALL, /* of its parts; without any it holds */
	CONDITION_ANY,
	CONDITION_NOT, /* of its one part */
	CONDITION_EQUALS,
	CONDITION_GLOB,
	CONDITION_ONE_OF,
	CONDITION_MINIMUM,
	CONDITION_EXISTS,
};

struct condition {
	enum condition_kind kind;
	const char *at;             /* of those that look at a value: a JSON Pointer into the statement */
	const struct json_t *value; /* what it is held against */
	char *place;                /* owned: where it stands in its document, a JSON Pointer */
	struct condition *parts;    /* owned */
	size_t len;
};

/* Read one condition, an object. */
enum err_code condition_read(struct strict *s, const struct json_t *json, struct condition *ret_condition,
			     struct err *err);
/* Read an array of them, all of which must hold. */
enum err_code condition_read_all(struct strict *s, const struct json_t *array, struct condition *ret_condition,
				 struct err *err);
bool condition_holds(const struct condition *c, const struct json_t *statement);
/* Of a condition that does not hold, the part that is to blame: of all, the first that does not hold. */
const struct condition *condition_blame(const struct condition *c, const struct json_t *statement);
/* In words: what it asks for, and what this statement has instead. */
enum err_code condition_describe(const struct condition *c, const struct json_t *statement, struct buf *out,
				 struct err *err);
/* A zeroed condition is fine. */
void condition_release(struct condition *c);
/* True where text matches: * is any characters and none, ? is one; everything else is itself. */
bool condition_glob(const char *pattern, const char *text);
#endif
