/* tlog_body.h - whether an entry of a log is about this signature, and not about another one.
 *
 * Errors     ERR_UNPROVED: it is about another; ERR_FORMAT, ERR_UNSUPPORTED (a kind of
 *            entry that is not known), ERR_NOMEM.
 * Source     Rekor's types hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and 0.0.2, intoto
 *            0.0.2, and intoto 0.0.1 of cosign's older attestations, which has no signature
 *            in it but a hash of the whole envelope.
 */
#ifndef TRUST_TLOG_BODY_H
#define TRUST_TLOG_BODY_H

#include <stdbool.h>

#include "common/err.h"
#include "trust/artifact.h"
#include "trust/key.h"
#include "trust/sigstore_bundle.h"

/* What an entry must be about. */
struct tlog_subject {
	const struct sigstore_bundle *bundle; /* its signature, payload and certificate */
	const struct trust_key *key;          /* that checked the signature */
	bool is_keyless;                      /* it is that of the certificate */
	struct trust_artifact *signed_bytes;  /* the artifact, or what an envelope's signature is over */
};

enum err_code tlog_body_check(const struct sigstore_entry *e, const struct tlog_subject *s, struct err *err);
#endif
