/* seal_key.h - keys that sign and check: Ed25519, ECDSA on P-256 and P-384, RSA of 2048 bits and more.
 *
 * Lifecycle  seal_key_read_private or seal_key_read_public; sign, check; seal_key_free.
 * Bounds     A key file has at most LIMIT_KEY_BYTES bytes and holds one key.
 * Ownership  A key owns everything in it.
 * Errors     ERR_NOT_FOUND, ERR_IO, ERR_FORMAT (no key in the file, or more than
 *            one), ERR_UNSUPPORTED (another kind of key), ERR_DENIED (the
 *            passphrase is wrong, or there is nobody to ask), ERR_UNPROVED (a
 *            signature that is not by this key over these bytes), ERR_CRYPTO,
 *            ERR_NOMEM.
 * Source     PEM: RFC 7468.  Ed25519 signs the bytes themselves (RFC 8032); ECDSA
 *            gives the signature in DER (RFC 3279); RSA is PKCS#1 v1.5.  These are
 *            the forms of sigstore's protobuf-specs.
 */
#ifndef BUNDLES_SEAL_KEY_H
#define BUNDLES_SEAL_KEY_H

#include <stddef.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/limits.h"
#include "trust/artifact.h"

#define SEAL_HINT_MAX 128

struct seal_key;

/* Read a private key.  The passphrase of an encrypted one is asked for on the terminal, or is the first line that
 * passphrase_fd gives. */
enum err_code seal_key_read_private(const char *path, int passphrase_fd, struct seal_key **ret_key, struct err *err);
enum err_code seal_key_read_public(const char *path, struct seal_key **ret_key, struct err *err);
/* The same of bytes that were read already, from a file of this name. */
enum err_code seal_key_parse_public(const struct buf *pem, const char *path, struct seal_key **ret_key,
				    struct err *err);
/* Where it was read from. */
const char *seal_key_name(const struct seal_key *k);
/* What identifies it, and what it is called in seals: its fingerprint (trust/fingerprint.h) in base64. */
const char *seal_key_hint(const struct seal_key *k);
/* The same as a digest. */
const struct digest *seal_key_fingerprint(const struct seal_key *k);
/* Sign bytes, by SHA-256 where the key needs a hash; at most LIMIT_SIGNATURE_BYTES bytes are written. */
enum err_code seal_key_sign(const struct seal_key *k, const void *bytes, size_t len,
			    unsigned char out[LIMIT_SIGNATURE_BYTES], size_t *ret_len, struct err *err);
/* Is this a signature of these bytes, by this hash where the key needs one?  cosign takes others for larger curves. */
enum err_code seal_key_check(const struct seal_key *k, enum trust_hash hash, const void *bytes, size_t len,
			     const unsigned char *signature, size_t signature_len, struct err *err);
/* NULL is fine. */
void seal_key_free(struct seal_key *k);
/* Cleanup handler for struct seal_key *. */
void seal_key_free_ptr(struct seal_key **k);
#endif
