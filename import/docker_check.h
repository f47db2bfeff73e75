/* docker_check.h - is an image at the daemon what the plan says?
 *
 * Lifecycle  docker_check_init, docker_check_image for any image any number of
 *            times, docker_check_release.
 * Bounds     Five bytes a node of the graph.
 * Ownership  The graph is borrowed.
 * Errors     ERR_PARTIAL: the image and the first thing that is missing or
 *            another; ERR_NOMEM.
 */
#ifndef IMPORT_DOCKER_CHECK_H
#define IMPORT_DOCKER_CHECK_H

#include "common/graph.h"
#include "import/docker_image.h"

struct docker_check {
	const struct graph *graph;
	bool *paired;    /* by node: an attestation manifest that its index pairs with an image manifest of it */
	uint32_t *stamp; /* by node: the turn in which it was looked at */
	uint32_t turn;
};

struct docker_count {
	size_t platforms;    /* image manifests that are there, with all that they list */
	size_t attestations; /* attestation manifests that the daemon knows as such */
	size_t partial;      /* manifests of which the bundle itself lacks something: not demanded */
};

enum err_code docker_check_init(struct docker_check *c, const struct graph *graph, struct err *err);
/* Compare what the daemon answered with an image of the graph, and count. */
enum err_code docker_check_image(struct docker_check *c, const struct image *image, const struct docker_image *got,
				 struct docker_count *ret_count, struct err *err);
/* True where the index pairs the attestation manifest with this image manifest. */
bool docker_attests(const struct graph *g, uint32_t attestation, uint32_t manifest);
/* True where everything that a manifest lists is in the bundle, and itself too. */
bool docker_whole(const struct graph *g, uint32_t node);
/* A zeroed check is fine. */
void docker_check_release(struct docker_check *c);
#endif
