/* dsse.h - DSSE envelopes: one signature over a payload and its type.
 *
 * Bounds     LIMIT_STATEMENT_BYTES, LIMIT_SIGNATURE_BYTES.
 * Ownership  What comes out belongs to the caller, also where reading failed halfway.
 * Errors     ERR_FORMAT (also another number of signatures than one, or another
 *            payload than an in-toto statement), ERR_LIMIT, ERR_NOMEM.
 * Source     secure-systems-lab/dsse, envelope.md and protocol.md, v1.0.
 */
#ifndef TRUST_DSSE_H
#define TRUST_DSSE_H

#include "common/buf.h"
#include "common/err.h"
#include "common/js.h"

#define DSSE_IN_TOTO "application/vnd.in-toto+json"

/* Take an envelope apart; the buffers are initialised here. */
enum err_code dsse_read(const struct json_t *envelope, char **ret_type, struct buf *payload, struct buf *signature,
			struct err *err);
/* What is signed: the pre-authentication encoding. */
enum err_code dsse_pae(const char *type, const struct buf *payload, struct buf *ret_pae, struct err *err);
#endif
