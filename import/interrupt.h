/* interrupt.h - SIGINT and SIGTERM, which end an import as a failure does: so that it is written down like one.
 *
 * Lifecycle  interrupt_take before the target is written to; interrupt_check wherever much is done, interrupt_wait
 *            wherever a pipe is waited for; interrupt_blame of what came of it; interrupt_end once that is
 *            written down.
 * Signals    The first one is noted and ends all waiting; the same one again ends the process at once, as it always
 *            did: whoever waits for the other side need not wait with it.  What is ignored, as by nohup, stays ignored.
 * Threads    Any may check and wait, several at a time.
 * Errors     ERR_INTERRUPTED, which says by what; ERR_IO.
 */
#ifndef IMPORT_INTERRUPT_H
#define IMPORT_INTERRUPT_H

#include "common/err.h"

/* From now on the signals are noted. */
enum err_code interrupt_take(struct err *err);
/* ERR_INTERRUPTED once a signal has come. */
enum err_code interrupt_check(struct err *err);
/* Wait until a pipe can be read, or has ended: ERR_INTERRUPTED once a signal has come, before this or meanwhile. */
enum err_code interrupt_wait(int fd, struct err *err);
/* What failed once a signal had come, a pipe that ended with it for instance, failed because of it. */
enum err_code interrupt_blame(enum err_code code, struct err *err);
/* End the process by the signal that came, so that a shell stops what it does too; nothing where none came. */
void interrupt_end(void);
#endif
