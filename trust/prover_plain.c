#include "trust/proofs.h"

static enum err_code plain_prove(void *ctx, const struct candidates *all, const struct candidate *c,
				 const struct trust_material *m, const struct trust_wanted *wanted,
				 struct candidate_proof *ret_proof, struct err *err)
{
	(void)ctx;
	return candidate_prove(all, c, m, wanted, ret_proof, err);
}

static enum err_code plain_payload(void *ctx, const struct candidates *all, const struct candidate *c,
				   struct json_t **ret_payload, struct err *err)
{
	(void)ctx;
	return candidate_payload(all, c, ret_payload, err);
}

const struct prover prover_plain = { .prove = plain_prove, .payload = plain_payload };
