/* checkpoint.h - a checkpoint: a log's signed word on how large it is and what its root is.
 *
 * Bounds  LIMIT_CHECKPOINT_BYTES, LIMIT_CHECKPOINT_LINES signatures.
 * Errors  ERR_FORMAT; ERR_UNPROVED: no signature by this log; ERR_LIMIT, ERR_NOMEM.
 * Trust   Witnesses' signatures are passed over: the log's own must be there.  A line that is no signature, or
 *         says that it is the log's and is not, makes the whole refused.  Who does not say where the log is
 *         reached is not asked for the host in the first line; the hint at the key depends on it all the same.
 * Source  C2SP tlog-checkpoint and signed-note: text, a blank line, lines "— name base64";
 *         base64 is 4 bytes that hint at the key, and the signature.  sigstore's Rekor v2 takes the host of its
 *         address for its origin, Rekor v1 "host - tree".
 */
#ifndef TRUST_CHECKPOINT_H
#define TRUST_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "trust/root.h"

struct checkpoint {
	uint64_t size;
	bool of_tree; /* of one of the trees that make up a log of Rekor v1: places in it are not those in the log */
	unsigned char root_hash[32];
};

/* Read a checkpoint that this log signed. */
enum err_code checkpoint_check(const char *note, const struct trust_log *log, struct checkpoint *ret_checkpoint,
			       struct err *err);
#endif
