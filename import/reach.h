/* reach.h - everything that the images of a layout lead to.
 *
 * Lifecycle  reach_look; look; reach_release.
 * Bounds     Those of common/layout.h and the graph; a byte a node.
 * Ownership  The layout is borrowed while looking.
 * Errors     Those of the layout, its survey and the graph.  A child that is not there is no error: the node is absent.
 * Trust      Manifests are read and proved.  A layer is looked up, not read: it is there and has its size.
 */
#ifndef IMPORT_REACH_H
#define IMPORT_REACH_H

#include "common/layout.h"

struct reach {
	struct graph graph; /* settled; images under full names, whoever wrote them */
	bool *there;        /* by node: its blob is in the layout, and has its size */
};

enum err_code reach_look(const struct layout *l, struct reach *ret_reach, struct err *err);
/* A zeroed one is fine. */
void reach_release(struct reach *s);
#endif
