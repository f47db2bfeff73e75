/* findings.h - what came of the signatures and attestations of one image: who is proved to have signed, and what fails.
 *
 * Lifecycle  findings_make with a way to prove; look; findings_release.
 * Bounds     Those of candidate.h; a line of PREDICATE_TEXT_MAX bytes for what is claimed.
 * Ownership  The candidates are borrowed; findings own their texts.
 * Errors     What does not hold is a finding.  Those of candidate.h that are no verdict; ERR_NOMEM.
 */
#ifndef TRUST_FINDINGS_H
#define TRUST_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/js.h"
#include "trust/candidate.h"

enum finding_verdict {
	FINDING_HOLDS,
	FINDING_FAILS,
	FINDING_UNSIGNED, /* nobody signed it; see covered */
};

struct finding {
	const struct candidate *candidate;
	enum finding_verdict verdict;
	bool is_signature; /* it vouches for the image, and says nothing else */
	bool is_covered;   /* not signed itself, but in a manifest that a signature which holds vouches for */
	char *who;         /* "key HINT (FILE)", "WHO, vouched for by ISSUER"; NULL while it is not proved */
	char *key, *identity, *issuer, *time; /* the same one by one; NULL for what there is not; time in RFC 3339 */
	const char *time_by;                  /* "log", "timestamp"; NULL */
	char *why;                            /* why it does not hold; NULL where it does */
	char *predicate_type;                 /* of the statement that was read, else as what carries it says; NULL */
	char *claims;                         /* what it says, in one line; NULL for nothing */
};

struct findings {
	const struct candidates *all;
	struct finding *items; /* by candidate */
	size_t len, held;      /* held: how many hold */
	bool root_signed;      /* a signature over what the image's name stands for holds */
	size_t platforms,
		platforms_signed; /* that are here; for how many a signature holds, over them or over the root */
};

/* How one candidate is proved: ERR_OK, or ERR_UNPROVED with the reason. */
typedef enum err_code findings_prove_fn(void *ctx, const struct candidates *all, const struct candidate *c,
					struct candidate_proof *ret_proof, struct err *err);

enum err_code findings_make(const struct candidates *all, findings_prove_fn *prove, void *ctx,
			    struct findings *ret_findings, struct err *err);
/* True where what the name stands for is signed, or each platform of it that is here. */
bool findings_signed(const struct findings *f);
/* "bundle", "simple signing", "DSSE", "statement". */
const char *candidate_form_name(enum candidate_form form);
/* Zeroed ones are fine. */
void findings_release(struct findings *f);
#endif
