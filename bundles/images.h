/* images.h - the images verdict: for each image of a bundle what is signed and attested of it, by whom, and whether it
 * may be used.
 *
 * Lifecycle  images_judge; look; images_verdict_release.
 * Bounds     What is found of all images is kept, some kilobytes each; content is read one thing at a time.
 * Ownership  Graph, signers and admission are borrowed, and outlive the verdict; the rest is its own.
 * Errors     A verdict that is no is none.  Those of trust/candidate.h, of the bundle; ERR_NOMEM.
 */
#ifndef BUNDLES_IMAGES_H
#define BUNDLES_IMAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "bundles/admission.h"
#include "bundles/reader.h"
#include "common/graph.h"
#include "trust/findings.h"
#include "trust/signers.h"

struct image_verdict {
	const char *name;
	struct candidates all;
	struct findings findings;
	struct admission_answer answer; /* where a policy counts */
	char *why;                      /* owned: why it may not be used; NULL where it may */
};

struct images_verdict {
	struct source *source;       /* owned: of the bundle */
	struct image_verdict *items; /* owned; as the graph has its images */
	size_t len, refused;
	size_t held; /* signatures and attestations that hold, of all images */
};

/* Judge all images of a settled graph: by these signers, who must have signed what the name of each stands for, or each
 * platform of it; and by the policies that count.  signers is NULL where none are named. */
enum err_code images_judge(const struct bundle *b, const struct graph *g, const struct signers *signers,
			   struct admission *admission, struct images_verdict *ret_verdict, struct err *err);
/* ERR_UNPROVED with the first image that may not be used, and why. */
enum err_code images_refusal(const struct images_verdict *v, struct err *err);
/* A zeroed one is fine. */
void images_verdict_release(struct images_verdict *v);
#endif
