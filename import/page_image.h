/* page_image.h - an image for people: its platforms, and what is attested to each, as a tree.
 *
 * Lifecycle  page_images_init for a settled graph; page_image for any of its images, in any order;
 *            page_images_release.
 * Bounds     Two bytes a node.  Each node is spread out once, however often it is listed: a second time it says
 *            where it stands.  Documents are read for a line about them while claims_left of the view lasts.
 * Errors     ERR_NOMEM; those of document_read.
 */
#ifndef IMPORT_PAGE_IMAGE_H
#define IMPORT_PAGE_IMAGE_H

#include "common/tree.h"
#include "import/page.h"

#define PAGE_CLAIMS ((size_t)500)

struct page_images {
	struct page_view *view; /* borrowed */
	struct tree tree;
	bool *shown; /* by node */
	bool *tied;  /* by node: it is about something that is here */
};

enum err_code page_images_init(struct page_images *p, struct page_view *v, struct err *err);
/* One image as an article; level is that of its heading, 1 or 2. */
enum err_code page_image(struct page_images *p, const struct image *image, unsigned level, struct err *err);
/* A zeroed one is fine. */
void page_images_release(struct page_images *p);
#endif
