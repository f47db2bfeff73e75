/* lost.h - the referrers that a target will not have, each by what it is: for people before anything is written, and in
 * the report.
 *
 * Order   That of the plan.
 * Bounds  LOST_SHOWN of them are told to people; all are in the report.
 * Format  Of the report: digest, mediaType, artifactType, predicateType (where there are any), kind (graph.h) and
 *         subject, as in bundle.json.
 */
#ifndef IMPORT_LOST_H
#define IMPORT_LOST_H

#include "common/js.h"
#include "import/plan.h"

#define LOST_SHOWN 16

/* Warn of them by plan->progress, and of the way out. */
enum err_code lost_warn(const struct plan *plan, struct err *err);
/* The array of the report. */
enum err_code lost_put(struct js_out *o, const struct plan *plan, struct err *err);
#endif
