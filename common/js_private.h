/* js_private.h - the inside of js.h, for what reads JSON without a tree of all of it.
 *
 * Errors  Those of js.h.
 */
#ifndef COMMON_JS_PRIVATE_H
#define COMMON_JS_PRIVATE_H

#include "common/js.h"

/* From behind the quote that opens a string to the one that closes it, or to the end of the text. */
const char *js_string_end(const char *p, const char *end);
/* Count values and depth: before anything is allocated for them. */
enum err_code js_bounds(const char *p, size_t len, size_t max_values, const char *what, struct err *err);

/* A byte that stands nowhere in JSON, and that the parser passes over behind a number. */
bool js_has_nul(const void *bytes, size_t len);

/* Parse a document that consists of long strings for the most part: of each byte of these the parser makes a hundred
 * steps, and where they are plain, nothing can be wrong with them.  So it parses the document without them, and they
 * are put into what comes out.  *ret_value is left alone where the document is of another kind, or is not valid: the
 * parser says why. */
enum err_code js_read_long(const char *document, size_t len, struct json_t **ret_value, struct err *err);

/* What a text that is parsed alone is of its document: its bytes from at on stand there from document_at on. */
struct js_piece {
	size_t at, document_at;
};

/* An item of a document, or what is left of it without some. */
struct js_part {
	const char *text;
	size_t len;
	bool is_item; /* it may be any value */
	size_t max_values;
	const char *document, *what;   /* what names the document */
	const struct js_piece *pieces; /* in order; the first one begins with the text */
	size_t pieces_len;
};

/* Count its values, and parse it; what is wrong is said by its place in the document. */
enum err_code js_read_part(const struct js_part *part, struct json_t **ret_value, struct err *err);
#endif
