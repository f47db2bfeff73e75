/* target_registry.h - a registry as target: docker://HOST[:PORT][/PREFIX].
 *
 * Source  docs/architecture.md, "Into a registry".
 */
#ifndef IMPORT_TARGET_REGISTRY_H
#define IMPORT_TARGET_REGISTRY_H

#include "import/targets.h"

/* place is HOST[:PORT][/PREFIX]; borrowed, as the options are. */
enum err_code target_registry_new(const struct target_options *options, const char *place, struct target **ret_target,
				  struct err *err);
#endif
