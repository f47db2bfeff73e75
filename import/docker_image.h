/* docker_image.h - what a daemon with the containerd image store knows of one image: its answer to inspect with
 * manifests=1.
 *
 * Lifecycle  docker_image_get or docker_image_parse, look,
 *            docker_image_release.
 * Bounds     LIMIT_MANIFEST_BYTES for the answer, and the JSON bounds of js.h.
 * Ownership  An image owns its manifests.
 * Errors     Those of docker.h; ERR_FORMAT for an answer that is none.
 *            Manifests without a valid digest are passed over: they are no part
 *            of any plan.
 * Source     Docker Engine API 1.48, ImageInspect and ImageManifestSummary.
 */
#ifndef IMPORT_DOCKER_IMAGE_H
#define IMPORT_DOCKER_IMAGE_H

#include "common/platform.h"
#include "import/docker.h"

struct docker_manifest {
	struct digest digest;
	struct digest subject; /* AttestationData.For: the image manifest that it attests to; "" for others */
	uint64_t size_bytes;
	bool available;                   /* the manifest and everything it lists is there */
	bool attestation;                 /* the daemon knows it as an attestation */
	char platform[PLATFORM_TEXT_MAX]; /* of an image manifest; "" for others */
};

struct docker_image {
	struct digest digest;              /* what the name points to; "" where there is no such image */
	struct docker_manifest *manifests; /* as the image's index lists them */
	size_t manifests_len;
	const struct docker_manifest **by_digest; /* the same, sorted */
};

/* Ask for a name or digest; an image that is not there is no error, its digest is "". */
enum err_code docker_image_get(struct docker *d, const char *name, struct docker_image *ret_image, struct err *err);
/* Read an answer; what names it in messages. */
enum err_code docker_image_parse(const struct json_t *json, const char *what, struct docker_image *ret_image,
				 struct err *err);
/* The manifest of a digest, NULL if the daemon lists none. */
const struct docker_manifest *docker_image_find(const struct docker_image *image, const struct digest *digest);
/* A zeroed image is fine. */
void docker_image_release(struct docker_image *image);
#endif
