/* fetch.h - blobs from their sources to where they belong, several at a time.
 *
 * Lifecycle  fetch_blobs runs to its end, or to the first failure.
 *            What a place has kept of a blob goes first, and the source is asked
 *            for the rest only; where the whole is then not what its digest
 *            says, that blob is fetched anew, once.
 * Bounds     width blobs are under way at once, and nothing is kept of the
 *            others: ten thousand blobs cost no more memory than ten.
 * Errors     Those of the sources and of the place; a failure names the blob.
 */
#ifndef EXPORT_FETCH_H
#define EXPORT_FETCH_H

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
};

/* A run of blobs, width at a time; start as many runs as there are, then let the HTTP engine run. */
struct fetch;
enum err_code fetch_start(struct gather *g, const uint32_t *nodes, size_t len, unsigned width,
			  struct fetch_place *place, struct watch *watch, struct fetch **ret_fetch, struct err *err);
/* NULL is fine. */
void fetch_free(struct fetch *f);
/* Cleanup handler for struct fetch *. */
void fetch_free_ptr(struct fetch **f);
#endif
