/* fetch.h - blobs from their sources to where they belong, several at a time.
 *
 * Lifecycle  fetch_start any number of fetches; let the sources run; fetch_settle
 *            each, and the sources again for as long as one says so; fetch_free.
 *            What a place has kept of a blob goes first, and the source is asked
 *            for the rest only; where the whole is then not what its digest
 *            says, that blob is fetched anew, once.
 *            A blob at whose end most slots would be idle comes in pieces,
 *            where its source has ranges (large.h).  It is then proved behind
 *            them, by reading back what was written.
 * Bounds     width blobs or pieces are under way at once, beside those whose rest is
 *            as good as here (http.h); nothing is kept of the others: ten thousand
 *            blobs cost no more memory than ten.
 * Errors     Those of the sources and of the place; a failure names the blob.  ERR_NOT_FOUND
 *            for one that was there when the run began.
 */
#ifndef EXPORT_FETCH_H
#define EXPORT_FETCH_H

#include "common/spread.h"
#include "export/gather.h"
#include "export/watch.h"

/* Where blobs go. */
struct fetch_place {
	/* A stream for a node's bytes, finished when they are all there and proved.  *ret_kept is NULL before; where
	 * the place has the first bytes already, from a run that was interrupted, it gets a stream of them, which ends
	 * with the place's.  They are proved like all others.  ret_kept is NULL where none are wanted. */
	enum err_code (*open)(struct fetch_place *p, uint32_t node, struct outstream **ret_out,
			      struct instream **ret_kept, struct err *err);
	/* Done with that stream, finished or not. */
	void (*close)(struct fetch_place *p, struct outstream *out);
	/* The source does not have a blob, whose stream was closed.  NULL where that is a failure. */
	enum err_code (*absent)(struct fetch_place *p, uint32_t node, struct err *err);
	/* A blob in pieces; kept as above.  NULL: every blob comes as a whole. */
	enum err_code (*spread)(struct fetch_place *p, uint32_t node, bool kept, struct spread **ret_spread,
				struct err *err);
	uint64_t spread_bytes; /* smaller blobs come as a whole */
	bool has_kept;         /* of larger ones pieces may be kept, with gaps between them */
	bool in_order;         /* all come in pieces, and are proved in the order in which they are listed */
	uint64_t ahead_bytes;  /* then: so much may arrive before what is in front of it; 0 where that is no matter */
};

/* Put what sources give at once in front, else in the same order.  It is copied where it is asked for, and whatever is
 * under way then stands still. */
enum err_code fetch_order(const struct gather *g, uint32_t *nodes, size_t len, struct err *err);
/* Begin with width of these blobs, which are listed until fetch_free. */
struct fetch;
enum err_code fetch_start(struct gather *g, const uint32_t *nodes, size_t len, unsigned width,
			  struct fetch_place *place, struct watch *watch, struct fetch **ret_fetch, struct err *err);
/* Let idle slots take something, for as long as the sources answer at once: there may be a place for it. */
enum err_code fetch_wake(struct fetch *f, struct err *err);
/* Once the sources have nothing more to do: wait until everything is proved.  *ret_again becomes true where they have
 * to go on. */
enum err_code fetch_settle(struct fetch *f, bool *ret_again, struct err *err);
/* NULL is fine. */
void fetch_free(struct fetch *f);
/* Cleanup handler for struct fetch *. */
void fetch_free_ptr(struct fetch **f);
#endif
