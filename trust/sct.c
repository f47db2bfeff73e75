#include "trust/sct.h"

#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/certificate.h"

#define SCT_MAX 32
#define PRECERT_ENTRY 1

/* The certificate as the log saw it, before the timestamps came into it. */
static enum err_code bare_tbs(X509 *leaf, struct buf *out, struct err *err)
{
	const ASN1_OBJECT *scts = OBJ_nid2obj(NID_ct_precert_scts);
	int at = X509_get_ext_by_OBJ(leaf, scts, -1), len;
	unsigned char *der = NULL;
	enum err_code code;

	X509_EXTENSION_free(at >= 0 ? X509_delete_ext(leaf, at) : NULL);
	len = i2d_re_X509_tbs(leaf, &der);
	if (at < 0 || len <= 0 || X509_get_ext_by_OBJ(leaf, scts, -1) >= 0)
		code = err_set(err, ERR_FORMAT, "a certificate whose signed timestamps cannot be taken out");
	else
		code = buf_add(out, der, (size_t)len, err);
	OPENSSL_free(der);
	return code;
}

static enum err_code add_number(struct buf *out, uint64_t value, size_t bytes, struct err *err)
{
	unsigned char text[8];
	size_t i;

	for (i = 0; i < bytes; i++)
		text[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
	return buf_add(out, text, bytes, err);
}

static enum err_code add_issuer(struct buf *out, const X509 *issuer, struct err *err)
{
	unsigned char hash[TRUST_HASH_MAX], *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &der);
	enum err_code code;

	if (len <= 0)
		return err_set(err, ERR_FORMAT, "an issuer whose key cannot be read");
	code = trust_hash_of(TRUST_SHA256, der, (size_t)len, hash, err);
	OPENSSL_free(der);
	return code == ERR_OK ? buf_add(out, hash, trust_hash_bytes(TRUST_SHA256), err) : code;
}

/* What the log signed: digitally-signed of section 3.2. */
static enum err_code signed_text(const SCT *sct, const struct buf *tbs, const X509 *issuer, struct buf *out,
				 struct err *err)
{
	unsigned char *extensions = NULL;
	size_t len = SCT_get0_extensions(sct, &extensions);
	enum err_code code = add_number(out, 0, 2, err); /* version 1, certificate_timestamp */

	if (code == ERR_OK)
		code = add_number(out, SCT_get_timestamp(sct), 8, err);
	if (code == ERR_OK)
		code = add_number(out, PRECERT_ENTRY, 2, err);
	if (code == ERR_OK)
		code = add_issuer(out, issuer, err);
	if (code == ERR_OK)
		code = add_number(out, tbs->len, 3, err);
	if (code == ERR_OK)
		code = buf_add(out, tbs->data, tbs->len, err);
	if (code == ERR_OK)
		code = add_number(out, len, 2, err);
	return code == ERR_OK && len > 0 ? buf_add(out, extensions, len, err) : code;
}

static bool holds_by(const SCT *sct, const struct trust_log *log, const struct buf *text)
{
	unsigned char *id = NULL, *signature = NULL;
	size_t id_len = SCT_get0_log_id(sct, &id), len = SCT_get0_signature(sct, &signature);

	return id_len == log->id_len && memcmp(id, log->id, id_len) == 0 &&
	       trust_window_holds(&log->window, (int64_t)(SCT_get_timestamp(sct) / 1000)) &&
	       trust_key_check_bytes(log->key, TRUST_SHA256, text->data, text->len, signature, len, NULL) == ERR_OK;
}

static enum err_code check_one(const SCT *sct, const struct buf *tbs, const X509 *issuer, const struct trust_root *root,
			       bool *ret_good, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = 2 * LIMIT_CERTIFICATE_BYTES };
	enum err_code code;
	size_t i;

	if (SCT_get_version(sct) != SCT_VERSION_V1)
		return ERR_OK;
	code = signed_text(sct, tbs, issuer, &text, err);
	for (i = 0; code == ERR_OK && !*ret_good && i < root->ctlogs_len; i++)
		*ret_good = holds_by(sct, &root->ctlogs[i], &text);
	return code;
}

static enum err_code check_all(const STACK_OF(SCT) * scts, X509 *leaf, const X509 *issuer,
			       const struct trust_root *root, struct err *err)
{
	CLEANUP(buf_release) struct buf tbs = { .max = LIMIT_CERTIFICATE_BYTES };
	bool good = false;
	int i, len = sk_SCT_num(scts);
	enum err_code code = ERR_OK;

	if (len <= 0)
		return err_set(err, ERR_UNPROVED,
			       "the certificate is in no log of certificates: it has no signed "
			       "timestamp (SCT)");
	if (len > SCT_MAX)
		return err_set(err, ERR_LIMIT, "a certificate with more than %d signed timestamps", SCT_MAX);
	code = bare_tbs(leaf, &tbs, err);
	for (i = 0; code == ERR_OK && !good && i < len; i++)
		code = check_one(sk_SCT_value(scts, i), &tbs, issuer, root, &good, err);
	if (code == ERR_OK && !good)
		code = err_set(err, ERR_UNPROVED,
			       "no log of certificates in %s has signed a timestamp (SCT) of the certificate",
			       root->name);
	return code;
}

enum err_code sct_check(X509 *leaf, const X509 *issuer, const struct trust_root *root, struct err *err)
{
	STACK_OF(SCT) *scts = certificate_extension(leaf, NID_ct_precert_scts);
	enum err_code code = check_all(scts, leaf, issuer, root, err);

	SCT_LIST_free(scts);
	ERR_clear_error();
	return code;
}
