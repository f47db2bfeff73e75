/* docker_attestations.h - the statements that a Docker daemon gives for an image.
 *
 * Lifecycle  docker_open; docker_attestations_get any number of times.  Where
 *            the daemon has no such API, docker_image_get still lists the
 *            attestation manifests: digest, size, and in .subject the manifest
 *            whose .platform docker_image_find gives.
 * Bounds     What out takes: an answer with statements has their size.
 * Errors     Those of docker.h; ERR_UNSUPPORTED (an API below 1.55),
 *            ERR_NOT_FOUND (no such image, or not for this platform).
 * Source     Docker Engine API 1.55, ImageAttestations.
 */
#ifndef IMPORT_DOCKER_ATTESTATIONS_H
#define IMPORT_DOCKER_ATTESTATIONS_H

#include "common/platform.h"
#include "import/docker.h"

struct docker_query {
	const char *name;                /* full normalised name */
	const struct platform *platform; /* NULL: the daemon's own */
	const char *const *types;        /* predicate types; none for all */
	size_t types_len;
	bool statements; /* with the statements themselves */
};

/* True where the daemon has the API. */
bool docker_gives_attestations(const struct docker *d);
/* The path of a query, after the version. */
enum err_code docker_attestations_path(const struct docker_query *q, struct buf *path, struct err *err);
/* The daemon's own JSON text, an array, into out, which is not finished. */
enum err_code docker_attestations_get(struct docker *d, const struct docker_query *q, struct outstream *out,
				      struct err *err);
#endif
