/* simple_signing.h - the payload that cosign's older signatures are over: a digest, and the name it was signed under.
 *
 * Ownership  Texts are borrowed from the JSON.
 * Errors     ERR_UNPROVED: it is no such payload, or about another digest.
 * Source     cosign SIGNATURE_SPEC.md; containers/image docs/containers-signature.5.md.
 */
#ifndef TRUST_SIMPLE_SIGNING_H
#define TRUST_SIMPLE_SIGNING_H

#include "common/digest.h"
#include "common/err.h"
#include "common/js.h"

/* Hold a payload against the digest of the manifest that it came with. */
enum err_code simple_signing_check(const struct json_t *payload, const struct digest *subject, struct err *err);
/* The name that was signed, NULL where there is none.  As it was written: it may be no name at all. */
const char *simple_signing_reference(const struct json_t *payload);
#endif
