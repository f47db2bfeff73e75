#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "common/mem.h"
#include "trust/ed25519ph.h"
#include "trust/key_private.h"

static enum err_code not_by(const struct trust_key *k, struct err *err)
{
	return err_set(err, ERR_UNPROVED, "not a signature of %s over it", k->name);
}

static enum err_code check_plain(const struct trust_key *k, const void *bytes, size_t len, const void *signature,
				 size_t signature_len, struct err *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	if (context == NULL)
		return err_nomem(err);
	good = EVP_MD_CTX_copy_ex(context, k->over_bytes) == 1 &&
	       EVP_DigestVerify(context, signature, signature_len, bytes, len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good ? ERR_OK : not_by(k, err);
}

/* ECDSA takes a hash as it is; RSA's signatures say of which kind it is, and come in two schemes. */
static bool set_scheme(EVP_PKEY_CTX *context, const struct trust_key *k, enum trust_hash hash, enum padding padding)
{
	int scheme = padding == PADDING_PSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;

	if (k->kind == EVP_PKEY_EC)
		return true;
	if (EVP_PKEY_CTX_set_rsa_padding(context, scheme) != 1)
		return false;
	if (padding == PADDING_PSS && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) != 1)
		return false;
	return EVP_PKEY_CTX_set_signature_md(context, trust_hash_md(hash)) == 1;
}

static bool is_over(const struct trust_key *k, enum trust_hash hash, enum padding padding, const unsigned char *digest,
		    const void *signature, size_t signature_len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(k->over_hashes);
	bool good = context != NULL && set_scheme(context, k, hash, padding) &&
		    EVP_PKEY_verify(context, signature, signature_len, digest, trust_hash_bytes(hash)) == 1;

	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return good;
}

static enum err_code check_hash(const struct trust_key *k, enum trust_hash hash, struct trust_artifact *a,
				const void *signature, size_t signature_len, struct err *err)
{
	const unsigned char *digest = NULL;
	enum err_code code;

	if (k->only != TRUST_HASHES && k->only != hash)
		return not_by(k, err);
	code = trust_artifact_hash(a, hash, &digest, err);
	if (code != ERR_OK)
		return code;
	if (k->padding != PADDING_PSS && is_over(k, hash, PADDING_V15, digest, signature, signature_len))
		return ERR_OK;
	if (k->kind != EVP_PKEY_EC && k->padding != PADDING_V15 &&
	    is_over(k, hash, PADDING_PSS, digest, signature, signature_len))
		return ERR_OK;
	return not_by(k, err);
}

/* Over the bytes themselves. */
static enum err_code check_ed25519(const struct trust_key *k, struct trust_artifact *a, const void *signature,
				   size_t signature_len, struct err *err)
{
	const void *bytes = NULL;
	size_t len = 0;
	enum err_code code;

	if (signature_len != ED25519_SIGNATURE_BYTES || k->only != TRUST_HASHES)
		return not_by(k, err);
	code = trust_artifact_bytes(a, &bytes, &len, err);
	return code == ERR_OK ? check_plain(k, bytes, len, signature, signature_len, err) : code;
}

static enum err_code check_ed25519ph(const struct trust_key *k, struct trust_artifact *a, const void *signature,
				     size_t signature_len, struct err *err)
{
	const unsigned char *hash = NULL;
	unsigned char raw[ED25519_KEY_BYTES];
	enum err_code code;

	if (signature_len != ED25519_SIGNATURE_BYTES || !trust_key_raw(k, raw))
		return not_by(k, err);
	code = trust_artifact_hash(a, TRUST_SHA512, &hash, err);
	if (code == ERR_OK)
		code = ed25519ph_check(raw, hash, signature, err);
	return code == ERR_UNPROVED ? not_by(k, err) : code;
}

/* Which of the two forms it is, a signature does not say; but none is one of both. */
static enum err_code check_either(const struct trust_key *k, struct trust_artifact *a, const void *signature,
				  size_t signature_len, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = check_ed25519(k, a, signature, signature_len, &why);

	if (code == ERR_OK)
		return code;
	if ((code == ERR_UNPROVED || code == ERR_LIMIT) &&
	    check_ed25519ph(k, a, signature, signature_len, NULL) == ERR_OK)
		return ERR_OK;
	return err_set(err, code, "%s", why.msg);
}

static enum err_code check_any(const struct trust_key *k, enum trust_hash hash, struct trust_artifact *a,
			       const void *signature, size_t signature_len, struct err *err)
{
	struct err why = { 0 };
	size_t i;
	enum err_code code = check_hash(k, hash != TRUST_HASHES ? hash : k->common, a, signature, signature_len, &why);

	for (i = 0; hash == TRUST_HASHES && code == ERR_UNPROVED && i < TRUST_HASHES; i++) {
		if (i != k->common && check_hash(k, (enum trust_hash)i, a, signature, signature_len, NULL) == ERR_OK)
			code = ERR_OK;
	}
	return code == ERR_OK ? code : err_set(err, code, "%s", why.msg);
}

enum err_code trust_key_check(const struct trust_key *k, struct trust_artifact *a, const void *signature,
			      size_t signature_len, struct err *err)
{
	return k->kind == EVP_PKEY_ED25519 ? check_either(k, a, signature, signature_len, err)
					   : check_any(k, TRUST_HASHES, a, signature, signature_len, err);
}

enum err_code trust_key_check_bytes(const struct trust_key *k, enum trust_hash hash, const void *bytes, size_t len,
				    const void *signature, size_t signature_len, struct err *err)
{
	CLEANUP(trust_artifact_release) struct trust_artifact a = trust_artifact_of_bytes(bytes, len, "");

	if (k->kind != EVP_PKEY_ED25519)
		return check_any(k, hash, &a, signature, signature_len, err);
	return k->only == TRUST_SHA512 ? check_ed25519ph(k, &a, signature, signature_len, err)
				       : check_ed25519(k, &a, signature, signature_len, err);
}
