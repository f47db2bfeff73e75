/* shape.h - the shape of a bundle: every member's place in the tar, and every frame's, as they follow from the
 * description.
 *
 * Lifecycle  shape_init; look; shape_release.
 * Units      Offsets are bytes in the tar; a blob is a place in description.blobs[].
 * Bounds     The tar ends below 2^56 bytes and takes at most SEEK_FRAMES_MAX frames.
 * Ownership  The description is borrowed.
 * Errors     ERR_LIMIT, ERR_NOMEM; shape_check: ERR_DAMAGED.
 * Format     The tar is oci-layout, index.json, bundle.json, the slots for seals
 *            (slot.h), the shards of the description if there are any, then
 *            every blob that is not absent as blobs/ALGORITHM/HEX, in the
 *            description's order, and two blocks of zeros.  It is cut into runs,
 *            and a run into frames, of which only the last may be shorter:
 *
 *   run     frames of                    holds
 *   front   compressed, 256 KiB          oci-layout, index.json, bundle.json, with headers and padding
 *   slot    bare, one                    one slot, with its header; SLOT_COUNT such runs
 *   shards  compressed, 256 KiB          the shards, with headers and padding
 *   packed  compressed, 256 KiB          the packed blobs, with headers and padding
 *   glue    compressed, one              padding of the layer before, header of a raw layer
 *   raw     raw, 4 MiB                   a raw layer's content
 *   zstd    compressed, 4 MiB            padding of the layer before, header and content of a zstd layer
 *   tail    compressed, one              padding of the last layer, the tar's end
 *
 *            In the file they stand between the head (head.h) and three
 *            skippable frames: the sums, 5C 2A 4D 18, holding
 *            "sums of bundle:\n" and four bytes for each compressed frame in
 *            order, the lowest of the XXH64 of that frame as it is stored; the
 *            places (places.h); and the seek table (seek.h).
 */
#ifndef BUNDLES_SHAPE_H
#define BUNDLES_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundles/description.h"
#include "bundles/head.h"
#include "bundles/seek.h"
#include "bundles/slot.h"
#include "bundles/tar.h"
#include "common/digest.h"
#include "common/err.h"

#define LAYOUT_NAME "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define INDEX_NAME "index.json"
#define DESCRIPTION_NAME "bundle.json"
#define FRONT_MEMBERS 3
#define FIRST_SHARD_MEMBER ((size_t)FRONT_MEMBERS + SLOT_COUNT)
#define SUMS_MAGIC "sums of bundle:\n"
#define SUMS_MAGIC_BYTES ((size_t)16)
#define SUM_BYTES ((size_t)4)
#define FRAMES_BEFORE ((size_t)2) /* the empty one and the head */
#define FRAMES_AFTER ((size_t)2)  /* the sums and the places; the seek table does not list itself */

struct member {
	char name[TAR_NAME_MAX + 1];
	struct digest digest;         /* unset of a slot: nothing says what is in it */
	uint64_t size_bytes, content; /* where the content begins */
};

enum run_kind { RUN_NONE, RUN_FRONT, RUN_SLOT, RUN_SHARDS, RUN_PACKED, RUN_GLUE, RUN_RAW, RUN_ZSTD, RUN_TAIL };

struct run {
	enum run_kind kind;
	uint64_t begin, end;
	size_t blob; /* of glue, raw and zstd runs */
};

struct shape {
	const struct description *description; /* borrowed */
	struct digest description_digest;
	uint64_t description_bytes;
	uint64_t *contents; /* owned: of every blob that is there */
	size_t layers_from; /* the first blob that is not packed */
	size_t blobs_len;   /* without those that are absent */
	uint64_t front_end, slots_end, shards_end, packed_end, tar_end;
	size_t frames, sums; /* all frames before the seek table; compressed ones */
};

/* The shape of what the description holds: up to the shards it is right also while it is not complete. */
enum err_code shape_init(struct shape *s, const struct description *d, const struct digest *digest,
			 uint64_t description_bytes, struct err *err);
/* Where bundle.json's content begins and where the front ends: known before the description is. */
void shape_front(uint64_t index_bytes, uint64_t description_bytes, uint64_t *ret_content, uint64_t *ret_end);
/* The member at a place: oci-layout, index.json, bundle.json, the slots, the shards, then the blobs.  False past the
 * last one. */
bool shape_member(const struct shape *s, size_t place, struct member *ret_member);
/* The member of a blob that is there. */
void shape_blob(const struct shape *s, size_t blob, struct member *ret_member);
/* The next run; the first one after RUN_NONE.  False past the last one. */
bool shape_next(const struct shape *s, struct run *run);
/* The name of a blob's member. */
void member_name(const struct digest *digest, char out[TAR_NAME_MAX + 1]);
/* The run that ends with the blob's content: raw or zstd. */
struct run shape_layer(const struct shape *s, size_t blob);
/* Where in the file the frame of a slot begins. */
uint64_t shape_slot_offset(const struct shape *s, const struct seek_table *t, size_t slot);
/* How much of the tar one frame of a run holds at most, and how many frames it has. */
uint64_t run_frame_bytes(const struct run *r);
size_t run_frames(const struct run *r);
/* Size in the file of the skippable frame with the sums. */
size_t shape_sums_bytes(const struct shape *s);
/* Write that frame, given the sums one after the other. */
void shape_sums(const struct shape *s, const unsigned char *sums, unsigned char *out);
/* Check everything in a seek table that is not left to the encoder. */
enum err_code shape_check(const struct shape *s, const struct head *h, const struct seek_table *t, const char *name,
			  struct err *err);
void shape_release(struct shape *s);
#endif
