/* key.h - public keys that check signatures: ECDSA on P-256, P-384 and P-521, Ed25519, RSA of 2048 bits and more.
 *
 * Lifecycle  trust_key_read, trust_key_of_pem or trust_key_of_der; check; trust_key_free.
 * Bounds     A key file has at most LIMIT_KEY_BYTES and holds one key.
 * Ownership  A key owns everything in it, and may be used by several threads at once: what checks its signatures is
 *            made ready once, with the key, and of that each check has its own copy.
 * Errors     ERR_NOT_FOUND, ERR_IO, ERR_LIMIT, ERR_FORMAT (no key, or more than
 *            one), ERR_UNSUPPORTED (another kind of key), ERR_UNPROVED (a
 *            signature that is not by this key over these bytes), ERR_CRYPTO,
 *            ERR_NOMEM.
 * Source     PEM: RFC 7468.  The details are those of sigstore's protobuf-specs,
 *            sigstore_common.proto, PublicKeyDetails.  ECDSA signs a hash, and gives the
 *            signature in DER (RFC 3279); RSA is PKCS#1 v1.5 or PSS (RFC 8017);
 *            Ed25519 signs the bytes themselves (RFC 8032), and in a form of its own, Ed25519ph,
 *            which sigstore calls PKIX_ED25519_PH, their SHA-512.
 */
#ifndef TRUST_KEY_H
#define TRUST_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "trust/artifact.h"

#define TRUST_KEY_ID_SIZE 45 /* base64 of a SHA-256, and the NUL */

struct trust_key;
struct x509_st;
struct ossl_lib_ctx_st;

/* Read a public key in PEM from a file. */
enum err_code trust_key_read(const char *path, struct trust_key **ret_key, struct err *err);
/* The same from memory: PEM (keyData of a policy, once its base64 is off), or the SubjectPublicKeyInfo in DER; name is
 * for messages.  details is sigstore's name of the kind of key, "PKIX_ECDSA_P256_SHA_256", NULL where nobody said. */
enum err_code trust_key_of_pem(const void *pem, size_t len, const char *name, struct trust_key **ret_key,
			       struct err *err);
enum err_code trust_key_of_der(const void *der, size_t len, const char *details, const char *name,
			       struct trust_key **ret_key, struct err *err);
/* The key of a certificate that OpenSSL has read in this context: best one of few_decoders.h. */
enum err_code trust_key_of_certificate(const struct x509_st *x509, struct ossl_lib_ctx_st *context, const char *name,
				       struct trust_key **ret_key, struct err *err);
/* Where it is from, for messages. */
const char *trust_key_name(const struct trust_key *k);
/* What identifies it: its fingerprint (fingerprint.h) in base64, as in the hint of a bundle that cosign writes. */
const char *trust_key_id(const struct trust_key *k);
/* The same SHA-256 as bytes. */
const unsigned char *trust_key_hash(const struct trust_key *k);
bool trust_key_equal(const struct trust_key *a, const struct trust_key *b);
/* Is it Ed25519, which signs bytes and no hash?  Then its 32 raw bytes. */
bool trust_key_raw(const struct trust_key *k, unsigned char out[32]);
/* Is this a signature by the key over the artifact?  Ed25519 in either form.  The hash that goes with the key is tried
 * first and then the others: cosign takes SHA-256 for all keys in some versions, and that of the curve in others. */
enum err_code trust_key_check(const struct trust_key *k, struct trust_artifact *a, const void *signature,
			      size_t signature_len, struct err *err);
/* The same over bytes in memory, of this hash alone where it is not TRUST_HASHES, and of Ed25519 in that form alone
 * which the details of the key name; the plain one where nobody said. */
enum err_code trust_key_check_bytes(const struct trust_key *k, enum trust_hash hash, const void *bytes, size_t len,
				    const void *signature, size_t signature_len, struct err *err);
/* NULL is fine. */
void trust_key_free(struct trust_key *k);
/* Cleanup handler for struct trust_key *. */
void trust_key_free_ptr(struct trust_key **k);
#endif
