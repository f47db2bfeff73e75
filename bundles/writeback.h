/* writeback.h - let the disk begin early, so that the sync at the end has little left to wait for.
 *
 * Lifecycle  writeback_new on a file that is being written; writeback_add after
 *            every write, on any thread; writeback_end before the last sync;
 *            writeback_free before the file is closed.
 * Bounds     One thread, which syncs again after every WRITEBACK_BYTES.
 * Errors     ERR_NOMEM; those of a sync.  The kernel tells of a write that failed once:
 *            what the syncs here were told, the last one would not be.
 * Deviation  No sync_file_range: it leaves what it writes in the memory of the disk, and
 *            bringing it from there to its place is what most of a sync's time goes into.
 */
#ifndef BUNDLES_WRITEBACK_H
#define BUNDLES_WRITEBACK_H

#include <stdint.h>

#include "common/err.h"

struct writeback;

enum err_code writeback_new(int fd, struct writeback **ret_writeback, struct err *err);
/* So many bytes more were written.  NULL is fine. */
void writeback_add(struct writeback *w, uint64_t bytes);
/* No sync after this one.  The first failure of any, which names the path.  NULL is fine. */
enum err_code writeback_end(struct writeback *w, const char *path, struct err *err);
/* NULL is fine. */
void writeback_free(struct writeback *w);
#endif
