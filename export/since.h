/* since.h - what a site has from an earlier bundle: layers that need not travel again.
 *
 * Lifecycle  since_open; since_mark on a settled graph; since_release after the graph's last use.
 * Ownership  The marks in the graph borrow their strings from here.
 * Errors     Those of bundles/reader.h and bundles/contents.h.
 * Rules      Only layers are left out: manifests, configs, statements and referrers always travel.  A layer that the
 *            earlier bundle left out itself is had all the same: whoever imported that one had to have it.
 */
#ifndef EXPORT_SINCE_H
#define EXPORT_SINCE_H

#include "bundles/reader.h"
#include "common/graph.h"

struct since {
	struct bundle *bundle;  /* owned; NULL for none */
	struct graph graph;     /* of the earlier bundle */
	struct holder *holders; /* owned: by its nodes */
};

enum err_code since_open(const char *path, struct since *ret_since, struct err *err);
/* Leave out of a settled graph the layers that the earlier bundle's images have. */
void since_mark(const struct since *s, struct graph *graph);
/* A zeroed one is fine. */
void since_release(struct since *s);
#endif
