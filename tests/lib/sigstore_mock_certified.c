/* Certificates around keys in forms that no authority would give them. */
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "tests/lib/sigstore_mock_private.h"
#include "trust/few_decoders.h"

static void make_bare(X509_PUBKEY *known)
{
	const unsigned char *bytes = NULL;
	unsigned char *copy;
	int len = 0;

	ck_assert_int_eq(X509_PUBKEY_get0_param(NULL, &bytes, &len, NULL, known), 1);
	copy = OPENSSL_memdup(bytes, (size_t)len);
	ck_assert_ptr_nonnull(copy);
	ck_assert_int_eq(X509_PUBKEY_set0_param(known, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_UNDEF, NULL, copy, len),
			 1);
}

/* Written, and read again as certificates of signers are. */
static X509 *read_again(X509 *written)
{
	X509 *x509 = X509_new_ex(few_decoders(), NULL);
	EVP_PKEY *signer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	unsigned char *der = NULL;
	const unsigned char *at;
	int len;

	X509_gmtime_adj(X509_getm_notBefore(written), 0);
	X509_gmtime_adj(X509_getm_notAfter(written), 60);
	ck_assert_int_gt(X509_sign(written, signer, EVP_sha256()), 0);
	len = i2d_X509(written, &der);
	at = der;
	ck_assert_ptr_nonnull(d2i_X509(&x509, &at, len));
	ck_assert_int_eq(X509_verify(x509, signer), 1);
	OPENSSL_free(der);
	EVP_PKEY_free(signer);
	X509_free(written);
	return x509;
}

X509 *mock_certify(const char *pub, bool bare)
{
	BIO *bio = BIO_new_mem_buf(pub, -1);
	EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	X509 *x509 = X509_new();

	ck_assert_ptr_nonnull(pkey);
	ck_assert_int_eq(X509_set_pubkey(x509, pkey), 1);
	if (bare)
		make_bare(X509_get_X509_PUBKEY(x509));
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	return read_again(x509);
}

struct buf mock_certified_key(const X509 *x509)
{
	return mock_spki(X509_get0_pubkey(x509));
}

void mock_certified_free(X509 *x509)
{
	X509_free(x509);
}

const char *mock_hasher(OSSL_LIB_CTX *context)
{
	OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(context);
	const EVP_MD *md = trust_hash_md(TRUST_SHA256);

	OSSL_LIB_CTX_set0_default(before);
	return OSSL_PROVIDER_get0_name(EVP_MD_get0_provider(md));
}
