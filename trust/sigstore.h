/* sigstore.h - the whole verification of one signature: by a key, or by an identity that Fulcio vouches for.
 *
 * Lifecycle  A struct sigstore_bundle (sigstore_bundle.h reads one; legacy.h makes one
 *            of cosign's annotations); trust_verify; look; trust_proof_release.
 * Units      Times are seconds since 1970.
 * Ownership  Material and wishes are borrowed and never changed: several threads
 *            may verify by the same ones.  A proof owns its texts; its key is the material's.
 * Errors     ERR_UNPROVED: it does not hold, and why.  ERR_FORMAT, ERR_LIMIT,
 *            ERR_UNSUPPORTED: it cannot be read.  ERR_NOMEM, ERR_CRYPTO, ERR_IO.
 * Trust      Nothing in a bundle counts but by a key or a root of the material.  There
 *            is no clock here: a certificate counts if it was valid at every time that is proved.
 * Keyed      A signature by one of the keys.  Where the material has a root with
 *            logs, all log entries in one of these must hold, and one must be
 *            there where wanted.tlog says so.
 * Keyless    The steps of the sigstore client specification, section 4: a proved
 *            time, the chain at that time, the SCT, identity and issuer, the log
 *            entry, the signature.
 */
#ifndef TRUST_SIGSTORE_H
#define TRUST_SIGSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "trust/artifact.h"
#include "trust/identity.h"
#include "trust/key.h"
#include "trust/root.h"
#include "trust/sigstore_bundle.h"

/* What one trusts: any of these keys, or whom this root vouches for. */
struct trust_material {
	struct trust_key *const *keys; /* borrowed */
	size_t keys_len;
	const struct trust_root *root; /* borrowed; NULL: none */
};

/* What one wants besides. */
struct trust_wanted {
	const struct trust_identity *identities; /* borrowed: one of them must match; none: only keys count */
	size_t identities_len;
	bool tlog; /* an entry in a log of the root must be there (keyless: always, but in a policy that has no log) */
	bool timestamp; /* a timestamp by an authority of the root must be there */
	bool no_tlog;   /* do not demand an entry of a keyless signature */
	bool no_sct;    /* do not demand that a log of certificates knows the certificate: containers-policy.json has no
			   such log */
};

enum trust_form { TRUST_MESSAGE, TRUST_STATEMENT };
enum trust_time { TRUST_TIME_NONE, TRUST_TIME_LOG, TRUST_TIME_AUTHORITY };

struct trust_proof {
	enum trust_form form;
	const struct trust_key *key;    /* borrowed from the material: who signed; NULL: a certificate's identity */
	char key_id[TRUST_KEY_ID_SIZE]; /* of the key that signed, also where it is a certificate's */
	char *identity, *issuer;        /* owned; NULL for a key */
	enum trust_time time_by;        /* who says when; a timestamp authority before a log */
	int64_t time;
	bool logged; /* an entry in a log of the root holds */
	uint64_t log_index;
	char *log;            /* owned: the log's address; NULL: not logged */
	struct buf statement; /* owned: the in-toto statement that is proved; empty for a message */
	char *predicate_type; /* owned; NULL for a message */
};

/* Prove a signature over an artifact: a message signature over its bytes, or a statement that has it as a subject.  An
 * artifact of NULL leaves open what a statement is about (the caller looks); a message needs one. */
enum err_code trust_verify(const struct sigstore_bundle *b, const struct trust_material *material,
			   const struct trust_wanted *wanted, struct trust_artifact *artifact,
			   struct trust_proof *ret_proof, struct err *err);
/* A zeroed proof is fine. */
void trust_proof_release(struct trust_proof *proof);
#endif
