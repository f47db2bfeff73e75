/* page_list.h - what a site serves, for people: its images by name, with what is attested to each, searched and turned
 * page by page.
 *
 * Bounds  PAGE_LIST_ROWS images at a time, whose graphs are looked at.
 * Errors  ERR_NOMEM, those of catalog_images.  An image that cannot be read says so in its row.
 */
#ifndef IMPORT_PAGE_LIST_H
#define IMPORT_PAGE_LIST_H

#include "import/catalog.h"
#include "import/html.h"

#define PAGE_LIST_ROWS ((size_t)100)

/* The images whose names hold query, NULL for all, from one of them on. */
enum err_code page_list(struct html *h, struct catalog_view *view, const char *query, size_t from, struct err *err);
#endif
