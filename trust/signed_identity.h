/* signed_identity.h - which name a signature must have been made for: the signedIdentity of containers-policy.json(5).
 *
 * A signature that names no image, as cosign makes them since version 3, fits matchDigest only, which is ours: the
 * digest alone counts, as it does for cosign verify.
 *
 * Lifecycle  signed_identity_read, signed_identity_matches any number of times; there is nothing to release.
 * Ownership  Texts are the document's, which outlives the rule.
 * Errors     Those of strict.h.  Matching is a yes or a no, or ERR_NOMEM.
 * Source     containers/image signature/policy_reference_match.go, policy_config.go.
 */
#ifndef TRUST_SIGNED_IDENTITY_H
#define TRUST_SIGNED_IDENTITY_H

#include <stdbool.h>

#include "common/err.h"
#include "common/js.h"
#include "trust/strict.h"

enum signed_identity_kind {
	IDENTITY_MATCH_EXACT,
	IDENTITY_MATCH_REPO_DIGEST_OR_EXACT,
	IDENTITY_MATCH_REPOSITORY,
	IDENTITY_EXACT_REFERENCE,
	IDENTITY_EXACT_REPOSITORY,
	IDENTITY_REMAP,
	IDENTITY_MATCH_DIGEST,
};

struct signed_identity {
	enum signed_identity_kind kind;
	const char *reference;      /* of the exact ones: a reference, or a repository */
	const char *prefix, *other; /* of IDENTITY_REMAP: prefix, and signedPrefix that takes its place */
};

/* Read a member signedIdentity; value is NULL where there is none, which is matchRepoDigestOrExact. */
enum err_code signed_identity_read(struct strict *s, const struct json_t *value, struct signed_identity *ret_identity,
				   struct err *err);
/* May an image be called name, a full normalised one, where the signature says signed_name?  NULL: it says nothing. */
enum err_code signed_identity_matches(const struct signed_identity *id, const char *name, const char *signed_name,
				      bool *ret_matches, struct err *err);
/* The word for it in a policy. */
const char *signed_identity_word(const struct signed_identity *id);
#endif
