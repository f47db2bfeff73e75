#include "trust/few_decoders.h"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "common/mem.h"

static OSSL_PROVIDER *all; /* the default one */

/* What is left of its algorithms; an empty one ends them. */
struct few {
	OSSL_ALGORITHM decoders[8], kinds_of_keys[8];
	OSSL_LIB_CTX *made;
};

static struct few of_signers, of_curves;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Is it one of these, by the first of its names, "RSA-PSS:RSASSA-PSS:…"? */
static bool is_among(const OSSL_ALGORITHM *a, const char *const *names)
{
	size_t len = strcspn(a->algorithm_names, ":");

	for (; *names != NULL; names++) {
		if (strlen(*names) == len && memcmp(a->algorithm_names, *names, len) == 0)
			return true;
	}
	return false;
}

/* Of public keys as certificates have them, of the kinds that count. */
static bool is_decoder(const OSSL_ALGORITHM *a)
{
	static const char *const names[] = { "EC", "ED25519", "RSA", "RSA-PSS", NULL };

	return is_among(a, names) && strstr(a->property_definition, "input=der") != NULL &&
	       strstr(a->property_definition, "structure=SubjectPublicKeyInfo") != NULL;
}

/* That an authority may sign certificates with. */
static bool is_kind_of_key(const OSSL_ALGORITHM *a)
{
	static const char *const names[] = { "EC", "ED25519", "RSA", "RSA-PSS", "ED448", "DSA", "SM2", NULL };

	return is_among(a, names);
}

static bool is_curve(const OSSL_ALGORITHM *a)
{
	static const char *const names[] = { "EC", NULL };

	return is_among(a, names);
}

static bool is_curve_decoder(const OSSL_ALGORITHM *a)
{
	return is_curve(a) && is_decoder(a);
}

static const OSSL_ALGORITHM *query(const struct few *few, int operation, int *no_cache)
{
	*no_cache = 0;
	if (operation == OSSL_OP_DECODER)
		return few->decoders;
	return operation == OSSL_OP_KEYMGMT ? few->kinds_of_keys
					    : OSSL_PROVIDER_query_operation(all, operation, no_cache);
}

static const OSSL_ALGORITHM *query_of_signers(void *context, int operation, int *no_cache)
{
	(void)context;
	return query(&of_signers, operation, no_cache);
}

static const OSSL_ALGORITHM *query_of_curves(void *context, int operation, int *no_cache)
{
	(void)context;
	return query(&of_curves, operation, no_cache);
}

/* Its functions are the default provider's, and expect what is theirs. */
static int give(const OSSL_DISPATCH *functions, const OSSL_DISPATCH **out, void **context)
{
	*out = functions;
	*context = OSSL_PROVIDER_get0_provider_ctx(all);
	return 1;
}

static int provide_of_signers(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
			      void **context)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query_of_signers }, { 0, NULL }
	};

	(void)handle;
	(void)in;
	return give(functions, out, context);
}

static int provide_of_curves(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
			     void **context)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query_of_curves }, { 0, NULL }
	};

	(void)handle;
	(void)in;
	return give(functions, out, context);
}

/* False where it has none, or more than expected: then it is not the provider that this is made for. */
static bool keep(int operation, bool (*is_needed)(const OSSL_ALGORITHM *a), OSSL_ALGORITHM kept[8])
{
	int no_cache = 0;
	size_t len = 0;
	const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(all, operation, &no_cache);

	for (; a != NULL && a->algorithm_names != NULL && len < 8; a++) {
		if (is_needed(a))
			kept[len++] = *a;
	}
	return len > 0 && len < 8;
}

/* NULL where it cannot be. */
static OSSL_LIB_CTX *context_with(const char *name, OSSL_provider_init_fn *provide)
{
	OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();

	if (context != NULL && OSSL_PROVIDER_add_builtin(context, name, provide) == 1 &&
	    OSSL_PROVIDER_load(context, name) != NULL)
		return context;
	OSSL_LIB_CTX_free(context);
	return NULL;
}

/* What openssl.cnf(5) says counts: to ask for a provider does not load it first, and finds the default one in any case
 * where OpenSSL has not been used before. */
static void make(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	if (OSSL_PROVIDER_available(NULL, "default") == 1 && EVP_default_properties_is_fips_enabled(NULL) != 1)
		all = OSSL_PROVIDER_try_load(NULL, "default", 1);
	if (all != NULL && keep(OSSL_OP_DECODER, is_decoder, of_signers.decoders) &&
	    keep(OSSL_OP_KEYMGMT, is_kind_of_key, of_signers.kinds_of_keys))
		of_signers.made = context_with("few-decoders", provide_of_signers);
	if (of_signers.made != NULL && keep(OSSL_OP_DECODER, is_curve_decoder, of_curves.decoders) &&
	    keep(OSSL_OP_KEYMGMT, is_curve, of_curves.kinds_of_keys))
		of_curves.made = context_with("decoder-of-curves", provide_of_curves);
	if (of_curves.made == NULL)
		of_curves.made = of_signers.made;
	ERR_clear_error();
}

OSSL_LIB_CTX *few_decoders(void)
{
	return pthread_once(&once, make) == 0 ? of_signers.made : NULL;
}

OSSL_LIB_CTX *few_decoders_of_curves(void)
{
	return pthread_once(&once, make) == 0 ? of_curves.made : NULL;
}
