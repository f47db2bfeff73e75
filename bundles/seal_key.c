#include "bundles/seal_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/seal_passphrase.h"
#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/fingerprint.h"
#include "trust/pem.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384
#define PARAMETERS PEM_BEGIN "EC PARAMETERS"

struct seal_key {
	EVP_PKEY *pkey; /* owned */
	char *name;     /* owned */
	struct digest fingerprint;
	char hint[FINGERPRINT_TEXT_MAX];
};

const char *seal_key_name(const struct seal_key *k)
{
	return k->name;
}

const char *seal_key_hint(const struct seal_key *k)
{
	return k->hint;
}

const struct digest *seal_key_fingerprint(const struct seal_key *k)
{
	return &k->fingerprint;
}

static enum err_code check_kind(const struct seal_key *k, struct err *err)
{
	char curve[64] = "";
	int id = EVP_PKEY_get_base_id(k->pkey), bits = EVP_PKEY_get_bits(k->pkey);

	if (id == EVP_PKEY_ED25519 || (id == EVP_PKEY_RSA && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX))
		return ERR_OK;
	if (id == EVP_PKEY_EC && EVP_PKEY_get_group_name(k->pkey, curve, sizeof(curve), NULL) == 1 &&
	    (strcmp(curve, SN_X9_62_prime256v1) == 0 || strcmp(curve, SN_secp384r1) == 0))
		return ERR_OK;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s: a key of another kind: use Ed25519, ECDSA on P-256 or P-384, or RSA of %d to %d bits",
		       k->name, RSA_BITS_MIN, RSA_BITS_MAX);
}

/* Room for the whole file is taken at once: what grows leaves copies of a secret behind. */
static enum err_code read_pem(const char *path, struct buf *pem, struct err *err)
{
	static const char room[LIMIT_KEY_BYTES];
	enum err_code code;

	buf_init(pem, LIMIT_KEY_BYTES);
	code = buf_add(pem, room, sizeof(room), err);
	buf_clear(pem);
	return code == ERR_OK ? file_read(path, pem, err) : code;
}

static void pem_release(struct buf *pem)
{
	if (pem->data != NULL)
		OPENSSL_cleanse(pem->data, pem->cap);
	buf_release(pem);
}

static enum err_code finish(const char *path, EVP_PKEY *pkey, struct seal_key **ret_key, struct err *err)
{
	CLEANUP(seal_key_free_ptr) struct seal_key *k = calloc(1, sizeof(*k));
	enum err_code code;

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return err_nomem(err);
	}
	k->pkey = pkey;
	code = str_copy(path, &k->name, err);
	if (code == ERR_OK)
		code = check_kind(k, err);
	if (code == ERR_OK)
		code = fingerprint_of(k->pkey, &k->fingerprint, err);
	if (code == ERR_OK)
		code = fingerprint_text(&k->fingerprint, k->hint, err);
	if (code == ERR_OK)
		*ret_key = take_ptr(&k);
	return code;
}

enum err_code seal_key_parse_public(const struct buf *pem, const char *path, struct seal_key **ret_key, struct err *err)
{
	EVP_PKEY *pkey = NULL;
	enum err_code code = pem_read_public(buf_text(pem), path, &pkey, err);

	return code == ERR_OK ? finish(path, pkey, ret_key, err) : code;
}

enum err_code seal_key_read_public(const char *path, struct seal_key **ret_key, struct err *err)
{
	CLEANUP(pem_release) struct buf pem = { 0 };
	enum err_code code = read_pem(path, &pem, err);

	return code == ERR_OK ? seal_key_parse_public(&pem, path, ret_key, err) : code;
}

/* One private key in the file, behind the parameters that openssl ecparam -genkey writes in front of it. */
static enum err_code check_private(const char *path, const char *text, struct err *err)
{
	const char *first = strstr(text, PEM_BEGIN);

	if (pem_is_cosigns(text))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: a key in cosign's own form: sign with cosign sign-blob what bundle cat FILE "
			       "description prints, then bundle sign FILE --attach SIG",
			       path);
	if (first != NULL && text_starts(first, PARAMETERS))
		text = first + strlen(PARAMETERS);
	return pem_check_single(text, "private", path, err);
}

/* Why no key came out of a file that holds one. */
static enum err_code no_private(const char *path, const struct buf *pem, const struct passphrase *p, struct err *err)
{
	if (p->why.code != ERR_OK)
		return err_set(err, p->why.code, "%s: %s", path, p->why.msg);
	if (p->asked)
		return err_set(err, ERR_DENIED, "%s: the passphrase does not open it", path);
	return err_set(err, ERR_FORMAT, "%s: holds no private key%s", path,
		       strstr(pem->data, "PUBLIC KEY") != NULL ? ", but a public one" : "");
}

enum err_code seal_key_read_private(const char *path, int passphrase_fd, struct seal_key **ret_key, struct err *err)
{
	CLEANUP(pem_release) struct buf pem = { 0 };
	struct passphrase p = { .fd = passphrase_fd, .name = path };
	enum err_code code = read_pem(path, &pem, err);
	EVP_PKEY *pkey;
	BIO *bio;

	if (code == ERR_OK)
		code = check_private(path, buf_text(&pem), err);
	if (code != ERR_OK)
		return code;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (bio == NULL)
		return err_nomem(err);
	pkey = PEM_read_bio_PrivateKey(bio, NULL, passphrase_ask, &p);
	BIO_free(bio);
	ERR_clear_error();
	return pkey != NULL ? finish(path, pkey, ret_key, err) : no_private(path, &pem, &p, err);
}

/* Ed25519 hashes by itself. */
static const EVP_MD *md_of(const struct seal_key *k, enum trust_hash hash)
{
	return EVP_PKEY_get_base_id(k->pkey) == EVP_PKEY_ED25519 ? NULL : trust_hash_md(hash);
}

enum err_code seal_key_sign(const struct seal_key *k, const void *bytes, size_t len,
			    unsigned char out[LIMIT_SIGNATURE_BYTES], size_t *ret_len, struct err *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t out_len = LIMIT_SIGNATURE_BYTES;
	bool done;

	if (context == NULL)
		return err_nomem(err);
	done = EVP_DigestSignInit(context, NULL, md_of(k, TRUST_SHA256), NULL, k->pkey) == 1 &&
	       EVP_DigestSign(context, out, &out_len, bytes, len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	if (!done)
		return err_set(err, ERR_CRYPTO, "%s: this key cannot sign", k->name);
	*ret_len = out_len;
	return ERR_OK;
}

enum err_code seal_key_check(const struct seal_key *k, enum trust_hash hash, const void *bytes, size_t len,
			     const unsigned char *signature, size_t signature_len, struct err *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ready, good;

	if (context == NULL)
		return err_nomem(err);
	ready = EVP_DigestVerifyInit(context, NULL, md_of(k, hash), NULL, k->pkey) == 1;
	good = ready && EVP_DigestVerify(context, signature, signature_len, bytes, len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	if (!ready)
		return err_set(err, ERR_CRYPTO, "%s: this key cannot check signatures", k->name);
	return good ? ERR_OK : err_set(err, ERR_UNPROVED, "not a signature of %s over it", k->name);
}

void seal_key_free(struct seal_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k->name);
	free(k);
}

void seal_key_free_ptr(struct seal_key **k)
{
	seal_key_free(*k);
}
