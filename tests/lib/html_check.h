/* html_check.h - a page, read by the letter: whether it is our own markup and nothing that came from outside.
 *
 * Bounds  Elements nest up to 256 deep.
 * Errors  None: what is wrong is said in a static text.
 */
#ifndef TESTS_LIB_HTML_CHECK_H
#define TESTS_LIB_HTML_CHECK_H

#include <stddef.h>

/* NULL for a page, or a part of one, that holds only elements and attributes which pages are made of, properly nested,
 * whose links stay here and whose style and script are the program's own; else what is wrong, and where. */
const char *html_check(const char *page);
/* How often a text stands in another. */
size_t html_count(const char *page, const char *text);
#endif
