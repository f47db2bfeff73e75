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

/* What a text that is parsed alone is of its document: its bytes from at on stand there from document_at on. */
struct js_piece {
	size_t at, document_at;
};

/* An item of a document, or what is left of it without some. */
struct js_part {
	const char *text;
	size_t len;
	bool is_item;                  /* it may be any value */
	const char *document, *what;   /* what names the document */
	const struct js_piece *pieces; /* in order; the first one begins with the text */
	size_t pieces_len;
};

/* Parse it; what is wrong is said by its place in the document. */
enum err_code js_read_part(const struct js_part *part, struct json_t **ret_value, struct err *err);
#endif
