/* seal.h - a seal: somebody's signature over bundle.json, as a sigstore bundle.
 *
 * Lifecycle  seal_sign or seal_read; look; seal_write.  A seal holds nothing that needs to be released.
 * Bounds     A seal's text has at most SEAL_TEXT_MAX bytes.
 * Errors     seal_read: ERR_FORMAT, ERR_UNSUPPORTED (a sigstore bundle of another
 *            version, or that signs something else than bytes), ERR_LIMIT.
 *            seal_check: ERR_UNPROVED.
 * Trust      What seal_read gives is a claim.  seal_check with a key that one trusts makes more of it.
 * Format     One JSON object, in the form of sigstore's bundle v0.3:
 *              mediaType                              application/vnd.dev.sigstore.bundle.v0.3+json
 *              verificationMaterial.publicKey.hint    which key (seal_key.h)
 *              messageSignature.messageDigest         algorithm SHA2_256, digest of bundle.json
 *              messageSignature.signature             over bundle.json
 *            Read are the versions from v0.1 on, the hashes of trust/artifact.h, seals
 *            without messageDigest (which cosign writes for Ed25519), and with a
 *            certificate or a log entry in place of the hint or beside it.
 * Source     sigstore protobuf-specs, sigstore_bundle.proto.
 */
#ifndef BUNDLES_SEAL_H
#define BUNDLES_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "bundles/seal_key.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/limits.h"

#define SEAL_TEXT_MAX 65536

struct seal {
	char hint[SEAL_HINT_MAX + 1]; /* "" where it names no key */
	bool has_digest;
	enum trust_hash hash;
	unsigned char digest[TRUST_HASH_MAX];
	unsigned char signature[LIMIT_SIGNATURE_BYTES];
	size_t signature_len;
};

/* Read a seal; what names it in messages. */
enum err_code seal_read(const void *text, size_t len, const char *what, struct seal *ret_seal, struct err *err);
/* Append its text. */
enum err_code seal_write(const struct seal *s, struct buf *out, struct err *err);
/* Seal bytes by a private key. */
enum err_code seal_sign(const struct seal_key *k, const void *bytes, size_t len, struct seal *ret_seal,
			struct err *err);
/* Make a seal of a signature that was made elsewhere, by SHA-256 where the key needs a hash. */
enum err_code seal_of(const struct seal_key *k, const void *bytes, size_t len, const void *signature,
		      size_t signature_len, struct seal *ret_seal, struct err *err);
/* Does it say that it is over these bytes?  One without a digest says nothing, and that is ERR_OK. */
enum err_code seal_is_over(const struct seal *s, const void *bytes, size_t len, struct err *err);
/* Is it by this key, over these bytes? */
enum err_code seal_check(const struct seal *s, const struct seal_key *k, const void *bytes, size_t len,
			 struct err *err);
#endif
