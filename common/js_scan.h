/* js_scan.h - is this JSON?  Told without keeping any of it, for documents that are passed on as they are.
 *
 * Bounds  Nothing is allocated, whatever the document's size; LIMIT_JSON_DEPTH levels.
 * Errors  ERR_FORMAT with the offset, ERR_LIMIT.
 * Source  RFC 8259; strings are UTF-8, and what js_read refuses of them is refused here too.
 */
#ifndef COMMON_JS_SCAN_H
#define COMMON_JS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Check that the bytes are one document: an object or an array.  what names it in messages. */
enum err_code js_scan(const void *bytes, size_t len, const char *what, struct err *err);
/* A string member of the object that a checked document is, at its first level: where it stands, with its quotes.
 * false where there is none. */
bool js_scan_member(const char *bytes, size_t len, const char *key, const char **ret_text, size_t *ret_len);
#endif
