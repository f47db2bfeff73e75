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

static OSSL_PROVIDER *all;     /* the default one */
static OSSL_ALGORITHM kept[8]; /* of its decoders; an empty one ends them */
static OSSL_LIB_CTX *made;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The first of an algorithm's names, "RSA-PSS:RSASSA-PSS:…". */
static bool is_named(const OSSL_ALGORITHM *a, const char *name)
{
	size_t len = strlen(name);

	return strncmp(a->algorithm_names, name, len) == 0 && strchr(":", a->algorithm_names[len]) != NULL;
}

/* A decoder of public keys as certificates have them, of the kinds that count. */
static bool is_needed(const OSSL_ALGORITHM *a)
{
	static const char *const kinds[] = { "EC", "ED25519", "RSA", "RSA-PSS" };
	size_t i;

	for (i = 0; i < COUNT_OF(kinds); i++) {
		if (is_named(a, kinds[i]))
			return strstr(a->property_definition, "input=der") != NULL &&
			       strstr(a->property_definition, "structure=SubjectPublicKeyInfo") != NULL;
	}
	return false;
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache)
{
	(void)context;
	if (operation != OSSL_OP_DECODER)
		return OSSL_PROVIDER_query_operation(all, operation, no_cache);
	*no_cache = 0;
	return kept;
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

static bool keep_needed(void)
{
	int no_cache;
	size_t len = 0;
	const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(all, OSSL_OP_DECODER, &no_cache);

	for (; a != NULL && a->algorithm_names != NULL && len + 1 < COUNT_OF(kept); a++) {
		if (is_needed(a))
			kept[len++] = *a;
	}
	return len > 0;
}

static void make(void)
{
	OSSL_LIB_CTX *context = NULL;

	if (OSSL_PROVIDER_available(NULL, "default") == 1 && EVP_default_properties_is_fips_enabled(NULL) != 1)
		all = OSSL_PROVIDER_try_load(NULL, "default", 1);
	if (all != NULL && keep_needed())
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
