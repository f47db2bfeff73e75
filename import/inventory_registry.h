/* inventory_registry.h - what a registry has, under a prefix or altogether.
 *
 * Way        All repositories are those that the registry lists (_catalog).  Where it lists
 *            none, the prefix is taken for a repository.
 * Bounds     Those of common/tags.h and common/graph.h.
 * Ownership  The registry and place are borrowed.
 * Errors     ERR_UNSUPPORTED (it does not list its repositories, and the prefix is none),
 *            those of common/registry.h.
 * Trust      A manifest that the registry has is taken for whole: its layers are not asked
 *            for.
 */
#ifndef IMPORT_INVENTORY_REGISTRY_H
#define IMPORT_INVENTORY_REGISTRY_H

#include "common/holdings.h"
#include "import/site_registry.h"

/* place is HOST[:PORT][/PREFIX]. */
enum err_code inventory_of_registry(struct site_registry *site, const char *place, struct holdings *h, struct err *err);
#endif
