/* inventory.h - what a layout, a registry, a Docker daemon or a containerd has, to be carried back: with it an export
 * leaves out what is there.
 *
 * Bounds     Those of common/holdings.h, common/layout.h and docker.h.
 * Ownership  What is looked at is borrowed; the holdings are the caller's, also
 *            after a failure.
 * Errors     Those of the layout, the graph and the daemon.
 * Trust      A layer of a layout is looked up, not read: it is there and has its
 *            size.  A daemon says which image manifests it has with all their
 *            layers, and gives no layer's digest: so of a daemon the manifests are
 *            listed, and whoever exports finds out what they list.  Of a containerd
 *            what counts is what its labels lead to.
 */
#ifndef IMPORT_INVENTORY_H
#define IMPORT_INVENTORY_H

#include "common/holdings.h"
#include "common/layout.h"
#include "import/containerd.h"
#include "import/docker.h"

enum err_code inventory_of_layout(const struct layout *l, struct holdings *h, struct err *err);
/* The layers of a settled graph; there says by node what is there, and NULL that all is that may be distributed. */
enum err_code inventory_of_graph(const struct graph *g, const bool *there, struct holdings *h, struct err *err);
enum err_code inventory_of_docker(struct docker *d, struct holdings *h, struct err *err);
enum err_code inventory_of_containerd(struct containerd *c, struct holdings *h, struct err *err);
#endif
