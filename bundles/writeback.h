/* writeback.h - let the disk begin early, so that the sync at the end has little left to wait for.
 *
 * Lifecycle  writeback_new on a file that is being written; writeback_add after
 *            every write, on any thread; writeback_free before the file is closed.
 * Bounds     One thread, which asks again after every WRITEBACK_BYTES.
 * Errors     ERR_NOMEM.  It is advice: what the disk makes of it changes nothing,
 *            and only a sync proves that anything is there.
 */
#ifndef BUNDLES_WRITEBACK_H
#define BUNDLES_WRITEBACK_H

#include <stdint.h>

#include "common/err.h"

struct writeback;

enum err_code writeback_new(int fd, struct writeback **ret_writeback, struct err *err);
/* So many bytes more were written.  NULL is fine. */
void writeback_add(struct writeback *w, uint64_t bytes);
/* NULL is fine. */
void writeback_free(struct writeback *w);
#endif
