/* want.h - what an import lacked, to be carried back to the connected side.
 *
 * Lifecycle  want_write after the target's probe has ended with ERR_MISSING.
 * Errors     ERR_IO, ERR_LIMIT, ERR_NOMEM.
 * Format     common/holdings.h: the images that were to be imported, under the names that they
 *            have in the bundle, the layers that were missing, and those that the bundle
 *            leaves out and the target has.
 */
#ifndef IMPORT_WANT_H
#define IMPORT_WANT_H

#include "import/plan.h"

/* Replace the file at path; "-" is standard output. */
enum err_code want_write(const struct plan *plan, const char *path, struct err *err);
#endif
