/* writeback.h - let the disk begin early, so that the sync at the end has little left to wait for.
 *
 * Lifecycle  writeback_new on a file that is being written, or a folder of many;
 *            writeback_add after every write, on any thread; writeback_end before
 *            the last sync; writeback_free before what it was made on is closed.
 * Bounds     One thread, which syncs again after every WRITEBACK_BYTES.
 * Ownership  The path is borrowed.
 * Errors     ERR_NOMEM; those of a sync, which name the path.  The kernel tells of a write
 *            that failed once: what the syncs here were told, the last one would not be.  So
 *            the first failure ends it, and comes back from every later call.
 * Deviation  No sync_file_range: it leaves what it writes in the memory of the disk, and
 *            bringing it from there to its place is what most of a sync's time goes into.
 */
#ifndef COMMON_WRITEBACK_H
#define COMMON_WRITEBACK_H

#include <stdint.h>

#include "common/err.h"

struct writeback;

/* By fdatasync what is written to one file goes to the disk, by syncfs whatever the file system has: then many small
 * files cost as little as a large one. */
typedef int writeback_sync_fn(int fd);

enum err_code writeback_new(int fd, const char *path, writeback_sync_fn *sync, struct writeback **ret_writeback,
			    struct err *err);
/* So many bytes more were written.  NULL is fine. */
enum err_code writeback_add(struct writeback *w, uint64_t bytes, struct err *err);
/* No sync after this one.  NULL is fine. */
enum err_code writeback_end(struct writeback *w, struct err *err);
/* NULL is fine. */
void writeback_free(struct writeback *w);
#endif
