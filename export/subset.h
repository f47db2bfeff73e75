/* subset.h - what a report says of images of which some platforms were left out.
 *
 * Lifecycle  tree_init on the settled graph, tree_of for an image, then these.
 */
#ifndef EXPORT_SUBSET_H
#define EXPORT_SUBSET_H

#include <stdio.h>

#include "common/js.h"
#include "common/tree.h"

/* How many images of the graph are subsets: an index of theirs lists what was not asked for. */
size_t subset_count(struct tree *t);
/* "  left out: linux/arm64, linux/arm/v7" for the image that was looked at, or nothing. */
void subset_print(const struct tree *t, FILE *to);
/* The member leftOut, an array of digests and platforms; for an image that is whole, nothing. */
void subset_put(const struct tree *t, struct js_out *o);
/* The line for stderr, where there is any subset: not every registry takes such an index. */
void subset_warn(size_t count);
#endif
