/* decision_private.h - how a decision is made; for the modules that judge.
 *
 * Errors  ERR_LIMIT, ERR_NOMEM.
 */
#ifndef TRUST_DECISION_PRIVATE_H
#define TRUST_DECISION_PRIVATE_H

#include "common/limits.h"
#include "trust/coverage.h"
#include "trust/decision.h"
#include "trust/policy_private.h"

/* Manifests that nothing vouches for, of one requirement: an image may have any number of them, and what is found of
 * each is looked for among all candidates. */
#define PLATFORMS_SHOWN 100

/* Add a step; its texts are copied, and made fit for a terminal. */
enum err_code decision_add(struct decision *d, const struct decision_step *step, struct err *err);
/* What came of a step that was added before what belongs to it. */
enum err_code decision_found(struct decision *d, size_t at, bool holds, const char *found, struct err *err);

/* One requirement that is being judged. */
struct judging {
	const struct policy_requirement *requirement;
	const char *name;
	const struct candidates *all;
	struct proofs *proofs;
	struct decision *decision;
	struct coverage *coverage;
	bool *asked;    /* owned; by subject: it must be vouched for */
	bool *vouched;  /* owned; by subject: something vouches for it */
	size_t counted; /* how many candidates count */
	char **whys;    /* owned; by candidate: why it does not count; NULL where it was not looked at, or counts */
	size_t *held;   /* owned: the signatures that hold and may cover statements; NULL while nobody has asked */
	size_t held_len;
};

/* What the indexes of an image list and one requirement is enough for, over all requirements of a scope. */
struct lacking {
	const struct candidates *all;
	bool *asked;   /* owned; by subject: one of the requirements asks for it */
	bool *vouched; /* owned; by subject: what one of them asks for vouches for it */
};

/* Did it come along? */
bool judging_has(const struct candidates *all, size_t subject);
/* Is one requirement that vouches for it enough?  It did not come along, or it is an attestation: to such things alone
 * nobody attests anything. */
bool judging_asks_once(const struct candidates *all, size_t subject);
/* "linux/arm64", "the index". */
const char *judging_subject(const struct candidate_subject *s);
enum err_code lacking_init(struct lacking *l, const struct candidates *all, struct err *err);
/* What came of one requirement. */
void lacking_note(struct lacking *l, const struct judging *j);
/* A step, where anything is lacking that is asked for. */
enum err_code lacking_judge(const struct lacking *l, const struct policy_scope *scope, struct decision *d,
			    struct err *err);
/* A zeroed one is fine. */
void lacking_release(struct lacking *l);
/* Is there a subject left that must be vouched for, and that this candidate is attached to, or to what leads to it? */
bool judging_needs(const struct judging *j, const struct candidate *c);
/* This candidate counts: whatever it is attached to, and all under that, is vouched for. */
enum err_code judging_counts(struct judging *j, const struct candidate *c, const char *what, const char *found,
			     struct err *err);
/* It does not, and why. */
enum err_code judging_fails(struct judging *j, const struct candidate *c, const char *what, const char *why,
			    struct err *err);
/* Look at all candidates for a requirement of this kind, until all that must be vouched for is. */
enum err_code judge_signatures(struct judging *j, struct err *err);
enum err_code judge_attestations(struct judging *j, struct err *err);
/* A text matches one of the patterns of an attestation's type. */
bool judging_wants_type(const struct judging *j, const char *type);
#endif
