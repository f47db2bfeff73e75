/* merkle.h - the proof that a log's tree holds an entry.
 *
 * Errors  ERR_UNPROVED, ERR_CRYPTO.
 * Source  RFC 9162, section 2.1.3.2; hashes of RFC 6962, section 2.1: SHA-256.
 */
#ifndef TRUST_MERKLE_H
#define TRUST_MERKLE_H

#include "common/buf.h"
#include "common/err.h"
#include "trust/sigstore_bundle.h"

/* Does the body stand at this place of the tree with this root? */
enum err_code merkle_check(const struct sigstore_inclusion *proof, const struct buf *body, struct err *err);
#endif
