/* verdicts.h - the answers of bundle verify: content, origin and images, each with its reason.
 *
 * Lifecycle  Zeroed; bundle verify fills it in; verdicts_report; verdicts_release.
 * Ownership  Verdicts own everything in them.
 * Errors     verdicts_report: that of the first verdict that is no, once all are out.
 */
#ifndef BUNDLES_VERDICTS_H
#define BUNDLES_VERDICTS_H

#include <stdbool.h>

#include "bundles/admission.h"
#include "bundles/images.h"
#include "bundles/origin.h"
#include "bundles/reader.h"
#include "common/graph.h"
#include "trust/signers.h"

struct verdicts {
	struct bundle *bundle;
	struct graph graph; /* of its images; settled where their manifests could be read */
	struct origin origin;
	struct signers signers;
	struct admission admission;
	struct images_verdict images;
	bool origin_asked, images_asked;
	struct err content_why, origin_why, images_why; /* ERR_OK, or why not */
};

/* Print all verdicts; the first that is no is the command's failure. */
enum err_code verdicts_report(const struct verdicts *v, bool json, struct err *err);
/* Zeroed ones are fine. */
void verdicts_release(struct verdicts *v);
#endif
