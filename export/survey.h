/* survey.h - what of a settled graph its sources really have, found out before anything large is fetched.
 *
 * Lifecycle  survey_run on a settled graph, once prerequisites are marked and
 *            before the bundle's description is made.
 *            Afterwards every small blob and, but for a dry run, every small layer
 *            is in the spool, with what a policy has to read, and whatever nobody has is
 *            marked absent.
 * Bounds     SURVEY_WIDTH questions are open at once.  A layer is small up to
 *            LIMIT_EARLY_BYTES, as long as all of them have no more than
 *            LIMIT_EARLY_SUM_BYTES.
 * Errors     Those of the sources and of the spool.  What is absent is none.
 * Rules      A small blob is fetched, which says at once whether it is there: a
 *            question before would cost a second round trip.  A large one is
 *            asked for.  Where its source lacks it, every other source that has a
 *            manifest which lists it has its turn, so that what is in the bundle
 *            does not depend on who answered first.
 */
#ifndef EXPORT_SURVEY_H
#define EXPORT_SURVEY_H

#include "export/gather.h"
#include "export/watch.h"

#define SURVEY_WIDTH 256

/* order: the nodes that belong to the images.  width small blobs are fetched at a time.  watch is NULL in a dry run.
 * judged: a policy will read signatures and attestations, up to LIMIT_SIGNED_BYTES each. */
enum err_code survey_run(struct gather *g, const uint32_t *order, size_t len, unsigned width, struct watch *watch,
			 bool judged, struct err *err);
#endif
