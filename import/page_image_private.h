/* page_image_private.h - what the two halves of page_image share: an image, and what is attested to a node of it.
 *
 * Lifecycle, bounds, errors  Those of page_image.h.
 */
#ifndef IMPORT_PAGE_IMAGE_PRIVATE_H
#define IMPORT_PAGE_IMAGE_PRIVATE_H

#include "import/page_image.h"

const struct node *page_node(const struct page_images *p, uint32_t node);
/* What is not here says why. */
void page_put_state(struct html *h, const struct node *n);
/* Everything that is said about a node, as a list; nothing is said where there is none. */
enum err_code page_put_attested(struct page_images *p, uint32_t node, struct err *err);
/* The same as items of a list that is open, so many steps below the image; and one of them. */
enum err_code page_put_referrers(struct page_images *p, uint32_t node, unsigned depth, struct err *err);
enum err_code page_put_referrer(struct page_images *p, uint32_t node, enum link_kind kind, unsigned depth,
				struct err *err);
#endif
