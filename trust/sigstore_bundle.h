/* sigstore_bundle.h - a sigstore bundle, read: one signature and everything that goes with it.
 *
 * Lifecycle  sigstore_bundle_read; look; sigstore_bundle_release.
 * Bounds     LIMIT_SIGSTORE_BYTES; LIMIT_SIGSTORE_ENTRIES log entries and as many timestamps;
 *            LIMIT_CHAIN certificates; LIMIT_PROOF_HASHES hashes in a proof.
 * Ownership  A bundle owns everything in it.
 * Errors     ERR_FORMAT (also what stands twice), ERR_UNSUPPORTED (another version),
 *            ERR_LIMIT, ERR_NOMEM.
 * Trust      Everything in it is a claim; sigstore.h proves.
 * Source     sigstore protobuf-specs, sigstore_bundle.proto and sigstore_rekor.proto,
 *            v0.1 to v0.3; numbers of 64 bits are texts or numbers, bytes are
 *            base64 of either alphabet.
 */
#ifndef TRUST_SIGSTORE_BUNDLE_H
#define TRUST_SIGSTORE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "trust/artifact.h"

enum sigstore_version { SIGSTORE_LEGACY, SIGSTORE_V01, SIGSTORE_V02, SIGSTORE_V03 };

struct sigstore_inclusion {
	uint64_t index, tree_size; /* in the shard */
	unsigned char root_hash[32];
	unsigned char (*hashes)[32]; /* owned */
	size_t hashes_len;
	char *checkpoint; /* owned; NULL: none */
};

struct sigstore_entry {
	uint64_t index;
	int64_t integrated_time;      /* 0: none */
	struct buf log_id, set, body; /* set: the signed entry timestamp; empty: none */
	char *kind, *version;         /* owned */
	bool has_inclusion;
	struct sigstore_inclusion inclusion;
};

struct sigstore_bundle {
	enum sigstore_version version;
	bool is_statement;        /* dsseEnvelope, else messageSignature */
	char hint[129];           /* of the public key; "" for none */
	struct buf *certificates; /* owned, in DER: the leaf first; none: a key signed */
	size_t certificates_len;
	struct sigstore_entry *entries; /* owned */
	size_t entries_len;
	struct buf *timestamps; /* owned: RFC 3161 responses in DER */
	size_t timestamps_len;
	struct buf signature;         /* the one there is */
	enum trust_hash message_hash; /* of the message digest; TRUST_HASHES: there is none */
	unsigned char message_digest[TRUST_HASH_MAX];
	struct buf payload;  /* of the envelope: an in-toto statement */
	char *payload_type;  /* owned */
	struct buf envelope; /* the envelope as it stood; only of legacy attestations, whose timestamp and log entry are
				over it */
};

/* Is this text a sigstore bundle by its media type, of whatever version? */
bool sigstore_bundle_is(const char *media_type);
/* Read one; name is for messages. */
enum err_code sigstore_bundle_read(const void *text, size_t len, const char *name, struct sigstore_bundle *ret_bundle,
				   struct err *err);
/* A zeroed bundle is fine. */
void sigstore_bundle_release(struct sigstore_bundle *b);
#endif
