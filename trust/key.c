#include "trust/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/fingerprint.h"
#include "trust/key_private.h"
#include "trust/pem.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384

/* sigstore's kinds of keys, as far as they can be checked here. */
static const struct {
	const char *name;
	int kind;
	enum padding padding;
	enum trust_hash only;
} details_table[] = {
	{ "PKIX_ECDSA_P256_SHA_256", EVP_PKEY_EC, PADDING_ANY, TRUST_SHA256 },
	{ "PKIX_ECDSA_P384_SHA_384", EVP_PKEY_EC, PADDING_ANY, TRUST_SHA384 },
	{ "PKIX_ECDSA_P521_SHA_512", EVP_PKEY_EC, PADDING_ANY, TRUST_SHA512 },
	{ "PKIX_ECDSA_P384_SHA_256", EVP_PKEY_EC, PADDING_ANY, TRUST_SHA256 },
	{ "PKIX_ECDSA_P521_SHA_256", EVP_PKEY_EC, PADDING_ANY, TRUST_SHA256 },
	{ "PKIX_ED25519", EVP_PKEY_ED25519, PADDING_ANY, TRUST_HASHES },
	{ "PKIX_ED25519_PH", EVP_PKEY_ED25519, PADDING_ANY, TRUST_SHA512 },
	{ "PKIX_RSA_PKCS1V15_2048_SHA256", EVP_PKEY_RSA, PADDING_V15, TRUST_SHA256 },
	{ "PKIX_RSA_PKCS1V15_3072_SHA256", EVP_PKEY_RSA, PADDING_V15, TRUST_SHA256 },
	{ "PKIX_RSA_PKCS1V15_4096_SHA256", EVP_PKEY_RSA, PADDING_V15, TRUST_SHA256 },
	{ "PKIX_RSA_PSS_2048_SHA256", EVP_PKEY_RSA, PADDING_PSS, TRUST_SHA256 },
	{ "PKIX_RSA_PSS_3072_SHA256", EVP_PKEY_RSA, PADDING_PSS, TRUST_SHA256 },
	{ "PKIX_RSA_PSS_4096_SHA256", EVP_PKEY_RSA, PADDING_PSS, TRUST_SHA256 },
	{ "PKIX_RSA_PKCS1V5", EVP_PKEY_RSA, PADDING_V15, TRUST_HASHES },
	{ "PKIX_RSA_PSS", EVP_PKEY_RSA, PADDING_PSS, TRUST_HASHES },
	{ "PKCS1_RSA_PKCS1V5", EVP_PKEY_RSA, PADDING_V15, TRUST_HASHES },
	{ "PKCS1_RSA_PSS", EVP_PKEY_RSA, PADDING_PSS, TRUST_HASHES },
};

/* The hash of a curve; TRUST_HASHES for another curve. */
static enum trust_hash curve_hash(const EVP_PKEY *pkey)
{
	static const struct {
		const char *curve;
		enum trust_hash hash;
	} curves[] = {
		{ SN_X9_62_prime256v1, TRUST_SHA256 },
		{ SN_secp384r1, TRUST_SHA384 },
		{ SN_secp521r1, TRUST_SHA512 },
	};
	char name[64] = "";
	size_t i;

	if (EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL) != 1)
		return TRUST_HASHES;
	for (i = 0; i < COUNT_OF(curves); i++) {
		if (strcmp(name, curves[i].curve) == 0)
			return curves[i].hash;
	}
	return TRUST_HASHES;
}

static enum err_code other_kind(const char *name, struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED,
		       "%s: a key of another kind: ECDSA on P-256, P-384 or P-521, Ed25519, and RSA of %d to %d bits "
		       "are known",
		       name, RSA_BITS_MIN, RSA_BITS_MAX);
}

static enum err_code check_kind(struct trust_key *k, struct err *err)
{
	int bits = EVP_PKEY_get_bits(k->pkey);

	k->kind = EVP_PKEY_get_base_id(k->pkey);
	k->only = TRUST_HASHES;
	k->common = TRUST_SHA256;
	if (k->kind == EVP_PKEY_ED25519)
		return ERR_OK;
	if (k->kind == EVP_PKEY_RSA_PSS)
		k->padding = PADDING_PSS;
	if ((k->kind == EVP_PKEY_RSA || k->kind == EVP_PKEY_RSA_PSS) && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
		return ERR_OK;
	if (k->kind == EVP_PKEY_EC) {
		k->common = curve_hash(k->pkey);
		if (k->common != TRUST_HASHES)
			return ERR_OK;
	}
	return other_kind(k->name, err);
}

/* The place of a kind in the table; COUNT_OF for one that is not known. */
static size_t find_details(const char *details)
{
	size_t i = 0;

	while (i < COUNT_OF(details_table) && strcmp(details_table[i].name, details) != 0)
		i++;
	return i;
}

static enum err_code apply_details(struct trust_key *k, const char *details, struct err *err)
{
	size_t i;

	if (details == NULL)
		return ERR_OK;
	i = find_details(details);
	if (details_table[i].kind != k->kind &&
	    !(k->kind == EVP_PKEY_RSA_PSS && details_table[i].padding == PADDING_PSS))
		return err_set(err, ERR_FORMAT, "%s: the key is not what it is said to be (%s)", k->name, details);
	k->padding = details_table[i].padding;
	k->only = details_table[i].only;
	return ERR_OK;
}

/* Of a key whose bytes are in the one form: making them anew is not worth it. */
static enum err_code make_known_id(struct trust_key *k, const struct buf *known, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = TRUST_KEY_ID_SIZE };
	enum err_code code = trust_hash_of(TRUST_SHA256, known->data, known->len, k->hash, err);

	if (code == ERR_OK)
		code = base64_encode(k->hash, trust_hash_bytes(TRUST_SHA256), &text, err);
	if (code == ERR_OK)
		memcpy(k->id, text.data, text.len + 1);
	return code;
}

/* Of any other: the same however it is written, for it may be revoked by that. */
static enum err_code make_id(struct trust_key *k, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = TRUST_HASH_MAX };
	struct digest fingerprint;
	enum err_code code = fingerprint_of(k->pkey, &fingerprint, err);

	if (code != ERR_OK)
		return err_add(err, "%s", k->name);
	code = fingerprint_text(&fingerprint, k->id, err);
	if (code == ERR_OK)
		code = base64_decode(k->id, &bytes, err);
	if (code == ERR_OK)
		memcpy(k->hash, bytes.data, bytes.len);
	return code;
}

/* What there is to know of a key beside the key itself. */
struct origin {
	const char *name, *details; /* NULL: nobody said */
	OSSL_LIB_CTX *context;      /* of OpenSSL, where it is at home; NULL: the usual one */
	const struct buf *known;    /* its bytes, where they are in the one form */
};

static bool make_over_bytes(struct trust_key *k)
{
	k->over_bytes = EVP_MD_CTX_new();
	return k->over_bytes != NULL &&
	       EVP_DigestVerifyInit_ex(k->over_bytes, NULL, NULL, k->context, NULL, k->pkey, NULL) == 1;
}

static bool make_over_hashes(struct trust_key *k)
{
	k->over_hashes = EVP_PKEY_CTX_new_from_pkey(k->context, k->pkey, NULL);
	return k->over_hashes != NULL && EVP_PKEY_verify_init(k->over_hashes) == 1;
}

/* To find what checks signatures by such a key takes OpenSSL long, and is done once. */
static enum err_code make_ready(struct trust_key *k, struct err *err)
{
	if (k->kind == EVP_PKEY_ED25519 ? make_over_bytes(k) : make_over_hashes(k))
		return ERR_OK;
	ERR_clear_error();
	return err_set(err, ERR_CRYPTO, "%s: OpenSSL checks no signatures with this key", k->name);
}

/* Takes the key over, also where it fails. */
static enum err_code finish(EVP_PKEY *pkey, const struct origin *from, struct trust_key **ret_key, struct err *err)
{
	CLEANUP(trust_key_free_ptr) struct trust_key *k = calloc(1, sizeof(*k));
	enum err_code code;

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return err_nomem(err);
	}
	k->pkey = pkey;
	k->context = from->context;
	code = str_copy(from->name, &k->name, err);
	if (code == ERR_OK)
		code = check_kind(k, err);
	if (code == ERR_OK)
		code = apply_details(k, from->details, err);
	if (code == ERR_OK)
		code = from->known != NULL ? make_known_id(k, from->known, err) : make_id(k, err);
	if (code == ERR_OK)
		code = make_ready(k, err);
	if (code == ERR_OK)
		*ret_key = take_ptr(&k);
	return code;
}

enum err_code trust_key_of_pem(const void *pem, size_t len, const char *name, struct trust_key **ret_key,
			       struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_KEY_BYTES };
	EVP_PKEY *pkey = NULL;
	enum err_code code = buf_add(&text, pem, len, err);

	if (code != ERR_OK)
		return err_add(err, "%s", name);
	code = pem_read_public(buf_text(&text), name, &pkey, err);
	return code == ERR_OK ? finish(pkey, &(struct origin){ .name = name }, ret_key, err) : code;
}

enum err_code trust_key_read(const char *path, struct trust_key **ret_key, struct err *err)
{
	CLEANUP(buf_release) struct buf pem = { .max = LIMIT_KEY_BYTES };
	enum err_code code = file_read_any(path, &pem, err);

	return code == ERR_OK ? trust_key_of_pem(buf_text(&pem), pem.len, path, ret_key, err) : code;
}

enum err_code trust_key_of_der(const void *der, size_t len, const char *details, const char *name,
			       struct trust_key **ret_key, struct err *err)
{
	const unsigned char *at = der;
	EVP_PKEY *pkey;

	if (len > LIMIT_KEY_BYTES)
		return err_set(err, ERR_LIMIT, "%s: a key of %zu bytes", name, len);
	if (details != NULL && find_details(details) == COUNT_OF(details_table))
		return err_set(err, ERR_UNSUPPORTED, "%s: a key of a kind that is not known here (%.60s)", name,
			       details);
	if (details != NULL && text_starts(details, "PKCS1_"))
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)len);
	else
		pkey = d2i_PUBKEY(NULL, &at, (long)len);
	ERR_clear_error();
	if (pkey != NULL && at != (const unsigned char *)der + len) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	if (pkey == NULL)
		return err_set(err, ERR_FORMAT, "%s: holds no public key that can be read", name);
	return finish(pkey, &(struct origin){ .name = name, .details = details }, ret_key, err);
}

/* Those of other kinds are not read at all where few_decoders() could be made. */
static enum err_code not_read(const X509 *x509, const char *name, struct err *err)
{
	ASN1_OBJECT *kind = NULL;

	ERR_clear_error();
	X509_PUBKEY_get0_param(&kind, NULL, NULL, NULL, X509_get_X509_PUBKEY(x509));
	switch (OBJ_obj2nid(kind)) {
	case EVP_PKEY_EC:
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
	case EVP_PKEY_ED25519:
		return err_set(err, ERR_FORMAT, "%s: holds no key that can be read", name);
	default:
		return other_kind(name, err);
	}
}

/* As the certificate writes it. */
static enum err_code read_known(const X509 *x509, const char *name, struct buf *out, struct err *err)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
	enum err_code code;

	if (len <= 0)
		return err_set(err, ERR_CRYPTO, "%s: this key cannot be written as DER", name);
	code = buf_add(out, der, (size_t)len, err);
	OPENSSL_free(der);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", name);
}

/* Of a key in another form a copy is brought into the one form: that of the certificate may be in use elsewhere. */
enum err_code trust_key_of_certificate(const X509 *x509, OSSL_LIB_CTX *context, const char *name,
				       struct trust_key **ret_key, struct err *err)
{
	CLEANUP(buf_release) struct buf known = { .max = LIMIT_CERTIFICATE_BYTES };
	struct origin from = { .name = name, .context = context };
	EVP_PKEY *pkey = X509_get0_pubkey(x509);
	enum err_code code;

	if (pkey == NULL)
		return not_read(x509, name, err);
	code = read_known(x509, name, &known, err);
	if (code != ERR_OK)
		return code;
	if (!fingerprint_is_form(known.data, known.len)) {
		pkey = EVP_PKEY_dup(pkey);
		return pkey != NULL ? finish(pkey, &from, ret_key, err) : err_nomem(err);
	}
	if (EVP_PKEY_up_ref(pkey) != 1)
		return err_nomem(err);
	from.known = &known;
	return finish(pkey, &from, ret_key, err);
}

const char *trust_key_name(const struct trust_key *k)
{
	return k->name;
}

const char *trust_key_id(const struct trust_key *k)
{
	return k->id;
}

const unsigned char *trust_key_hash(const struct trust_key *k)
{
	return k->hash;
}

bool trust_key_equal(const struct trust_key *a, const struct trust_key *b)
{
	return memcmp(a->hash, b->hash, trust_hash_bytes(TRUST_SHA256)) == 0;
}

bool trust_key_raw(const struct trust_key *k, unsigned char out[32])
{
	size_t len = 32;

	return k->kind == EVP_PKEY_ED25519 && EVP_PKEY_get_raw_public_key(k->pkey, out, &len) == 1 && len == 32;
}

void trust_key_free(struct trust_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_CTX_free(k->over_hashes);
	EVP_MD_CTX_free(k->over_bytes);
	EVP_PKEY_free(k->pkey);
	free(k->name);
	free(k);
}

void trust_key_free_ptr(struct trust_key **k)
{
	trust_key_free(*k);
}
