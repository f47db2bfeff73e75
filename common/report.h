/* report.h - how a command ends: what it says, where, and with which exit status.
 *
 * Errors  stdout carries results, stderr everything else.  With --json stdout is
 *         one JSON document, on failure too:
 *         {"schemaVersion":1,"error":{"code":"digest","message":"…"}}.
 */
#ifndef COMMON_REPORT_H
#define COMMON_REPORT_H

#include <stdbool.h>

#include "common/err.h"
#include "common/js.h"
#include "common/opt.h"
#include "common/stream.h"

#define REPORT_LINES 100 /* of one kind on stderr: as many as somebody may read */

/* End a command: with success where code is ERR_OK, whatever stands in err, else with the failure that err describes.
 * A usage error says where to read more.  Returns the exit status. */
int report_end(const struct command *c, bool json, enum err_code code, const struct err *err);
/* The member "error" of a document that has more to say. */
void report_put_error(struct js_out *o, const struct err *err);
/* stdout as a stream; finish flushes it. */
struct outstream *report_stdout(void);
#endif
