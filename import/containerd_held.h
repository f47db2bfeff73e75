/* containerd_held.h - what is there in a containerd, and what leads to it: found by references alone, as the garbage
 * collector finds it.
 *
 * Lifecycle  ctr_held_init for the nodes of a plan; ctr_held_look; ctr_held_from for any
 *            image; ctr_held_release.
 * Bounds     Twelve bytes a node and four an edge.
 * Ownership  The plan is borrowed.
 * Errors     Those of containerd.h.
 */
#ifndef IMPORT_CONTAINERD_HELD_H
#define IMPORT_CONTAINERD_HELD_H

#include "import/containerd.h"
#include "import/plan.h"

struct ctr_held {
	const struct graph *graph;
	bool *there;     /* by node: it is there, with its size */
	bool *refers;    /* by node: it has all the references that it should have */
	uint32_t *begin; /* by node: where its references begin in to[]; one more at the end */
	uint32_t *to;    /* the nodes that are referred to */
	size_t to_len, to_cap;
	uint32_t *found; /* by the last ctr_held_from */
	size_t found_len;
	uint32_t *seen; /* by node: the turn in which it was found */
	uint32_t turn;
};

enum err_code ctr_held_init(struct ctr_held *held, const struct graph *g, struct err *err);
/* Ask for every node; a second time asks anew. */
enum err_code ctr_held_look(struct ctr_held *held, struct containerd *c, struct err *err);
/* Find all that is reached from a node and there. */
void ctr_held_from(struct ctr_held *held, uint32_t root);
/* True where the last ctr_held_from found it. */
bool ctr_held_found(const struct ctr_held *held, uint32_t node);
/* A zeroed one is fine. */
void ctr_held_release(struct ctr_held *held);
#endif
