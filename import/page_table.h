/* page_table.h - a table that may be long: searched and turned page by page where it is served, cut in a report.
 *
 * Lifecycle  page_table_put calls the kind's rows function twice, once to count and once to show.
 * Bounds     PAGE_TABLE_ROWS rows at a time; PAGE_CELLS columns.
 * Trust      Cells are from outside.
 */
#ifndef IMPORT_PAGE_TABLE_H
#define IMPORT_PAGE_TABLE_H

#include "common/js.h"
#include "import/page.h"

#define PAGE_TABLE_ROWS ((size_t)500)
#define PAGE_CELLS 4

struct page_table;

struct page_table_kind {
	const char *one, *more;          /* "package", "packages" */
	const char *columns[PAGE_CELLS]; /* the first one names the row; NULL behind the last */
	bool code;                       /* the last column is for machines to read */
	/* Call page_table_row for each row. */
	void (*rows)(struct page_table *t, const struct json_t *value);
};

/* A row; NULL cells are empty. */
void page_table_row(struct page_table *t, const char *const cells[PAGE_CELLS]);
/* The table with what belongs to it; document is the node whose page it is on. */
void page_table_put(const struct page_view *v, const struct page_table_kind *kind, const struct json_t *value,
		    uint32_t document);
#endif
