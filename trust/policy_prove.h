/* policy_prove.h - a signature proved by whomever a policy would believe it from, for what is shown to people.
 *
 * Errors  ERR_UNPROVED with the reason, of the first that a policy would believe; those of candidate.h.
 * Trust   That somebody signed is no decision: decision.h decides.
 */
#ifndef TRUST_POLICY_PROVE_H
#define TRUST_POLICY_PROVE_H

#include "common/err.h"
#include "trust/candidate.h"
#include "trust/policy.h"
#include "trust/proofs.h"

/* Prove one candidate by any of those whom the requirements for this name ask for.  ERR_UNPROVED where they ask for
 * nobody. */
enum err_code policy_prove(const struct policy *p, const char *name, const struct prover *prover,
			   const struct candidates *all, const struct candidate *c, struct candidate_proof *ret_proof,
			   struct err *err);
#endif
