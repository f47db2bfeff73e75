/* kept.h - the first frames of a raw layer, as an interrupted run left them: read back as content while they check.
 *
 * Lifecycle  kept_init; pull.  The stream ends before the first frame that is not
 *            whole.
 * Units      Bytes of content, unless it says "file".
 * Bounds     One checksum, no data: a frame is read twice, once to check it and
 *            once, from the page cache, for its content.
 * Ownership  The files are borrowed.
 * Errors     ERR_IO, ERR_DAMAGED where the file changes while it is read.  What
 *            comes out is not proved: it is what a run that was killed had
 *            written, and goes to its digest like anything else.
 * Threads    One thread pulls; another may ask kept_adopted.
 * Source     frame.h: a raw frame says by itself whether it is whole.
 */
#ifndef BUNDLES_KEPT_H
#define BUNDLES_KEPT_H

#include <stdatomic.h>
#include <stdint.h>

#include "bundles/frame_read.h"
#include "common/limits.h"

/* Smaller layers come in one piece, from the front. */
#define KEPT_SPREAD_BYTES (16 * MIB)

/* Where the frames of a layer begin. */
struct kept_place {
	struct frame_file file; /* without a seek table */
	uint64_t file_at;       /* 0: nowhere */
};

struct kept {
	struct instream in;
	struct raw_reader reader;
	struct kept_place places[2]; /* its own, and that in another leftover */
	size_t place;                /* frames are taken from this one; 2: from none any more */
	uint64_t size_bytes, at_bytes;
	uint64_t frame_left;            /* of the frame under way */
	_Atomic uint64_t adopted_bytes; /* came from its own place */
};

/* A layer of this size: its own place first and then, from where that has no more, the other one. */
void kept_init(struct kept *k, const struct kept_place *own, const struct kept_place *other, uint64_t size_bytes);
/* How many of the first bytes stand where they will stay.  Known of a byte before it is given out. */
uint64_t kept_adopted(const struct kept *k);
/* Is one frame of a layer of this size whole where it should stand?  The reader, which checks sums, is then in front of
 * its content. */
bool kept_frame(struct raw_reader *r, const struct kept_place *p, uint64_t size_bytes, uint64_t at_bytes);
/* How much there seems to be: frames that begin and end as they must; nothing else of them is read.  Behind a gap they
 * count where the layer is one that may have come in pieces. */
uint64_t kept_seems(const struct kept_place *p, uint64_t size_bytes);
#endif
