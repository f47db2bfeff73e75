/* artifact.h - what a signature is over: bytes, a file, or something of which only the digest is known.
 *
 * Lifecycle  trust_artifact_of_bytes, _of_file or _of_digest; ask; trust_artifact_release.
 * Bounds     A file is read in pieces.  Only for a signature over the bytes
 *            themselves, and where it is a pipe, is it read whole, up to LIMIT_ARTIFACT_BYTES.
 * Ownership  Bytes and path are borrowed.  Hashes are kept once they are known, so
 *            one artifact is for one thread at a time.
 * Errors     ERR_NOT_FOUND, ERR_IO, ERR_LIMIT, ERR_CRYPTO; ERR_UNSUPPORTED for a
 *            digest that nothing is signed by; ERR_UNPROVED where only a digest by
 *            another algorithm is known, or the bytes themselves are needed.
 */
#ifndef TRUST_ARTIFACT_H
#define TRUST_ARTIFACT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"

#define TRUST_HASH_MAX 64

struct evp_md_st;

enum trust_hash { TRUST_SHA256, TRUST_SHA384, TRUST_SHA512, TRUST_HASHES };

struct trust_artifact {
	const char *name;  /* borrowed; for messages */
	const char *path;  /* borrowed; NULL: no file */
	const void *bytes; /* borrowed; NULL: not in memory */
	size_t len;
	struct buf read; /* owned: a file that had to be read whole */
	bool known[TRUST_HASHES];
	unsigned char hash[TRUST_HASHES][TRUST_HASH_MAX];
};

struct trust_artifact trust_artifact_of_bytes(const void *bytes, size_t len, const char *name);
struct trust_artifact trust_artifact_of_file(const char *path);
/* Of a digest alone: a manifest's, or what the command line names. */
enum err_code trust_artifact_of_digest(const struct digest *digest, struct trust_artifact *ret_artifact,
				       struct err *err);
/* Its hash: trust_hash_bytes(hash) bytes that live as long as the artifact. */
enum err_code trust_artifact_hash(struct trust_artifact *a, enum trust_hash hash, const unsigned char **ret_hash,
				  struct err *err);
/* Its bytes, for Ed25519. */
enum err_code trust_artifact_bytes(struct trust_artifact *a, const void **ret_bytes, size_t *ret_len, struct err *err);
/* A zeroed artifact is fine. */
void trust_artifact_release(struct trust_artifact *a);

size_t trust_hash_bytes(enum trust_hash hash);
/* sigstore's name of it, "SHA2_256", and OpenSSL's. */
const char *trust_hash_name(enum trust_hash hash);
const struct evp_md_st *trust_hash_md(enum trust_hash hash);
/* By any of its names: "SHA2_256" of sigstore, "sha256" of in-toto and Rekor; TRUST_HASHES for others. */
enum trust_hash trust_hash_named(const char *name);
enum err_code trust_hash_of(enum trust_hash hash, const void *bytes, size_t len, unsigned char out[TRUST_HASH_MAX],
			    struct err *err);
#endif
