/* Certificates around keys in forms that no authority would give them. */
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "common/mem.h"
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

static EVP_PKEY *read_pem(const char *pem, EVP_PKEY *(*read)(BIO *, EVP_PKEY **, pem_password_cb *, void *))
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *pkey = read(bio, NULL, NULL, NULL);

	ck_assert_ptr_nonnull(pkey);
	BIO_free(bio);
	return pkey;
}

/* With this key, by that one. */
static struct buf write_der(const char *pub, bool bare, EVP_PKEY *signer)
{
	struct buf out = { .max = BIG };
	EVP_PKEY *pkey = read_pem(pub, PEM_read_bio_PUBKEY);
	X509 *x509 = X509_new();
	unsigned char *der = NULL;
	int len;

	ck_assert_int_eq(X509_set_pubkey(x509, pkey), 1);
	if (bare)
		make_bare(X509_get_X509_PUBKEY(x509));
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 60);
	ck_assert_int_gt(
		X509_sign(x509, signer, EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519 ? NULL : EVP_sha256()), 0);
	len = i2d_X509(x509, &der);
	ck_assert_int_gt(len, 0);
	mock_add(&out, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x509);
	EVP_PKEY_free(pkey);
	return out;
}

/* Read as certificates of signers are. */
X509 *mock_certify(const char *pub, bool bare)
{
	X509 *x509 = X509_new_ex(few_decoders(), NULL);
	EVP_PKEY *signer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	CLEANUP(buf_release) struct buf der = write_der(pub, bare, signer);
	const unsigned char *at = (const unsigned char *)der.data;

	ck_assert_ptr_nonnull(d2i_X509(&x509, &at, (long)der.len));
	ck_assert_int_eq(X509_verify(x509, signer), 1);
	EVP_PKEY_free(signer);
	return x509;
}

struct buf mock_certified(const char *pub, const char *signer)
{
	EVP_PKEY *pkey = read_pem(signer, PEM_read_bio_PrivateKey);
	struct buf der = write_der(pub, false, pkey);

	EVP_PKEY_free(pkey);
	return der;
}

bool mock_is_certified_by(X509 *x509, const char *signer)
{
	EVP_PKEY *pkey = read_pem(signer, PEM_read_bio_PrivateKey);
	bool is = X509_verify(x509, pkey) == 1;

	EVP_PKEY_free(pkey);
	return is;
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
