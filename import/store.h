/* store.h - the embedded store: an OCI layout in a folder of its own, for sites without a daemon.
 *
 * Source  docs/architecture.md, "The embedded store".
 */
#ifndef IMPORT_STORE_H
#define IMPORT_STORE_H

#include "bundles/store_place.h"
#include "import/target.h"

/* The layout at path as a target; it is made where it is missing, but not before write. */
enum err_code target_store_new(const char *path, struct target **ret_target, struct err *err);
#endif
