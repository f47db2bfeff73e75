/* image_builder.h - images made in memory: what a registry would have, as a source and as a graph.
 *
 * Lifecycle  image_builder_init; image_add, image_json, image_tag, image_refer
 *            in any order, or image_sample; image_graph; image_builder_release.
 * Units      An item is a place in items[]; sizes are bytes.
 * Ownership  The builder owns all content.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_IMAGE_BUILDER_H
#define TESTS_LIB_IMAGE_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/graph.h"
#include "common/selection.h"
#include "common/source.h"

#define IMAGE_ITEMS 256
#define IMAGE_TAGS 1200
#define IMAGE_DESCRIPTOR_TEXT 512

struct image_item {
	struct digest digest;
	char *media_type, *bytes;
	size_t len;
	bool absent; /* listed, but the source does not give it */
};

struct image_builder {
	struct source source; /* answers at once */
	struct image_item items[IMAGE_ITEMS];
	size_t items_len;
	struct {
		const char *name;
		size_t root;
	} tags[IMAGE_TAGS];
	size_t tags_len;
	struct {
		size_t subject, referrer;
		enum link_kind kind;
	} links[IMAGE_ITEMS];
	size_t links_len;
	const struct selection *selection; /* borrowed: what image_graph takes of them; NULL: everything */
};

/* What image_sample makes; zeros are a small, whole image. */
struct image_sample {
	size_t raw_bytes, plain_bytes; /* of the gzip layers and of the layer that is not compressed */
	bool sha512;                   /* one more layer, with a long name */
	bool empty_layer;              /* one more layer, of no bytes */
	bool absent_platform;          /* an index entry that is not there */
	bool one_manifest;             /* no index and nothing attached */
	size_t statement_bytes;        /* of padding in the statement */
};

void image_builder_init(struct image_builder *b);
/* Content of a kind, by sha256. */
size_t image_add(struct image_builder *b, const char *media_type, const void *bytes, size_t len);
/* The same under a digest of the algorithm that like has. */
size_t image_add_like(struct image_builder *b, const char *media_type, const void *bytes, size_t len,
		      const struct digest *like);
/* Content that does not compress, or compresses well; always the same for one seed. */
size_t image_add_noise(struct image_builder *b, const char *media_type, size_t len, unsigned seed);
size_t image_add_text(struct image_builder *b, const char *media_type, size_t len, unsigned seed);
/* A manifest or other document. */
size_t image_json(struct image_builder *b, const char *media_type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "mediaType":…,"digest":…,"size":… of an item. */
const char *image_text(const struct image_builder *b, size_t item, char out[IMAGE_DESCRIPTOR_TEXT]);
void image_tag(struct image_builder *b, const char *name, size_t root);
void image_refer(struct image_builder *b, size_t subject, size_t referrer, enum link_kind kind);
/* An index with two platforms, a BuildKit attestation, a referrer and a cosign signature, under the name. */
void image_sample(struct image_builder *b, const char *name, const struct image_sample *sample);
/* An index that lists one manifest for linux/amd64 and linux/arm64, absent or not, and another for linux/s390x. */
void image_shared(struct image_builder *b, const char *name, bool absent);
/* The item of a digest, NULL if there is none. */
const struct image_item *image_item(const struct image_builder *b, const struct digest *digest);
/* Walk all tags of a source, this one or another that has them, into a settled graph. */
void image_graph(const struct image_builder *b, struct source *source, struct graph *ret_graph);
void image_builder_release(struct image_builder *b);
/* Write the bytes from at to end into a stream in parts of step_bytes, and finish it.  lie: the first byte of each part
 * is another. */
enum err_code image_give(const struct image_item *item, size_t at, size_t end, size_t step_bytes, bool lie,
			 struct outstream *out, struct err *err);
#endif
