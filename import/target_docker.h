/* target_docker.h - a Docker daemon with the containerd image store as a target.
 *
 * Lifecycle  See target.h.
 * Errors     Those of target.h.  probe: ERR_UNSUPPORTED for a daemon whose store
 *            keeps no attestations or whose API does not list manifests, and for
 *            sha512.  write: ERR_REFUSED in the daemon's own words, ERR_PARTIAL
 *            for an image that is loaded but cannot be unpacked.
 * Order      What is there whole under its name is not sent; if that is all,
 *            nothing is.  Everything else goes in one load, whose names the
 *            daemon gives when it has read to the end.
 * Source     docs/architecture.md, "Import"; Docker Engine API, ImageLoad.
 */
#ifndef IMPORT_TARGET_DOCKER_H
#define IMPORT_TARGET_DOCKER_H

#include "import/target.h"

/* The daemon that docker_endpoint_find takes the text for; it is not asked before probe. */
enum err_code target_docker_new(const char *daemon, struct target **ret_target, struct err *err);
#endif
