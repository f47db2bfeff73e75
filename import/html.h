/* html.h - HTML as a stream, in which whatever comes from outside is text and can be nothing else.
 *
 * Lifecycle  html_init; begin and end of elements, with attributes before content; html_finish.
 * Bounds     HTML_DEPTH elements inside each other; a chunk of 4 KiB.  html_is_full says when max_bytes
 *            have been written: whoever writes rows by the thousand asks, and says that it has cut.
 * Ownership  The stream is borrowed, and so are the names of elements, which are the program's own words.
 * Errors     The first error of the stream stays, and html_finish returns it.
 * Trust      Text, values and queries are escaped whatever they are.  Control characters, bytes that are no
 *            UTF-8 and characters that reorder what stands around them become U+FFFD.  A URL from outside is
 *            shown as text and never becomes a link: no page leads away from where it was read.
 * Source     WHATWG HTML, section 13.1 (writing documents); RFC 3986 section 2.1.
 */
#ifndef IMPORT_HTML_H
#define IMPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/stream.h"

#define HTML_DEPTH 256

struct html {
	struct outstream *to;
	uint64_t written_bytes, max_bytes;
	struct err err; /* the first failure */
	const char *open[HTML_DEPTH];
	unsigned depth;
	bool in_tag; /* its attributes may follow */
	size_t chunk_len;
	char chunk[4096];
};

void html_init(struct html *h, struct outstream *to, uint64_t max_bytes);
/* The program's own markup, as it stands; never anything from outside. */
void html_raw(struct html *h, const char *markup);
/* Begin an element; class may be NULL.  Then its attributes, then its content. */
void html_begin(struct html *h, const char *element, const char *class);
void html_attr(struct html *h, const char *name, const char *value);
/* name="prefix" and a text behind it: an id, or a place in this page. */
void html_attr_prefixed(struct html *h, const char *name, const char *prefix, const char *value);
/* href="/?key=value&…" of pairs whose value is not NULL; a NULL key ends them. */
void html_href_query(struct html *h, const char *const pairs[][2]);
/* End the element that was begun last. */
void html_end(struct html *h);
/* The same for an element that has no content and no end tag. */
void html_void_end(struct html *h);
void html_text(struct html *h, const char *text);
void html_bytes(struct html *h, const void *bytes, size_t len);
/* At most max_bytes bytes of a text; where it is cut, an ellipsis says so. */
void html_text_cut(struct html *h, const char *text, size_t max_bytes);
void html_printf(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A whole element with a text; class may be NULL. */
void html_element(struct html *h, const char *element, const char *class, const char *text);
/* Something that the page is made from failed: html_finish says so. */
void html_fail(struct html *h, const struct err *why);
/* True from the time on when max_bytes have been written. */
bool html_is_full(const struct html *h);
/* Everything that is written through it becomes text. */
struct html_stage {
	struct outstream out;
	struct html *html; /* borrowed */
};
void html_stage_init(struct html_stage *s, struct html *h);
/* Write what is left and finish the stream; all elements have ended. */
enum err_code html_finish(struct html *h, struct err *err);
#endif
