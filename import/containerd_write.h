/* containerd_write.h - the blobs of a plan into a containerd, several side by side where the bundle is a file.
 *
 * Lifecycle  One call, under a lease.
 * Bounds     CONTAINERD_JOBS blobs at once; one of up to BLOB_SMALL_BYTES goes
 *            from memory in one message, a larger one passes through.
 * Order      That of the file.  What a manifest lists may come after it: the
 *            lease keeps all of it.
 * Going on   What an interrupted run left of a large blob is gone on with,
 *            whatever it is: the containerd proves the whole when it is
 *            committed, and where that fails it forgets all and takes the blob
 *            anew, once.
 * Busy       A blob that somebody else writes just now is tried again, less and
 *            less often, for a minute; so is one whose connection breaks,
 *            several times without progress.
 * Errors     Those of the plan and of grpc.h; ERR_CONFLICT where a blob stays
 *            busy, ERR_NETWORK where one is and comes through a pipe: it cannot
 *            come again; ERR_REFUSED where what an interrupted run left is not the
 *            beginning.
 */
#ifndef IMPORT_CONTAINERD_WRITE_H
#define IMPORT_CONTAINERD_WRITE_H

#include "import/containerd.h"
#include "import/plan.h"

#define BLOB_SMALL_BYTES ((uint64_t)(256 * KIB))

/* Write all that the plan sends.  In stale[], by node, is set what turned out to be there without us: it may lack
 * references. */
enum err_code containerd_write(struct containerd *c, struct plan *plan, bool *stale, struct err *err);
#endif
