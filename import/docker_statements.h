/* docker_statements.h - are an image's statements at the daemon what the bundle holds?
 *
 * Lifecycle  docker_statements_check for each image, once it is loaded.
 * Bounds     Statements of one type are compared byte for byte, as JSON, where
 *            they have at most LIMIT_STATEMENT_PARSED_BYTES together and stay
 *            within the bounds of js.h; for larger ones digest and type are.
 * Errors     ERR_PARTIAL: the image, the platform, and what is missing or
 *            another; those of docker.h and plan.h.
 * Rules      The daemon looks among the manifests of the image's own OCI index
 *            for the platform, and at the first attestation of what it finds:
 *            platforms that two manifests have, indexes in indexes and Docker's
 *            manifest lists are not asked for.  Nor is what the bundle itself
 *            lacks parts of.
 * Source     moby daemon/containerd/image_attestations.go.
 */
#ifndef IMPORT_DOCKER_STATEMENTS_H
#define IMPORT_DOCKER_STATEMENTS_H

#include "import/docker_attestations.h"
#include "import/plan.h"

/* Ask for every platform of an image and compare.  A daemon without the API is not asked. */
enum err_code docker_statements_check(struct docker *d, const struct plan *plan, size_t image, struct err *err);
#endif
