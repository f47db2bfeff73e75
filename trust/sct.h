/* sct.h - signed certificate timestamps: a log of certificates has seen this certificate.
 *
 * Bounds  SCT_MAX timestamps in one certificate.
 * Errors  ERR_UNPROVED: none of them holds; ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 * Source  RFC 6962, section 3.2 and 3.3: over the certificate without them, and the key of who issued it.
 */
#ifndef TRUST_SCT_H
#define TRUST_SCT_H

#include "common/err.h"
#include "trust/root.h"

struct x509_st;

/* Does one of the timestamps in a certificate hold by a log of the root?  They are taken out of the certificate, for
 * that is what the log has seen: it is good for nothing else afterwards. */
enum err_code sct_check(struct x509_st *leaf, const struct x509_st *issuer, const struct trust_root *root,
			struct err *err);
#endif
