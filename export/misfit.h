/* misfit.h - images without an index that are for another platform than --platform names: nothing of such an image can be
 * left out, so it is taken as it is, and that is said.
 *
 * Lifecycle  misfits_warn on a graph that was surveyed: its configs are in the spool.
 * Bounds     A config of at most LIMIT_SMALL_BLOB_BYTES.
 * Errors     ERR_IO, ERR_NOMEM.  A config that does not say what it is for says nothing here.
 */
#ifndef EXPORT_MISFIT_H
#define EXPORT_MISFIT_H

#include <stdio.h>

#include "export/gather.h"

/* A line for each. */
enum err_code misfits_warn(const struct gather *g, const struct selection *s, FILE *to, struct err *err);
#endif
