/* spread.h - a blob that is put together out of pieces: they come in any order, several at a time.
 *
 * Lifecycle  Whoever makes one says how.  open and close for each piece; content
 *            is pulled behind them, up to where every byte has been written;
 *            proved gets the same bytes, and is finished when they are what they
 *            should be; release, once no piece is open.
 * Units      Bytes of the blob's content.
 * Ownership  content and proved belong to the spread.
 * Errors     Those of whoever made it.
 * Threads    Streams of several pieces are used at the same time; content and
 *            proved are used by one thread at a time; the rest comes from the
 *            thread that made it.
 */
#ifndef COMMON_SPREAD_H
#define COMMON_SPREAD_H

#include <stdbool.h>

#include "common/stream.h"

struct spread {
	uint64_t step_bytes; /* pieces begin at multiples of it, and end there or with the blob */
	/* Whether the step that begins here was there before the first piece.  NULL: none was. */
	bool (*stands)(struct spread *s, uint64_t at_bytes);
	/* How many bytes from there on can be written at once; all of them where what is in front of them has been
	 * pulled: then writing waits until there is room.  NULL: all. */
	uint64_t (*room)(struct spread *s, uint64_t from_bytes);
	/* A stream for the bytes from there on: as many as come. */
	enum err_code (*open)(struct spread *s, uint64_t from_bytes, struct outstream **ret_out, struct err *err);
	void (*close)(struct spread *s, struct outstream *out);
	struct instream *content;
	struct outstream *proved;
	/* Nothing will be pulled any more: streams fail, those that wait for room too, with why, which is NULL where
	 * nobody will read it.  NULL: none waits. */
	void (*stop)(struct spread *s, const struct err *why);
	void (*release)(struct spread *s);
};
#endif
