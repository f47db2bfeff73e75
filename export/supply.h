/* supply.h - from which source every blob comes, where several are asked.
 *
 * Bounds  A byte a node.
 * Errors  ERR_UNSUPPORTED for a blob that a bundle left out as a layer, and that is something else here; ERR_NOMEM.
 * Rules   What lies in a file here is taken from there; else a registry that has a manifest which lists the blob is
 *         asked for it.  What a bundle left out, and nobody here has, stays a prerequisite; what else nobody has is
 *         absent.
 */
#ifndef EXPORT_SUPPLY_H
#define EXPORT_SUPPLY_H

#include "common/walk.h"
#include "export/local.h"

/* Give every blob of a settled graph its source, and mark what is in none.  What is left out needs none. */
enum err_code supply_settle(const struct walk *walk, struct local *const *locals, size_t locals_len, struct err *err);
#endif
