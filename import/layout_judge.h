/* layout_judge.h - which images of a layout may be used: those that the policies of this machine and of the command
 * line accept, and that bring nothing that is revoked.
 *
 * A layout has no seal, and may be anybody's; the store has been filled by imports, at a time when the policy may have
 * been another.  So both are asked as a bundle is, image by image.  Whoever uses what was judged later must not find
 * more there than was: blobs come before index.json does, and so what was absent is told, to stay so.
 *
 * Lifecycle  layout_judge_init, after which it stays where it is; layout_judge_image any
 *            number of times; layout_judge_release.
 * Bounds     One image's graph and candidates at a time, and what layout_known.h keeps.
 * Errors     A refusal is an answer, and so is an image that cannot be read: what is not
 *            known is not proved.  Those of bundles/admission.h; ERR_NOMEM.
 * Threads    One at a time.
 */
#ifndef IMPORT_LAYOUT_JUDGE_H
#define IMPORT_LAYOUT_JUDGE_H

#include "bundles/admission.h"
#include "common/intern.h"
#include "common/manifest.h"
#include "import/layout_known.h"

struct layout_judge {
	struct admission admission;
	struct layout_known known;
};

enum err_code layout_judge_init(struct layout_judge *j, const struct admission_wanted *wanted, struct err *err);
/* True where there is a policy or something revoked; else everything may be used, and nothing is walked. */
bool layout_judge_asks(const struct layout_judge *j);
/* May it be used under this name?  *ret_why is why not, and NULL where it may; the caller frees it.  The source is the
 * layout's.  Where it may, the digests of the manifests that were not there are added to absent: for whoever uses it
 * they are not there, whatever comes. */
enum err_code layout_judge_image(struct layout_judge *j, struct source *source, const struct descriptor *root,
				 const char *name, struct intern *absent, char **ret_why, struct err *err);
/* The same of all images of a settled graph: ERR_UNPROVED where one may not. */
enum err_code layout_judge_graph(struct admission *a, const struct graph *g, struct source *source, struct err *err);
/* A zeroed one is fine. */
void layout_judge_release(struct layout_judge *j);
#endif
