/* pipe_spool.h - layers that come out of a pipe once, made to be read again: an upload may break off.
 *
 * Lifecycle  pipe_spool_init; pipe_spool_open any number of times for one layer, then pipe_spool_next; layers in the
 *            order of the pipe; release, once no stream is left.
 * Bounds     What has been read of the layer at hand lies in a file without a name in $TMPDIR, else /var/tmp.  Where
 *            that has no room, a layer can be read once all the same.
 * Proof      The read that meets the end fails unless size and digest match, each time anew.
 * Ownership  The plan is borrowed.
 * Errors     Those of bundle_blob; ERR_IO where what could not be kept is wanted again.
 */
#ifndef IMPORT_PIPE_SPOOL_H
#define IMPORT_PIPE_SPOOL_H

#include "import/plan.h"

struct pipe_spool {
	const struct plan *plan;
	int fd;
	uint32_t node;           /* the layer at hand */
	struct instream *source; /* owned: what is still to come of it */
	uint64_t have_bytes;     /* what came of it */
	struct err broken;       /* why that is not all in the file */
};

void pipe_spool_init(struct pipe_spool *s, const struct plan *plan);
/* A layer from its first byte on. */
enum err_code pipe_spool_open(struct pipe_spool *s, uint32_t node, struct instream **ret_in, struct err *err);
/* The layer at hand is done with. */
void pipe_spool_next(struct pipe_spool *s);
void pipe_spool_release(struct pipe_spool *s);
#endif
