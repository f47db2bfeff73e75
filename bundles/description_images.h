/* description_images.h - the member of a description's documents that says what each image is made of.
 *
 * Errors  ERR_LIMIT (sizes that add up to more than can be), ERR_NOMEM.
 * Format  images, as description.h has it.
 */
#ifndef BUNDLES_DESCRIPTION_IMAGES_H
#define BUNDLES_DESCRIPTION_IMAGES_H

#include "common/graph.h"
#include "common/js.h"

/* Some images: of a shard, or all. */
struct description_range {
	size_t first, len;
};

/* Write the member. */
enum err_code description_put_images(const struct graph *g, struct description_range range, struct js_out *o,
				     struct err *err);
#endif
