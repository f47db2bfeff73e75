/* judge.h - the policy of an export, asked once all that it reads is in the spool and before a byte of the bundle is
 * written.
 *
 * Ownership  The gather is borrowed.
 * Errors     Those of bundles/admission.h.
 */
#ifndef EXPORT_JUDGE_H
#define EXPORT_JUDGE_H

#include "bundles/admission.h"
#include "export/gather.h"

/* May the images that were found be exported? */
enum err_code judge_images(struct admission *a, const struct gather *g, struct err *err);
#endif
