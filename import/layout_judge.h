/* layout_judge.h - which images of a layout may be used: those that the policies of this machine and of the command
 * line accept, and that bring nothing that is revoked.
 *
 * A layout has no seal, and may be anybody's; the store has been filled by imports, at a time when the policy may have
 * been another.  So both are asked as a bundle is, image by image.
 *
 * Lifecycle  layout_judge_init, after which it stays where it is; layout_judge_image any number of times;
 *            layout_judge_release.
 * Bounds     One image's graph and candidates at a time.  What was accepted, with all that its indexes list, stays so
 *            while the judge lives, and is not looked at again: LIMIT_IMAGES of these are remembered.
 * Errors     A refusal is an answer, and so is an image that cannot be read: what is not known is not proved.  Those of
 *            bundles/admission.h; ERR_NOMEM.
 * Threads    One at a time.
 */
#ifndef IMPORT_LAYOUT_JUDGE_H
#define IMPORT_LAYOUT_JUDGE_H

#include "bundles/admission.h"
#include "common/manifest.h"

struct layout_judge {
	struct admission admission;
	void *known; /* a tsearch tree of names with digests */
	size_t known_len;
};

enum err_code layout_judge_init(struct layout_judge *j, const struct admission_wanted *wanted, struct err *err);
/* May it be used under this name?  *ret_why is why not, and NULL where it may; the caller frees it.  The source is the
 * layout's. */
enum err_code layout_judge_image(struct layout_judge *j, struct source *source, const struct descriptor *root,
				 const char *name, char **ret_why, struct err *err);
/* The same of all images of a settled graph: ERR_UNPROVED where one may not. */
enum err_code layout_judge_graph(struct admission *a, const struct graph *g, struct source *source, struct err *err);
/* A zeroed one is fine. */
void layout_judge_release(struct layout_judge *j);
#endif
