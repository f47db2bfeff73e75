/* authority.h - an authority of a trusted root, and what it vouches for.
 *
 * Lifecycle  authority_init takes certificates over; use; authority_release.
 * Bounds     LIMIT_CHAIN certificates.
 * Ownership  An authority owns its certificates.  It does not change once it is made.
 * Errors     ERR_UNPROVED: its chain does not lead to its last certificate, or a
 *            certificate that leads to it was not valid; ERR_NOT_FOUND: a certificate
 *            does not lead to it; ERR_FORMAT, ERR_NOMEM.
 * Trust      That the chain leads to its last certificate is proved when it is made, so
 *            that later only the certificates below it are checked; when each of them was
 *            valid is asked each time, and whether all of the chain allows the name.
 * Source     RFC 5280.
 */
#ifndef TRUST_AUTHORITY_H
#define TRUST_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "trust/root.h"

struct stack_st_X509;

enum authority_kind { AUTHORITY_CODE_SIGNING, AUTHORITY_TIMESTAMPS };

/* The chain becomes the authority's, also where this fails. */
enum err_code authority_init(struct trust_authority *a, struct x509_st **chain, size_t len, enum authority_kind kind,
			     struct err *err);
/* Did it count at this time, it and its certificates? */
bool authority_holds_at(const struct trust_authority *a, int64_t time);
/* Does the certificate lead to this authority, was all of it valid at each of these times, and is it for this use?
 * Certificates between count where the authority names its root alone.
 * *ret_issuer is who issued it, to be freed. */
enum err_code authority_check(const struct trust_authority *a, struct x509_st *leaf, struct stack_st_X509 *between,
			      const int64_t *times, size_t times_len, struct x509_st **ret_issuer, struct err *err);
/* Certificates as OpenSSL wants them, which stay whose they are: for sk_X509_free.  NULL: no memory. */
struct stack_st_X509 *authority_stack(struct x509_st *const *certificates, size_t len);
void authority_release(struct trust_authority *a);
#endif
