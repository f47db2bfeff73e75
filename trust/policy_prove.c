#include "trust/policy_prove.h"

#include "trust/policy_private.h"

enum err_code policy_prove(const struct policy *p, const char *name, const struct prover *prover,
			   const struct candidates *all, const struct candidate *c, struct candidate_proof *ret_proof,
			   struct err *err)
{
	const struct policy_scope *scope = policy_scope_of(p, name);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; i < scope->len; i++) {
		const struct policy_signers *s = scope->requirements[i].signers;
		struct err why = { 0 };

		if (s == NULL)
			continue;
		code = prover->prove(prover->ctx, all, c, &s->material, &s->wanted, ret_proof, &why);
		if (code == ERR_OK)
			return ERR_OK;
		if (err != NULL && (code != ERR_UNPROVED || err->code != ERR_UNPROVED))
			*err = why;
		if (code != ERR_UNPROVED)
			return code;
	}
	return code != ERR_OK ? code
			      : err_set(err, ERR_UNPROVED, "the policy asks for nobody who could have signed it");
}
