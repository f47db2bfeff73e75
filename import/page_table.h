/* page_table.h - a table that may be long: searched and turned page by page where it is served, cut in a report.
 *
 * Lifecycle  page_table_put goes through the list twice, once to count and once to show.
 * Bounds     PAGE_TABLE_ROWS rows at a time; PAGE_CELLS columns.
 * Trust      Cells are from outside.
 */
#ifndef IMPORT_PAGE_TABLE_H
#define IMPORT_PAGE_TABLE_H

#include "import/document.h"
#include "import/page.h"

#define PAGE_TABLE_ROWS ((size_t)500)
#define PAGE_CELLS 4

struct page_table;

struct page_table_kind {
	const char *one, *more;          /* "package", "packages" */
	const char *columns[PAGE_CELLS]; /* the first one names the row; NULL behind the last */
	bool code;                       /* the last column is for machines to read */
	const char *list;                /* the member whose items are rows */
	/* Call page_table_row for an item, once or more often; it is NULL where it could not be read. */
	void (*row)(struct page_table *t, const struct json_t *item);
};

/* A row; NULL cells are empty. */
void page_table_row(struct page_table *t, const char *const cells[PAGE_CELLS]);
/* The table of a list of body, a part of a document, with what belongs to it; node is whose page it is on.  What a
 * large document is read again for may fail, which html_finish says. */
void page_table_put(const struct page_view *v, const struct page_table_kind *kind, const struct document *d,
		    const struct json_t *body, uint32_t node);
#endif
