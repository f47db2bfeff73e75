/* report.h - what an import did, or would do, for people or as JSON, on standard output; what is missing, on stderr.
 *
 * Errors  ERR_PARTIAL, described, where less arrived than was meant to; of a dry run, once its plan is told, what an
 *         import would have ended with; those of the stream.
 */
#ifndef IMPORT_REPORT_H
#define IMPORT_REPORT_H

#include "import/import.h"

/* Report an import that ended well; strict makes what the target cannot keep ERR_PARTIAL. */
enum err_code report_import(const struct import_result *r, bool json, bool dry_run, bool strict, struct err *err);
#endif
