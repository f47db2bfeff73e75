/* watch.h - who is waiting sees, image by image, what has arrived.
 *
 * Lifecycle  watch_init; watch_advance for every piece of a blob, or watch_leave_out; watch_release.
 * Bounds     Some bytes a node and an image; images are shown while blobs of
 *            theirs are under way.
 */
#ifndef EXPORT_WATCH_H
#define EXPORT_WATCH_H

#include "common/graph.h"
#include "common/progress.h"

struct watch {
	struct progress *progress; /* borrowed */
	const struct graph *graph; /* borrowed */
	uint32_t *owners;          /* of each node: the image on whose behalf it is fetched */
	struct watch_image *images;
};

enum err_code watch_init(struct watch *w, const struct graph *g, struct progress *progress, struct err *err);
/* So many bytes more of a node; w is NULL where nobody watches. */
void watch_advance(struct watch *w, uint32_t node, uint64_t bytes);
/* A node, of which nothing has come, will not come. */
void watch_leave_out(struct watch *w, uint32_t node);
/* A zeroed watch is fine. */
void watch_release(struct watch *w);
#endif
