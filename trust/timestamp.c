#include "trust/timestamp.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"
#include "trust/authority.h"
#include "trust/certificate.h"
#include "trust/few_decoders.h"

static enum err_code check_imprint(TS_TST_INFO *info, const void *bytes, size_t len, struct err *err)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
	const ASN1_OCTET_STRING *said = TS_MSG_IMPRINT_get_msg(imprint);
	const ASN1_OBJECT *algorithm = NULL;
	unsigned char hash[TRUST_HASH_MAX];
	enum trust_hash which;
	enum err_code code;

	X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
	which = trust_hash_named(OBJ_nid2sn(OBJ_obj2nid(algorithm)));
	if (which == TRUST_HASHES)
		return err_set(err, ERR_UNSUPPORTED, "a timestamp by a hash that is not known here");
	code = trust_hash_of(which, bytes, len, hash, err);
	if (code == ERR_OK && ((size_t)ASN1_STRING_length(said) != trust_hash_bytes(which) ||
			       memcmp(ASN1_STRING_get0_data(said), hash, trust_hash_bytes(which)) != 0))
		code = err_set(err, ERR_UNPROVED, "the timestamp is of another signature");
	return code;
}

static enum err_code read_time(const TS_TST_INFO *info, int64_t *ret_time, struct err *err)
{
	struct tm tm = { 0 };

	if (TS_TST_INFO_get_time(info) == NULL || ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &tm) != 1)
		return err_set(err, ERR_FORMAT, "a timestamp without a time");
	*ret_time = (int64_t)timegm(&tm);
	return ERR_OK;
}

/* Does whoever signed it say that it is of this authority? */
static bool claims(PKCS7 *token, const struct trust_authority *a)
{
	STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(token);
	const PKCS7_ISSUER_AND_SERIAL *signer;
	size_t i;

	if (sk_PKCS7_SIGNER_INFO_num(infos) != 1)
		return false;
	signer = sk_PKCS7_SIGNER_INFO_value(infos, 0)->issuer_and_serial;
	for (i = 0; i < a->chain_len; i++) {
		if (X509_NAME_cmp(signer->issuer, X509_get_subject_name(a->chain[i])) == 0)
			return true;
		if (X509_NAME_cmp(signer->issuer, X509_get_issuer_name(a->chain[i])) == 0 &&
		    ASN1_INTEGER_cmp(signer->serial, X509_get0_serialNumber(a->chain[i])) == 0)
			return true;
	}
	return false;
}

/* Who signed, if it leads to what the store trusts, by so many certificates of the authority. */
static X509 *signer_by(PKCS7 *token, const struct trust_authority *a, size_t len, X509_STORE *store)
{
	STACK_OF(X509) *chain = authority_stack(a->chain, len);
	X509 *signer = NULL;

	if (chain != NULL && TS_RESP_verify_signature(token, chain, store, &signer) != 1) {
		X509_free(signer);
		signer = NULL;
	}
	sk_X509_free(chain);
	return signer;
}

/* Was the signer's certificate valid, and the authority's? */
static enum err_code check_time(PKCS7 *token, const struct trust_authority *a, X509 *signer, int64_t time,
				struct err *err)
{
	X509 *issuer = NULL;
	enum err_code code;

	if (!authority_holds_at(a, time))
		return err_set(err, ERR_UNPROVED, "the timestamp authority %s did not count at that time", a->uri);
	if (X509_cmp(signer, a->chain[0]) == 0)
		return ERR_OK;
	code = authority_check(a, signer, token->d.sign->cert, &time, 1, &issuer, err);
	X509_free(issuer);
	return code;
}

/* A token may list the whole chain, and is then checked against all of it; else its first certificate is enough. */
static enum err_code check_by(PKCS7 *token, const struct trust_authority *a, int64_t time, struct err *err)
{
	X509 *signer = signer_by(token, a, 1, a->store);
	enum err_code code;

	if (signer == NULL)
		signer = signer_by(token, a, a->chain_len, a->anchor);
	if (signer == NULL)
		code = err_set(err, ERR_UNPROVED, "the timestamp is not signed by the authority %s", a->uri);
	else
		code = check_time(token, a, signer, time, err);
	X509_free(signer);
	ERR_clear_error();
	return code;
}

static enum err_code check_token(PKCS7 *token, const struct trust_root *root, int64_t time, struct err *err)
{
	struct err why = { 0 };
	enum err_code code =
		err_set(&why, ERR_NOT_FOUND, "the timestamp is by an authority that %s does not know", root->name);
	size_t i;

	for (i = 0; code != ERR_OK && i < root->tsas_len; i++) {
		struct err reason = { 0 };
		enum err_code got = check_by(token, &root->tsas[i], time, &reason);

		if (got == ERR_OK || claims(token, &root->tsas[i])) {
			code = got;
			why = reason;
		}
	}
	return code == ERR_OK ? code : err_set(err, code, "%s", why.msg);
}

static enum err_code check_response(TS_RESP *response, const void *bytes, size_t len, const struct trust_root *root,
				    int64_t *ret_time, struct err *err)
{
	const ASN1_INTEGER *status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response));
	PKCS7 *token = TS_RESP_get_token(response);
	TS_TST_INFO *info = TS_RESP_get_tst_info(response);
	int64_t time = 0;
	enum err_code code;

	if (status == NULL || ASN1_INTEGER_get(status) < TS_STATUS_GRANTED ||
	    ASN1_INTEGER_get(status) > TS_STATUS_GRANTED_WITH_MODS || token == NULL || info == NULL ||
	    !PKCS7_type_is_signed(token))
		return err_set(err, ERR_FORMAT, "a timestamp that its authority did not grant");
	if (TS_TST_INFO_get_version(info) != 1)
		return err_set(err, ERR_FORMAT, "a timestamp of another version");
	code = read_time(info, &time, err);
	if (code == ERR_OK)
		code = check_token(token, root, time, err);
	if (code == ERR_OK) /* only then: what nobody known has signed refutes nothing */
		code = check_imprint(info, bytes, len, err);
	if (code == ERR_OK)
		*ret_time = time;
	return code;
}

static enum err_code read_and_check(const struct buf *response, const void *bytes, size_t len,
				    const struct trust_root *root, int64_t *ret_time, struct err *err)
{
	const unsigned char *at = (const unsigned char *)buf_text(response), *end = at + response->len;
	TS_RESP *parsed = d2i_TS_RESP(NULL, &at, (long)response->len);
	enum err_code code;

	if (parsed == NULL || at != end)
		code = err_set(err, ERR_FORMAT, "a timestamp that cannot be read");
	else
		code = check_response(parsed, bytes, len, root, ret_time, err);
	TS_RESP_free(parsed);
	ERR_clear_error();
	return code;
}

/* A token may bring certificates along, of which OpenSSL reads the keys at once, in the context that is this thread's
 * at the time.  There they are checked too. */
enum err_code timestamp_check(const struct buf *response, const void *bytes, size_t len, const struct trust_root *root,
			      int64_t *ret_time, struct err *err)
{
	OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(few_decoders());
	enum err_code code = read_and_check(response, bytes, len, root, ret_time, err);

	OSSL_LIB_CTX_set0_default(before);
	return code;
}
