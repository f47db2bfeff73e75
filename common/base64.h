/* base64.h - standard base64 with padding (RFC 4648 section 4), in its one form: no loose bits (section 3.5).
 *
 * Bounds  The buffer's maximum.
 * Errors  ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 */
#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

#include "common/buf.h"

/* Append what text stands for. */
enum err_code base64_decode(const char *text, struct buf *out, struct err *err);
/* The same of a text in lines, as base64(1) writes it: Go's decoder passes over line breaks, so tools that are written
 * in it take them. */
enum err_code base64_decode_lines(const char *text, struct buf *out, struct err *err);
/* Append the text that stands for len bytes. */
enum err_code base64_encode(const void *bytes, size_t len, struct buf *out, struct err *err);
#endif
