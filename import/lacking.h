/* lacking.h - what the indexes of a bundle list and the bundle does not bring: may the target give it under their
 * names?
 *
 * A name leads to whatever its index lists.  Of a platform that was left out, or was absent
 * at the source, nothing comes along that could vouch for it; and a target that has its
 * manifest all the same, from another bundle or under another name, would run it under this
 * one.  So where the policies would not take it, or it is revoked, the target is asked.  What
 * was not chosen of a bundle is asked about the same way; what vouches for it counts.
 *
 * Lifecycle  lacking_check once the target was probed, before anything is written.
 * Bounds     Three bytes a node, LIMIT_EDGES questions, and where a part was chosen the graph
 *            of all of the bundle.  Without a policy, and without anything that is revoked,
 *            nothing is asked; nor where signatures over the indexes vouch for all that
 *            they list.
 * Errors     ERR_UNPROVED names the target, the image, the requirement and the platform;
 *            those of bundles/admission.h and of the target.
 */
#ifndef IMPORT_LACKING_H
#define IMPORT_LACKING_H

#include "bundles/admission.h"
#include "import/plan.h"
#include "import/target.h"

enum err_code lacking_check(struct admission *a, const struct plan *plan, struct target *t, struct err *err);
#endif
