/* description.h - bundle.json: what a bundle holds, for programs, people and policies, before anything else is read.
 *
 * Lifecycle  description_write from a settled graph; description_read from the
 *            bytes, look, description_release.
 * Units      Sizes are bytes.  A blob is named by its place in blobs[].
 * Bounds     LIMIT_DESCRIPTION_BYTES and the JSON bounds of js.h.
 * Ownership  A description owns its JSON; strings are borrowed from there.
 * Errors     description_read: ERR_DAMAGED, ERR_UNSUPPORTED (a schema from the
 *            future), ERR_LIMIT, ERR_NOMEM.  Known members are checked, unknown
 *            ones are ignored.
 * Format     The same graph gives the same bytes; no source, clock or host is
 *            named.  Compact JSON, members in this order:
 *
 *   schemaVersion  1
 *   images         by name: name, digest, mediaType, size,
 *                  platforms: platform?, digest, size (config and layers),
 *                             attestations: digest,
 *                                           statements: digest, predicateType?, size
 *                  absent: digest, platform? (listed by its index, not at the source)
 *   referrers      by subject, kind, digest: subject, digest, kind, mediaType, artifactType?, predicateType?, size
 *   files          oci-layout and index.json: name, digest, size
 *   blobs          in the file's order: digest, size, role, mediaType, stored
 *   totals         images, blobs, bytes, layers, layerBytes (what is in the file), absent (how many blobs are not)
 */
#ifndef BUNDLES_DESCRIPTION_H
#define BUNDLES_DESCRIPTION_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/graph.h"
#include "common/js.h"
#include "common/stream.h"

#define BLOB_NONE SIZE_MAX

/* How a blob stands in the file; blobs[] is sorted by it. */
enum stored {
	STORED_PACKED, /* in front, many to a frame */
	STORED_RAW,    /* compressed already: as it is, at a computable offset */
	STORED_ZSTD,   /* in frames of its own */
	STORED_ABSENT, /* not in the file: the source did not have it */
	STORED_COUNT,
};

struct description_blob {
	struct digest digest;
	uint64_t size_bytes;
	const char *media_type;
	enum role role;
	enum stored stored;
};

struct description_image {
	const char *name; /* full normalised name */
	size_t root;
};

struct description_link {
	size_t subject, referrer;
	enum link_kind kind; /* never LINK_BUILDKIT: the index itself says that */
};

struct description_file {
	const char *name;
	struct digest digest;
	uint64_t size_bytes;
};

struct description {
	struct json_t *json; /* owned */
	struct description_image *images;
	size_t images_len;
	struct description_link *links; /* by subject digest, kind, referrer digest */
	size_t links_len;
	struct description_blob *blobs;
	size_t blobs_len;
	size_t *by_digest; /* places in blobs[] */
	struct description_file layout, index;
};

/* How a node of the graph is stored. */
enum stored stored_of(const struct node *n);
/* "packed", "raw", "zstd", "absent". */
const char *stored_name(enum stored stored);
/* Write the description of a settled graph, given graph_order's result and the two files beside it. */
enum err_code description_write(const struct graph *g, const uint32_t *order, size_t len,
				const struct description_file *layout, const struct description_file *index,
				struct outstream *out, struct err *err);
/* Read and check a description; what names it in messages. */
enum err_code description_read(const void *bytes, size_t len, const char *what, struct description *ret_description,
			       struct err *err);
/* The blob of a digest, BLOB_NONE if there is none. */
size_t description_find(const struct description *d, const struct digest *digest);
/* The image of a name, NULL if there is none. */
const struct description_image *description_image(const struct description *d, const char *name);
/* The links of one subject: a range of links. */
size_t description_links_of(const struct description *d, size_t subject, const struct description_link **ret_links);
/* Free what read took.  A zeroed description is fine. */
void description_release(struct description *d);
#endif
