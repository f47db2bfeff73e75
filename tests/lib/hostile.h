/* hostile.h - bundles as somebody would write them who means harm: every checksum and digest in the file is right, and
 * something else is a lie.
 *
 * Lifecycle  hostile_init, or hostile_of for the truth; change description and
 *            index; hostile_lie; hostile_make; hostile_release.
 * Units      Offsets are bytes: in the tar, in the head's content, in the seek
 *            table, in the file; or frames, counted from 0.
 * Bounds     HOSTILE_LIES; of a tar that is said to be longer, tar_max bytes are made.
 * Ownership  What is lied and what gives content is borrowed until
 *            hostile_make is done; what that gives is the caller's.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_HOSTILE_H
#define TESTS_LIB_HOSTILE_H

#include "bundles/description.h"
#include "bundles/shape.h"
#include "common/buf.h"
#include "tests/lib/image_builder.h"

#define HOSTILE_LIES 16
#define HOSTILE_TAR_MAX (64 * MIB)

enum lie_kind {
	LIE_NONE,
	LIE_TAR,    /* other bytes at an offset in the tar, before it is cut into frames */
	LIE_FRAME,  /* other stored bytes for a frame; the tables go by them */
	LIE_SEEK,   /* other bytes at an offset in the seek table's entries, 8 bytes each */
	LIE_PLACES, /* other bytes at an offset in the table of places */
	LIE_HEAD,   /* other bytes at an offset in the head's content; its checksum is made again */
	LIE_FILE,   /* other bytes at an offset in the file; past its end it grows */
	LIE_CUT,    /* the file ends at an offset */
	LIE_FRAMES, /* so many frames of no bytes and no content more in the seek table, in front of its last one */
};

struct lie {
	enum lie_kind kind;
	uint64_t at;
	const void *bytes;
	size_t len;
};

/* The content of a blob or shard, NULL for one that this knows nothing of: then it is zeros. */
typedef const void *hostile_content_fn(void *ctx, const struct digest *digest, size_t *ret_len);

struct hostile {
	struct buf description, index; /* what stands in front */
	hostile_content_fn *content;
	void *ctx;
	size_t tar_max; /* HOSTILE_TAR_MAX, or what a test sets */
	struct lie lies[HOSTILE_LIES];
	size_t lies_len;
};

void hostile_init(struct hostile *h, hostile_content_fn *content, void *ctx);
/* What the writer would write of a builder's images. */
void hostile_of(struct hostile *h, const struct image_builder *b);
/* Put one text for another, wherever it stands; it must stand there. */
void hostile_replace(struct buf *text, const char *old, const char *new);
void hostile_lie(struct hostile *h, enum lie_kind kind, uint64_t at, const void *bytes, size_t len);
/* The whole tar, without lies: to see where things stand. */
void hostile_tar(const struct hostile *h, struct buf *out);
/* Where in the tar the header of a member begins. */
uint64_t hostile_member(const struct hostile *h, const char *name);
/* Where every frame of the file stands without lies; for the caller to release. */
void hostile_frames(const struct hostile *h, struct seek_table *ret_table);
/* The whole file. */
void hostile_make(const struct hostile *h, struct buf *out);
void hostile_release(struct hostile *h);
#endif
