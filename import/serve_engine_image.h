/* serve_engine_image.h - an image as the Engine API shows it: its manifests, what each of them is and has.
 *
 * Lifecycle  engine_image_read; look, or engine_image_put_…; engine_image_release.
 * Units      Sizes are bytes.
 * Bounds     LIMIT_ENGINE_MANIFESTS manifests and indexes, with their configs of
 *            LIMIT_ENGINE_BYTES; LIMIT_GRAPH_DEPTH steps from the root.
 * Ownership  An image owns what it read; its root descriptor is borrowed.
 * Errors     ERR_LIMIT; those of the source.  What an index lists and the source lacks is
 *            no error: it is not available.
 * Deviation  Of several manifests one that is here is shown for the image before one that
 *            is not; the daemon looks at the platform alone.  Nothing is unpacked here, so a
 *            total is the size of the content.
 * Source     moby daemon/containerd/image_list.go, multiPlatformSummary; image_manifest.go.
 */
#ifndef IMPORT_SERVE_ENGINE_IMAGE_H
#define IMPORT_SERVE_ENGINE_IMAGE_H

#include "common/js.h"
#include "import/serve_engine_content.h"
#include "import/serve_engine_platform.h"

enum engine_kind {
	ENGINE_IMAGE,
	ENGINE_ATTESTATION,
	ENGINE_UNKNOWN, /* neither: an artifact that an index lists */
};

struct engine_manifest {
	struct descriptor descriptor; /* as its index has it; strings are the index's */
	bool listed;                  /* false for the image's own root */
	enum engine_kind kind;
	bool there, available;    /* it, and all that it lists */
	uint64_t content_bytes;   /* of what is there */
	struct descriptor config; /* without a media type; "" is none */
	struct platform platform; /* of an image, where it says */
	bool has_platform;
};

struct engine_image {
	struct descriptor root; /* borrowed strings */
	struct manifest *lists; /* owned: the indexes that were read */
	size_t lists_len, lists_cap;
	struct engine_manifest *items; /* owned */
	size_t items_len, items_cap;
	uint64_t total_bytes;
	uint64_t read_bytes;   /* of manifests, indexes and configs, each as often as it is listed */
	size_t best;           /* the manifest that is shown for the image; SIZE_MAX: there is none */
	struct json_t *config; /* owned: of that one; NULL where it is not there */
};

/* Read the image of a root.  Shown for it is the manifest that `host` would run best; where wanted is not NULL, only
 * one that is for it. */
enum err_code engine_image_read(struct source *source, const struct descriptor *root, const struct platform *host,
				const struct platform *wanted, struct engine_image *ret_image, struct err *err);
/* A descriptor as Go's library has it; of an image's root, under the name it has; of others name is NULL. */
void engine_put_descriptor(struct js_out *o, const struct descriptor *d, const char *name);
/* "Manifests" of an image, in the order in which they are listed.  With statements those of each attestation manifest
 * stand in its AttestationData, as they are. */
enum err_code engine_image_put_manifests(const struct engine_image *image, struct source *source, bool statements,
					 const char *name, struct js_out *o, struct err *err);
/* A zeroed image is fine. */
void engine_image_release(struct engine_image *image);
#endif
