/* description_selection.h - the member of bundle.json that says what was asked for, where that was not everything.
 *
 * Bounds  Those of selection.h.
 * Errors  ERR_DAMAGED, ERR_NOMEM.
 * Format  selection: platforms?, attestationsOnly? (true), referrers? (types that were taken; none: no referrer at
 *         all).
 */
#ifndef BUNDLES_DESCRIPTION_SELECTION_H
#define BUNDLES_DESCRIPTION_SELECTION_H

#include "common/js.h"
#include "common/selection.h"

/* Write the member. */
void description_selection_put(const struct selection *s, struct js_out *o);
/* Read it from bundle.json, whose name is what; where it is missing, everything was asked for. */
enum err_code description_selection_read(const struct json_t *json, const char *what, struct selection *ret_selection,
					 struct err *err);
#endif
