/* timestamp.h - RFC 3161 timestamps: an authority says that it has seen these bytes, and when.
 *
 * Bounds  LIMIT_TIMESTAMP_BYTES.
 * Errors  ERR_FORMAT; ERR_UNSUPPORTED (a hash); ERR_UNPROVED; ERR_NOT_FOUND: it is by an authority that the root does
 *         not know, so that it proves nothing, and refutes nothing; ERR_NOMEM.
 * Source  RFC 3161, RFC 5816.
 */
#ifndef TRUST_TIMESTAMP_H
#define TRUST_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "trust/root.h"

/* Prove a response in DER over these bytes by an authority of the root. */
enum err_code timestamp_check(const struct buf *response, const void *bytes, size_t len, const struct trust_root *root,
			      int64_t *ret_time, struct err *err);
#endif
