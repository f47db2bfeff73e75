#include "trust/authority.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/certificate.h"

/* Times are looked at here and not by OpenSSL, for which the end is outside. */
#define STORE_FLAGS (X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME)

static X509_STORE *store_of(X509 *const *certificates, size_t len)
{
	X509_STORE *store = X509_STORE_new();
	bool done = store != NULL && X509_STORE_set_flags(store, STORE_FLAGS) == 1;
	size_t i;

	for (i = 0; done && i < len; i++)
		done = X509_STORE_add_cert(store, certificates[i]) == 1;
	if (done)
		return store;
	X509_STORE_free(store);
	return NULL;
}

/* An authority's certificate that names its uses must name this one. */
static bool may_vouch(X509 *x509, bool for_timestamps)
{
	uint32_t use = for_timestamps ? XKU_TIMESTAMP : XKU_CODE_SIGN;

	if ((X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) == 0)
		return true;
	return (X509_get_extended_key_usage(x509) & (use | XKU_ANYEKU)) != 0;
}

/* Does it say that it is an authority's?  OpenSSL wants that of those between alone, and not of the last. */
static bool may_issue(X509 *x509)
{
	int kind = X509_check_ca(x509);

	return kind == 1 || kind == 3; /* by basicConstraints; a root from before there were any */
}

STACK_OF(X509) * authority_stack(X509 *const *certificates, size_t len)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	size_t i;

	for (i = 0; stack != NULL && i < len; i++) {
		if (sk_X509_push(stack, certificates[i]) <= 0) {
			sk_X509_free(stack);
			stack = NULL;
		}
	}
	return stack;
}

/* The first leads to the last, by those between. */
static enum err_code check_chain(X509 *const *chain, size_t len, struct err *err)
{
	X509_STORE *store = store_of(chain + len - 1, 1);
	STACK_OF(X509) *between = authority_stack(chain, len - 1);
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	enum err_code code = ERR_OK;

	if (store == NULL || between == NULL || context == NULL ||
	    X509_STORE_CTX_init(context, store, chain[0], between) != 1)
		code = err_nomem(err);
	else if (X509_verify_cert(context) != 1)
		code = err_set(err, ERR_UNPROVED, "an authority whose chain does not lead to its last certificate");
	X509_STORE_CTX_free(context);
	sk_X509_free(between);
	X509_STORE_free(store);
	ERR_clear_error();
	return code;
}

/* What OpenSSL sees of a signature's path ends at the first certificate that is trusted.  For those above it: may they
 * issue, and with so many below? */
static enum err_code check_path(X509 *const *chain, size_t len, struct err *err)
{
	long below = 0; /* that are authorities', and not a root under another of its keys */
	size_t i;

	for (i = 0; i < len; i++) {
		long max = X509_get_pathlen(chain[i]);

		if (i > 0 && !may_issue(chain[i]))
			return err_set(err, ERR_UNPROVED, "an authority by a certificate that is no authority's");
		if (max >= 0 && below > max)
			return err_set(err, ERR_UNPROVED,
				       "an authority whose chain is longer than a certificate in it allows");
		below += may_issue(chain[i]) && (X509_get_extension_flags(chain[i]) & EXFLAG_SI) == 0;
	}
	return ERR_OK;
}

enum err_code authority_init(struct trust_authority *a, X509 **chain, size_t len, enum authority_kind kind,
			     struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	a->chain = chain;
	a->chain_len = len;
	a->for_timestamps = kind == AUTHORITY_TIMESTAMPS;
	if (len == 0)
		return err_set(err, ERR_FORMAT, "an authority without certificates");
	for (i = 0; i < len; i++) {
		if (!may_vouch(chain[i], a->for_timestamps))
			return err_set(err, ERR_UNPROVED, "an authority whose certificate is for other uses");
	}
	if (len > 1)
		code = check_chain(chain, len, err);
	if (code == ERR_OK)
		code = check_path(chain, len, err);
	if (code != ERR_OK)
		return code;
	/* A timestamp authority that does not issue is itself what counts: nothing above it is looked at again. */
	a->store = store_of(chain, X509_check_ca(chain[0]) == 0 ? 1 : len);
	a->anchor = store_of(chain + len - 1, 1);
	return a->store != NULL && a->anchor != NULL ? ERR_OK : err_nomem(err);
}

bool authority_holds_at(const struct trust_authority *a, int64_t time)
{
	size_t i;

	for (i = 0; i < a->chain_len; i++) {
		if (!certificate_holds_at(a->chain[i], time))
			return false;
	}
	return trust_window_holds(&a->window, time);
}

static bool all_hold(const STACK_OF(X509) * chain, const int64_t *times, size_t times_len)
{
	size_t t;
	int i;

	for (i = 0; i < sk_X509_num(chain); i++) {
		for (t = 0; t < times_len; t++) {
			if (!certificate_holds_at(sk_X509_value(chain, i), times[t]))
				return false;
		}
	}
	return true;
}

/* Of each certificate that leads there, whether it came along or the authority names it: its own uses count, and
 * whether it may issue at all. */
static enum err_code check_uses(const struct trust_authority *a, const STACK_OF(X509) * chain, struct err *err)
{
	int i;

	for (i = 1; i < sk_X509_num(chain); i++) {
		if (!may_vouch(sk_X509_value(chain, i), a->for_timestamps))
			return err_set(err, ERR_UNPROVED,
				       "the certificate leads to the authority %s by one that is for other uses",
				       a->uri);
		if (!may_issue(sk_X509_value(chain, i)))
			return err_set(err, ERR_UNPROVED,
				       "the certificate leads to the authority %s by one that is no authority's",
				       a->uri);
	}
	return ERR_OK;
}

/* Those above the certificate that OpenSSL stopped at may still say for which names the ones below count. */
static enum err_code check_names(const struct trust_authority *a, X509 *leaf, const STACK_OF(X509) * chain,
				 struct err *err)
{
	const X509 *reached = sk_X509_value(chain, sk_X509_num(chain) - 1);
	size_t i;

	for (i = a->chain_len; i-- > 0 && X509_cmp(a->chain[i], reached) != 0;) {
		NAME_CONSTRAINTS *allowed = certificate_extension(a->chain[i], NID_name_constraints);
		bool fits = allowed == NULL || NAME_CONSTRAINTS_check(leaf, allowed) == X509_V_OK;

		NAME_CONSTRAINTS_free(allowed);
		if (!fits)
			return err_set(err, ERR_UNPROVED,
				       "the certificate names somebody for whom the authority %s may not vouch",
				       a->uri);
	}
	return ERR_OK;
}

static enum err_code check_times(const struct trust_authority *a, const STACK_OF(X509) * chain, const int64_t *times,
				 size_t times_len, struct err *err)
{
	size_t t;

	for (t = 0; t < times_len; t++) {
		if (!authority_holds_at(a, times[t]))
			return err_set(err, ERR_UNPROVED, "the authority %s did not count at the time of signing",
				       a->uri);
	}
	return all_hold(chain, times, times_len)
		       ? ERR_OK
		       : err_set(err, ERR_UNPROVED, "the certificate was not valid at the time of signing");
}

enum err_code authority_check(const struct trust_authority *a, X509 *leaf, STACK_OF(X509) * between,
			      const int64_t *times, size_t times_len, X509 **ret_issuer, struct err *err)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	const STACK_OF(X509) * chain;
	enum err_code code;

	if (a->chain_len > 1) /* who issues is named */
		between = NULL;
	if (context == NULL || X509_STORE_CTX_init(context, a->store, leaf, between) != 1) {
		X509_STORE_CTX_free(context);
		return err_nomem(err);
	}
	if (X509_verify_cert(context) != 1) {
		code = err_set(err, ERR_NOT_FOUND, "the certificate is not by the authority %s (%s)", a->uri,
			       X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	} else {
		chain = X509_STORE_CTX_get0_chain(context);
		code = check_times(a, chain, times, times_len, err);
		if (code == ERR_OK)
			code = check_uses(a, chain, err);
		if (code == ERR_OK)
			code = check_names(a, leaf, chain, err);
		if (code == ERR_OK && sk_X509_num(chain) < 2)
			code = err_set(err, ERR_UNPROVED, "the certificate is an authority's own");
		if (code == ERR_OK) {
			*ret_issuer = sk_X509_value(chain, 1);
			X509_up_ref(*ret_issuer);
		}
	}
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return code;
}

void authority_release(struct trust_authority *a)
{
	size_t i;

	for (i = 0; i < a->chain_len; i++)
		X509_free(a->chain[i]);
	free(a->chain);
	free(a->uri);
	X509_STORE_free(a->store);
	X509_STORE_free(a->anchor);
	*a = (struct trust_authority){ 0 };
}
