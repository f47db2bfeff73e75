/* legacy.h - cosign's older forms, a signature in the annotations of a layer, made a sigstore bundle that can be
 * verified.
 *
 * Lifecycle  sigstore_bundle_of_legacy; trust_verify; sigstore_bundle_release.
 * Bounds     Those of sigstore_bundle.h.
 * Ownership  Parts are borrowed during the call only.
 * Errors     ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 * Trust      As sigstore_bundle.h: everything is a claim.
 * Source     cosign, specs/SIGNATURE_SPEC.md: annotations dev.cosignproject.cosign/signature
 *            and dev.sigstore.cosign/{certificate,chain,bundle,rfc3161timestamp}.
 */
#ifndef TRUST_LEGACY_H
#define TRUST_LEGACY_H

#include <stddef.h>

#include "common/err.h"
#include "trust/sigstore_bundle.h"

struct legacy_parts {
	const void *layer; /* simple signing JSON, or a DSSE envelope in JSON */
	size_t layer_len;
	const char *signature;   /* base64, as annotated; NULL or "": the layer is a DSSE envelope */
	const char *certificate; /* PEM; NULL or "": a key signed */
	const char *chain;       /* PEM; NULL or "" for none */
	const char *rekor;       /* JSON of the annotation …/bundle; NULL or "" for none */
	const char *timestamp;   /* JSON of the annotation …/rfc3161timestamp; NULL or "" for none */
};

/* The artifact of such a signature is the layer, in simple signing: trust_artifact_of_bytes(layer, layer_len, name). */
enum err_code sigstore_bundle_of_legacy(const struct legacy_parts *parts, const char *name,
					struct sigstore_bundle *ret_bundle, struct err *err);
#endif
