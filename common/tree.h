/* tree.h - the manifests of one image, found through its indexes.
 *
 * Lifecycle  tree_init for a settled graph; tree_of for any image any number
 *            of times; tree_release.
 * Bounds     Sixteen bytes a node; each node once an image.  Indexes may list each other
 *            in a chain of any length, so the way to where it is stands in a list and
 *            not on the stack of calls.
 * Ownership  The graph is borrowed.
 * Errors     ERR_NOMEM.
 */
#ifndef COMMON_TREE_H
#define COMMON_TREE_H

#include "common/graph.h"

/* An index that is being gone through. */
struct tree_step {
	uint32_t index, next; /* node, and the place of the edge that comes next */
};

struct tree {
	const struct graph *graph;
	uint32_t *
		found; /* image manifests in the order of the indexes, and whatever is absent or left out beside them */
	size_t found_len;
	uint32_t *seen; /* by node: the turn in which it was looked at */
	uint32_t turn;
	struct tree_step *path; /* from the root down */
	size_t path_len;
};

enum err_code tree_init(struct tree *t, const struct graph *g, struct err *err);
/* Find what one image has. */
void tree_of(struct tree *t, const struct image *image);
/* A zeroed tree is fine. */
void tree_release(struct tree *t);
#endif
