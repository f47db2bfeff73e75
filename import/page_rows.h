/* page_rows.h - what stands around rows that may be many: a search, a caption and turns from page to page, all without
 * a script.
 *
 * Lifecycle  Fill in what is counted; page_rows_choose; put the parts.
 * Ownership  Everything is borrowed.
 * Trust      Texts are from outside.
 */
#ifndef IMPORT_PAGE_ROWS_H
#define IMPORT_PAGE_ROWS_H

#include <stdbool.h>

#include "import/html.h"

struct page_rows {
	const char *image, *document; /* whose page it is; NULL: the first page of all */
	const char *query;            /* what is looked for; NULL: nothing */
	size_t total, found;          /* all rows; those that hold it */
	size_t from, end, most;       /* of these, which ones are shown, and how many at most */
};

/* Which ones are shown: so many at most, from one on, where it is one of them. */
void page_rows_choose(struct page_rows *r, size_t from, size_t most);
/* True where a search is of use: fewer rows are read faster. */
bool page_rows_are_many(const struct page_rows *r);
/* The form; what is searched is "images". */
void page_rows_search(struct html *h, const struct page_rows *r, const char *what);
/* How many there are, or are found, of what they are. */
void page_rows_caption(struct html *h, const struct page_rows *r, const char *what);
/* Which ones are shown, and links to those before and behind them; nothing where all of them are. */
void page_rows_turns(struct html *h, const struct page_rows *r);
#endif
