/* target_containerd.h - a containerd as a target: that of a Kubernetes node, of nerdctl, or the one behind a Docker
 * daemon.
 *
 * Lifecycle  See target.h.
 * Errors     Those of target.h.  probe: ERR_UNSUPPORTED for what is no containerd, and for sha512; ERR_NOT_FOUND for a
 *            namespace that is not there.
 * Order      Everything is written under a lease, with the references that keep it from being collected; then the names
 *            are given; then the lease ends.  A killed run leaves a lease for a day, and no name.
 * Source     docs/architecture.md, "Import"; containerd, docs/garbage-collection.md.
 */
#ifndef IMPORT_TARGET_CONTAINERD_H
#define IMPORT_TARGET_CONTAINERD_H

#include "import/target.h"

/* The containerd at a unix socket; it is not asked before probe.  namespace is NULL for the one that fits. */
enum err_code target_containerd_new(const char *socket, const char *namespace, bool pin, struct target **ret_target,
				    struct err *err);
#endif
