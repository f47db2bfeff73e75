/* certificate.h - a signer's certificate: whom it names, who vouched, and whether it is for signing code.
 *
 * Lifecycle  certificate_read; look; certificate_release.
 * Bounds     LIMIT_CERTIFICATE_BYTES, CERTIFICATE_NAMES_MAX names of LIMIT_TEXT_BYTES.
 * Ownership  A certificate owns everything in it.
 * Errors     ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED (its key), ERR_UNPROVED (not for signing code), ERR_NOMEM.
 * Trust      What it says is a claim until its chain is checked.
 * Source     RFC 5280; sigstore's OID directory, docs/oid-info.md of Fulcio: 1.3.6.1.4.1.57264.1.8 is the
 *            issuer, .1.1 the same without DER, .1.7 a user name in a subject alternative name.
 */
#ifndef TRUST_CERTIFICATE_H
#define TRUST_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "trust/key.h"

#define CERTIFICATE_NAMES_MAX ((size_t)64)

struct x509_st;

/* One of those whom a certificate names. */
struct certificate_name {
	char *text; /* owned */
	bool is_email;
};

struct certificate {
	struct x509_st *x509;           /* owned */
	struct trust_key *key;          /* owned */
	struct certificate_name *names; /* owned: subject alternative names */
	size_t names_len, names_cap;
	char *issuer; /* owned; NULL: it does not say who vouched */
};

/* Take a certificate in DER apart. */
enum err_code certificate_read(const void *der, size_t len, struct certificate *ret_certificate, struct err *err);
/* Is it for signing code, and not an authority's? */
enum err_code certificate_check_use(const struct certificate *c, struct err *err);
/* What OpenSSL makes of an extension, the caller's to free; NULL where there is none that it can read, or where there
 * are two.  X509_get_ext_d2i does the same, and looks up what each of the others is called. */
void *certificate_extension(const struct x509_st *x509, int nid);
/* Was it valid at this time?  Both ends are inside. */
bool certificate_holds_at(const struct x509_st *x509, int64_t time);
/* A zeroed certificate is fine. */
void certificate_release(struct certificate *c);
#endif
