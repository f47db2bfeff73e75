/* proofs.h - what was proved already: each signature by each set of signers once, whatever asks, under however many
 * names.
 *
 * Lifecycle  proofs_init; decide any number of times, over any number of images, policies and names; proofs_release,
 *            before the policies whose signers it has seen are freed.
 * Bounds     LIMIT_PROOFS remembered; what is proved beyond that is proved each time it is asked for.
 * Ownership  It owns what it remembers: by whom, or why not.  Payloads it does not keep.
 * Errors     What does not hold is a verdict.  Those of candidate.h that are none; ERR_NOMEM.
 */
#ifndef TRUST_PROOFS_H
#define TRUST_PROOFS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "trust/candidate.h"

/* What proves, and what reads claims: candidate.h, or somebody who stands in front of it. */
struct prover {
	enum err_code (*prove)(void *ctx, const struct candidates *all, const struct candidate *c,
			       const struct trust_material *m, const struct trust_wanted *wanted,
			       struct candidate_proof *ret_proof, struct err *err);
	enum err_code (*payload)(void *ctx, const struct candidates *all, const struct candidate *c,
				 struct json_t **ret_payload, struct err *err);
	void *ctx;
};

/* candidate_prove and candidate_payload, and nothing else. */
extern const struct prover prover_plain;

/* What came of one signature. */
struct verdict {
	bool holds;
	bool is_signature;      /* it vouches for the image, and says nothing else */
	char *who;              /* owned: "key release.pub", "IDENTITY by ISSUER"; NULL where it does not hold */
	char *why;              /* owned: why it does not; NULL where it does */
	char *predicate_type;   /* owned; NULL where there is no statement */
	char *docker_reference; /* owned: the name that was signed; NULL where there is none */
};

struct policy_signers;

struct revoked;

struct proofs {
	struct prover prover;
	const struct revoked *revoked; /* borrowed: keys that never count; NULL: none */
	void *known;                   /* a tsearch tree */
	size_t len;
};

void proofs_init(struct proofs *p, const struct prover *prover, const struct revoked *revoked);
/* The verdict, which is the proofs' until the next is asked for; and where it was made just now and holds, what was
 * signed, for the caller to free: NULL where it is no JSON, or was proved before. */
enum err_code proofs_get(struct proofs *p, const struct candidates *all, const struct candidate *c,
			 const struct policy_signers *signers, const struct verdict **ret_verdict,
			 struct json_t **ret_payload, struct err *err);
/* A zeroed one is fine. */
void proofs_release(struct proofs *p);
#endif
