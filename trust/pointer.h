/* pointer.h - JSON Pointers: a place in a document, as text.
 *
 * Lifecycle  pointer_check once, pointer_find any number of times.  To make one: a buffer that is the place,
 *            pointer_push for each step down, pointer_pop for each step up.
 * Bounds     POINTER_TEXT_MAX bytes, so nothing is allocated to follow one.
 * Errors     ERR_FORMAT, what is wrong with the text; ERR_LIMIT, ERR_NOMEM.  A pointer to nothing finds NULL.
 * Source     RFC 6901.
 */
#ifndef TRUST_POINTER_H
#define TRUST_POINTER_H

#include "common/buf.h"
#include "common/err.h"
#include "common/js.h"

#define POINTER_TEXT_MAX 1024

/* Can this be followed?  "" is the whole document; else each step is "/" and a key or an index, "~1" for a slash in it
 * and "~0" for a tilde. */
enum err_code pointer_check(const char *text, struct err *err);
/* The value at the place that pointer_check has accepted; NULL where the document has none there. */
const struct json_t *pointer_find(const struct json_t *document, const char *text);
/* One step down, to a key of an object or an item of an array; ret_len is what pointer_pop wants. */
enum err_code pointer_push(struct buf *place, const char *key, size_t *ret_len, struct err *err);
enum err_code pointer_push_index(struct buf *place, size_t i, size_t *ret_len, struct err *err);
/* Back up to where the step was taken. */
void pointer_pop(struct buf *place, size_t len);
#endif
