/* large.h - which piece of a large blob is fetched next.
 *
 * Lifecycle  Fill in assembly, node and size; large_take until there is nothing
 *            left; a piece that is over lowers pieces.
 * Units      Bytes of the blob.
 * Ownership  The assembly is borrowed.
 * Source     Guided self-scheduling: pieces are a share of what nobody has taken
 *            yet, so that they become smaller towards the end and all
 *            connections end at about the same time.  They are taken from the
 *            front, so that what is proved follows close behind.
 */
#ifndef EXPORT_LARGE_H
#define EXPORT_LARGE_H

#include "common/source.h"
#include "export/assembly.h"

#define PIECE_STEPS_MIN 2  /* less would be mostly waiting for the answer to begin */
#define PIECE_STEPS_MAX 16 /* more would be proved late, for it is proved from the front */

struct large {
	struct assembly *assembly;
	uint32_t node;
	uint64_t size_bytes;
	uint64_t taken_bytes; /* up to here somebody has taken it */
	unsigned pieces;      /* under way */
	bool kept;            /* some of it stood there before */
	bool anew;            /* all of it again, without that */
	struct large *next;
};

/* Take the next piece, of about share_bytes.  False where there is none now: everything is
 * taken, there is no room, or it is not known yet whether the source gives parts of a blob.  As
 * long as that is not known there must be room for all the rest, which the piece may become. */
bool large_take(struct large *l, enum source_ranges ranges, uint64_t share_bytes, uint64_t *ret_from_bytes,
		uint64_t *ret_end_bytes);
/* How many of these bytes stand already. */
uint64_t large_standing(const struct large *l, uint64_t from_bytes, uint64_t end_bytes);
#endif
