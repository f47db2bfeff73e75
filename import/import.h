/* import.h - a bundle into a target: verify, probe, write what is missing, read back.
 *
 * Lifecycle  import_run does it all; look at the result, whatever came of it; import_release.
 * Errors     Those of bundles/reader.h, bundles/origin.h, bundles/admission.h, plan.h and target.h.  A dry run that
 *            has looked at everything ends well; what an import would have ended with is plan.refusal.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "bundles/admission.h"
#include "bundles/origin.h"
#include "common/opt.h"
#include "import/targets.h"

#define IMPORT_PIPE "standard input" /* what a bundle that comes through a pipe is called */

struct import_options {
	const char *file;
	const struct target_options *to;
	const struct opt_list *map;
	const struct opt_list *images, *platforms; /* a part of the bundle; none: all */
	struct origin_wanted origin;               /* who must have sealed the bundle */
	struct admission_wanted policies;          /* what must accept the images */
	bool replace;
	bool allow_rollback; /* take what is older than what the target has had, or the same again */
	bool dry_run;        /* look what is there, write nothing */
	struct progress *progress;
};

struct import_result {
	struct bundle *bundle;
	struct origin origin;
	struct admission admission;
	struct mapping names;
	struct target *target;
	char *target_name; /* before it was asked anything: the same for the same target, always */
	struct plan plan;
	uint64_t wanted_bytes; /* what is to be written */
	bool began;            /* the target was written to, whatever came of it */
};

enum err_code import_run(const struct import_options *options, struct import_result *result, struct err *err);
void import_release(struct import_result *result);
#endif
