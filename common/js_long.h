/* js_long.h - JSON whose long texts in base64 are not parsed byte by byte: signatures, certificates, payloads.
 *
 * Why     jansson takes each byte of a string in several steps: of the time in which a keyless signature is proved
 *         that was a twelfth.
 * How     It is given the document with marks in their place, so that it alone says what is JSON and what is not;
 *         then they are put where the marks are.  Only strings are left out that can stand for nothing but
 *         themselves: values of letters, digits and "+/=-_".  Keys are not, so one that stands twice is found.
 * Bounds  The document with marks is shorter than the document.
 * Errors  What is wrong with a document jansson says of the whole of it.
 * Source  RFC 8259, section 7: no control character stands in a string as it is.  So a string that begins with
 *         U+0001 is a mark where the document has no escape for that; where it has one, jansson reads all of it.
 */
#ifndef COMMON_JS_LONG_H
#define COMMON_JS_LONG_H

#include <stddef.h>

struct json_t;
struct json_error_t;

/* json_loadb: the same value, or NULL and the same reason. */
struct json_t *js_long_load(const char *document, size_t len, size_t flags, struct json_error_t *ret_why);
#endif
