/* decision.h - whether an image may be taken: one policy, one name, and what came with the image, judged.
 *
 * Judging is pure: it reads no file and no clock but through the prover.  The scope whose requirements count is found
 * from the name alone; all of its requirements are judged, so that all that is missing is said at once, and all of them
 * must hold.
 *
 * Every platform of the image that is here must be vouched for, by something that is attached to its manifest, or to an
 * index that leads to it; what its indexes list besides, by what one of the requirements counts.
 *
 * Lifecycle  policy_decide, look, decision_release.
 * Bounds     LIMIT_DECISION_STEPS steps; what is asked for is as long as the policy has it.
 * Ownership  A decision owns its texts; the policy is borrowed.
 * Errors     A refusal is no error of policy_decide: accepted is false, and
 *            decision_refusal makes an ERR_UNPROVED of it.  What is wrong with
 *            the machine or the bundle (ERR_IO, ERR_NOMEM, ERR_DAMAGED) is one.
 * Source     containers/image signature/policy_eval.go, policy_eval_sigstore.go;
 *            docs/bundle-policy.5.
 */
#ifndef TRUST_DECISION_H
#define TRUST_DECISION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/js.h"
#include "common/stream.h"
#include "trust/candidate.h"
#include "trust/policy.h"
#include "trust/proofs.h"

enum step_kind {
	STEP_SCOPE,       /* which requirements count for this name */
	STEP_REQUIREMENT, /* one of them, or what all of them together say of what does not come along */
	STEP_CANDIDATE,   /* a signature or attestation that was looked at for it */
	STEP_PLATFORM,    /* a manifest that nothing of these vouches for */
};

struct decision_step {
	enum step_kind kind; /* what comes after a requirement belongs to it */
	bool holds;
	char *pointer; /* owned: where it stands in the policy; NULL for a candidate and a platform */
	char *text;    /* owned: what is asked for, or looked at */
	char *found;   /* owned: what was found, or why not; NULL where that goes without saying */
};

struct decision {
	bool accepted;
	char *name;                  /* owned: the image's */
	const struct policy *policy; /* borrowed */
	struct decision_step *steps; /* owned */
	size_t len, cap;
};

/* Judge an image under one of its names, a full normalised one.  Judge it again for every other name it has or will
 * have. */
enum err_code policy_decide(const struct policy *p, const char *name, const struct candidates *all,
			    struct proofs *proofs, struct decision *ret_decision, struct err *err);
/* ERR_UNPROVED with the image, the first requirement that does not hold, and what was found; ERR_OK where it was
 * accepted. */
enum err_code decision_refusal(const struct decision *d, struct err *err);
/* The steps as a tree for people. */
enum err_code decision_print(const struct decision *d, struct outstream *out, struct err *err);
/* The same as an object for machines. */
void decision_json(const struct decision *d, struct js_out *o);
/* A zeroed decision is fine. */
void decision_release(struct decision *d);
#endif
