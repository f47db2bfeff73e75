/* tlog.h - what a transparency log vouches for: that it has an entry, and since when.
 *
 * Errors  ERR_UNPROVED, ERR_FORMAT, ERR_NOMEM; ERR_NOT_FOUND: it is in a log that the root does not know, so that it
 *         proves nothing, and refutes nothing.
 * Trust   A signed entry timestamp (Rekor v1) proves the time too; an inclusion proof with a checkpoint proves none.
 * Source  sigstore client specification, section 4.4; Rekor's signed entry timestamp: over the JSON of body,
 *         integratedTime, logID and logIndex, in this order, without blanks.
 */
#ifndef TRUST_TLOG_H
#define TRUST_TLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "trust/root.h"
#include "trust/sigstore_bundle.h"

struct tlog_proof {
	const struct trust_log *log; /* borrowed */
	bool timed;                  /* the log says when */
	int64_t time;
	uint64_t index; /* that is proved: of the log, or of its shard where there is a proof of inclusion alone */
};

/* Prove an entry by the logs of a root. */
enum err_code tlog_check(const struct sigstore_entry *e, const struct trust_root *root, struct tlog_proof *ret_proof,
			 struct err *err);
#endif
