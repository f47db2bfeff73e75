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

#define NAME "few-decoders"

static OSSL_PROVIDER *all; /* the default one */
/* What is left of its algorithms; an empty one ends them. */
static OSSL_ALGORITHM decoders[8], kinds_of_keys[8];
static OSSL_LIB_CTX *made;
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

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache)
{
	(void)context;
	*no_cache = 0;
	if (operation == OSSL_OP_DECODER)
		return decoders;
	return operation == OSSL_OP_KEYMGMT ? kinds_of_keys : OSSL_PROVIDER_query_operation(all, operation, no_cache);
}

/* Its functions are the default provider's, and expect what is theirs. */
static int provide(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **context)
{
	static const OSSL_DISPATCH functions[] = { { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
						   { 0, NULL } };

	(void)handle;
	(void)in;
	*out = functions;
	*context = OSSL_PROVIDER_get0_provider_ctx(all);
	return 1;
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

/* What openssl.cnf(5) says counts: to ask for a provider does not load it first, and finds the default one in any case
 * where OpenSSL has not been used before. */
static void make(void)
{
	OSSL_LIB_CTX *context = NULL;

	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	if (OSSL_PROVIDER_available(NULL, "default") == 1 && EVP_default_properties_is_fips_enabled(NULL) != 1)
		all = OSSL_PROVIDER_try_load(NULL, "default", 1);
	if (all != NULL && keep(OSSL_OP_DECODER, is_decoder, decoders) &&
	    keep(OSSL_OP_KEYMGMT, is_kind_of_key, kinds_of_keys))
		context = OSSL_LIB_CTX_new();
	if (context != NULL && OSSL_PROVIDER_add_builtin(context, NAME, provide) == 1 &&
	    OSSL_PROVIDER_load(context, NAME) != NULL)
		made = context;
	else
		OSSL_LIB_CTX_free(context);
	ERR_clear_error();
}

OSSL_LIB_CTX *few_decoders(void)
{
	return pthread_once(&once, make) == 0 ? made : NULL;
}
