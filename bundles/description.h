/* description.h - bundle.json: what a bundle holds, for programs, people and policies, before anything else is read.
 *
 * Lifecycle  Writing: a description_maker of a settled graph; each shard, if
 *            there are any; then bundle.json, which names them.
 *            Reading: description_read of bundle.json, description_add of the
 *            shards (all, in order, or only the one that is wanted),
 *            description_complete once all are there; look; description_release.
 * Units      Sizes are bytes.  A blob is named by its place in blobs[].
 * Bounds     LIMIT_DESCRIPTION_BYTES a document and the JSON bounds of js.h;
 *            ANNOTATIONS_MAX, LIMIT_IMAGES, LIMIT_NODES, LIMIT_EDGES in all.
 * Ownership  A description owns everything in it; no JSON is kept.
 * Errors     ERR_DAMAGED, ERR_UNSUPPORTED (a schema from the future),
 *            ERR_LIMIT, ERR_NOMEM.  Known members are checked, unknown ones are
 *            ignored.
 * Format     The same graph gives the same bytes; no source, clock or host is
 *            named.  Compact JSON, members in this order:
 *
 *   schemaVersion  1
 *   annotations    by key: what the exporter wrote on it; left out where nothing
 *   stream         name, serial: its place in a row of bundles; left out where none
 *   selection      platforms?, attestationsOnly?, referrers?: what was asked for; left out where that was everything
 *   trustedRoot    sigstore's trusted root as it was given to the exporter; left out where none was
 *   images         by name: name, digest, mediaType, size,
 *                  platforms: platform?, digest, size (config and layers); an entry for each platform of a manifest,
 *                             attestations: digest,
 *                                           statements: digest, predicateType?, size
 *                             layers: digests, as its manifest lists them
 *                  absent: digest, platform? (listed by its index, not at the source),
 *                  leftOut: digest, platform? (listed by its index, not asked for); left out where none
 *   referrers      by subject, kind, digest: subject, digest, kind, mediaType, artifactType?, predicateType?, size
 *   files          oci-layout and index.json: name, digest, size
 *   blobs          in the file's order: digest, size, role, mediaType, stored, and of prerequisites manifest and
 *                  image: who has it
 *   totals         images, blobs, bytes, layers, layerBytes (what is in the file), absent (how many blobs were not at
 *                  the source), and where there are any, prerequisites and prerequisiteBytes, leftOut and leftOutBytes
 *
 *            Of more than SHARDS_FROM images bundle.json itself has no images,
 *            referrers and blobs, but in their place
 *
 *   shards         name, digest, size, first (name of its first image), images (how many)
 *
 *            Each shard is a document of its own, with schemaVersion, and the
 *            images, referrers and blobs of SHARD_IMAGES images, the last one of
 *            what is left.  A blob stands in the shard of the first image that
 *            it belongs to, a referrer in every shard with an image that it
 *            belongs to, so that one shard says all of an image but the blobs it
 *            shares with earlier ones.  The blobs of all shards, those of each
 *            way of storing together, are in the file's order.
 */
#ifndef BUNDLES_DESCRIPTION_H
#define BUNDLES_DESCRIPTION_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/graph.h"
#include "common/intern.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/selection.h"
#include "common/stream.h"

#define BLOB_NONE SIZE_MAX
#define ANNOTATIONS_MAX ((size_t)256)
#define SHARDS_FROM ((size_t)1000)
#define SHARD_IMAGES ((size_t)128)
#define SHARDS_MAX (LIMIT_IMAGES / SHARD_IMAGES + 1)
#define SHARD_NAME_MAX 48

/* How a blob stands in the file; blobs[] is sorted by it. */
enum stored {
	STORED_PACKED,       /* in front, many to a frame */
	STORED_RAW,          /* compressed already: as it is, at a computable offset */
	STORED_ZSTD,         /* in frames of its own */
	STORED_PREREQUISITE, /* not in the file: the target must have it */
	STORED_ABSENT,       /* not in the file: the source did not have it */
	STORED_LEFT_OUT,     /* not in the file: it was not asked for */
	STORED_COUNT,
};

struct description_blob {
	struct digest digest;
	uint64_t size_bytes;
	const char *media_type;
	enum role role;
	enum stored stored;
	struct holder holder; /* of a prerequisite: who has it */
};

struct description_image {
	const char *name; /* full normalised name */
	struct digest digest;
	uint64_t size_bytes;
	const char *media_type;
};

struct description_link {
	struct digest subject, referrer;
	uint64_t size_bytes; /* of the referrer */
	const char *media_type;
	enum link_kind kind; /* never LINK_BUILDKIT: the index itself says that */
};

struct description_file {
	const char *name;
	struct digest digest;
	uint64_t size_bytes;
};

struct description_annotation {
	const char *key, *value;
};

/* What does not follow from the images: the exporter's own words. */
struct description_notes {
	struct description_annotation *annotations; /* by key, each once */
	size_t annotations_len;
	const char *stream; /* NULL: of none */
	uint64_t serial;    /* in its stream, from 1 */
	struct selection selection;
	const struct json_t *trusted_root; /* borrowed: written, and not read back; NULL: none */
	bool has_trusted_root;             /* read: one goes along.  It is information, and nothing is trusted for it */
};

struct description_shard {
	struct digest digest;
	uint64_t size_bytes;
	const char *first; /* name of its first image */
	size_t images;
};

struct description {
	struct description_notes notes;
	struct description_shard *shards; /* none: bundle.json says everything itself */
	size_t shards_len, shards_cap;
	struct description_image *images; /* by name */
	size_t images_len, images_cap;
	struct description_link *links; /* by subject digest, kind, referrer digest */
	size_t links_len, links_cap;
	struct digest *left_out; /* what images say that they leave out */
	size_t left_out_len, left_out_cap;
	struct description_blob *blobs;
	size_t blobs_len, blobs_cap;
	size_t *by_digest; /* places in blobs[]; NULL until complete */
	struct description_file layout, index;
	struct intern strings;
};

/* What is needed to write the documents of one graph. */
struct description_maker {
	const struct graph *graph; /* borrowed; settled, what is absent marked */
	uint32_t *order, *owners;  /* owned */
	size_t order_len, shards_len;
};

/* How a node of the graph is stored. */
enum stored stored_of(const struct node *n);
/* True where its bytes are in the file. */
bool stored_is_here(enum stored stored);
/* "packed", "raw", "zstd", "prerequisite", "absent", "left-out". */
const char *stored_name(enum stored stored);
/* The name of a shard's tar member. */
void shard_name(size_t shard, char out[SHARD_NAME_MAX]);

enum err_code description_maker_init(struct description_maker *m, const struct graph *g, struct err *err);
/* Write one of shards_len shards, and say what bundle.json has to say of it but digest and size; first is the graph's.
 * ret_shard may be NULL. */
enum err_code description_write_shard(const struct description_maker *m, size_t shard, struct outstream *out,
				      struct description_shard *ret_shard, struct err *err);
/* Write bundle.json, given the two files beside it, its shards or NULL, and notes or NULL. */
enum err_code description_write(const struct description_maker *m, const struct description_file *layout,
				const struct description_file *index, const struct description_shard *shards,
				const struct description_notes *notes, struct outstream *out, struct err *err);
void description_maker_release(struct description_maker *m);

/* Read and check bundle.json; what names it in messages.  Without shards it is complete. */
enum err_code description_read(const void *bytes, size_t len, const char *what, struct description *ret_description,
			       struct err *err);
/* The shard that an image is in, if it is in any; SIZE_MAX where there is none. */
size_t description_shard_of(const struct description *d, const char *name);
/* Read and check a shard, and add what it says. */
enum err_code description_add(struct description *d, size_t shard, const void *bytes, size_t len, struct err *err);
/* The order of links, for qsort. */
int description_compare_links(const void *a, const void *b);
/* All shards are there: put blobs and links in order, and hold them against each other.  what is bundle.json's name. */
enum err_code description_complete(struct description *d, const char *what, struct err *err);
/* The blob of a digest, BLOB_NONE if there is none. */
size_t description_find(const struct description *d, const struct digest *digest);
/* The image of a name, NULL if there is none. */
const struct description_image *description_image(const struct description *d, const char *name);
/* The links of one subject: a range of links. */
size_t description_links_of(const struct description *d, const struct digest *subject,
			    const struct description_link **ret_links);
/* Free what read took.  A zeroed description is fine. */
void description_release(struct description *d);
#endif
