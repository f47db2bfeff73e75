#include "trust/certificate.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/few_decoders.h"

/* Extensions of sigstore: from .1 up to this one. */
#define FULCIO "1.3.6.1.4.1.57264.1."
#define FULCIO_LAST 24

/* As DER writes them: 1.3.6.1.4.1.57264.1.8, .1 and .7. */
#define OID_BYTES 10
#define OID_ISSUER "\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x08"
#define OID_ISSUER_RAW "\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x01"
#define OID_USER_NAME "\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07"

/* A text of ASN.1: without NUL inside, or two people could read it differently. */
static enum err_code copy_text(const unsigned char *bytes, int len, const char *what, char **ret_text, struct err *err)
{
	char *text;

	if (len <= 0 || memchr(bytes, '\0', (size_t)len) != NULL)
		return err_set(err, ERR_FORMAT, "a certificate whose %s is no text", what);
	if ((size_t)len > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_LIMIT, "a certificate whose %s has more than %d bytes", what, LIMIT_TEXT_BYTES);
	text = malloc((size_t)len + 1);
	if (text == NULL)
		return err_nomem(err);
	memcpy(text, bytes, (size_t)len);
	text[len] = '\0';
	*ret_text = text;
	return ERR_OK;
}

static enum err_code add_name(struct certificate *c, const ASN1_STRING *name, bool is_email, struct err *err)
{
	enum err_code code =
		vec_grow(&c->names, &c->names_cap, c->names_len + 1, sizeof(*c->names), CERTIFICATE_NAMES_MAX, err);

	if (code == ERR_LIMIT)
		return err_set(err, code, "a certificate with more than %zu names", CERTIFICATE_NAMES_MAX);
	if (code == ERR_OK)
		code = copy_text(ASN1_STRING_get0_data(name), ASN1_STRING_length(name), "subject alternative name",
				 &c->names[c->names_len].text, err);
	if (code == ERR_OK)
		c->names[c->names_len++].is_email = is_email;
	return code;
}

static bool has_oid(const ASN1_OBJECT *object, const char *oid)
{
	return OBJ_length(object) == OID_BYTES && memcmp(OBJ_get0_data(object), oid, OID_BYTES) == 0;
}

/* The kinds of names that sigstore gives; the others identify nobody here. */
static const ASN1_STRING *name_of(const GENERAL_NAME *name)
{
	if (name->type == GEN_URI || name->type == GEN_EMAIL || name->type == GEN_DNS)
		return name->d.ia5;
	if (name->type == GEN_OTHERNAME && has_oid(name->d.otherName->type_id, OID_USER_NAME) &&
	    name->d.otherName->value->type == V_ASN1_UTF8STRING)
		return name->d.otherName->value->value.utf8string;
	return NULL;
}

void *certificate_extension(const X509 *x509, int nid)
{
	const ASN1_OBJECT *kind = OBJ_nid2obj(nid);
	int at = X509_get_ext_by_OBJ(x509, kind, -1);

	return at >= 0 && X509_get_ext_by_OBJ(x509, kind, at) < 0 ? X509V3_EXT_d2i(X509_get_ext(x509, at)) : NULL;
}

static enum err_code read_names(struct certificate *c, struct err *err)
{
	GENERAL_NAMES *names = certificate_extension(c->x509, NID_subject_alt_name);
	enum err_code code = ERR_OK;
	int i;

	for (i = 0; code == ERR_OK && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);
		const ASN1_STRING *name = name_of(one);

		if (name != NULL)
			code = add_name(c, name, one->type == GEN_EMAIL, err);
	}
	GENERAL_NAMES_free(names);
	return code;
}

/* NULL: it has none.  Of two, people could read one or the other. */
static enum err_code find_extension(const X509 *x509, const char *oid, const ASN1_OCTET_STRING **ret_value,
				    struct err *err)
{
	const ASN1_OCTET_STRING *found = NULL;
	int i, len = X509_get_ext_count(x509);

	for (i = 0; i < len; i++) {
		X509_EXTENSION *extension = X509_get_ext(x509, i);

		if (!has_oid(X509_EXTENSION_get_object(extension), oid))
			continue;
		if (found != NULL)
			return err_set(err, ERR_FORMAT, "a certificate that names an issuer of identities twice");
		found = X509_EXTENSION_get_data(extension);
	}
	*ret_value = found;
	return ERR_OK;
}

static enum err_code read_der_text(const ASN1_OCTET_STRING *value, char **ret_text, struct err *err)
{
	const unsigned char *at = ASN1_STRING_get0_data(value), *end = at + ASN1_STRING_length(value);
	ASN1_UTF8STRING *text = d2i_ASN1_UTF8STRING(NULL, &at, ASN1_STRING_length(value));
	enum err_code code;

	/* as long as DER writes it: there are other ways that can be read */
	if (text == NULL || at != end || i2d_ASN1_UTF8STRING(text, NULL) != ASN1_STRING_length(value))
		code = err_set(err, ERR_FORMAT, "a certificate whose issuer of identities is no text");
	else
		code = copy_text(ASN1_STRING_get0_data(text), ASN1_STRING_length(text), "issuer of identities",
				 ret_text, err);
	ASN1_UTF8STRING_free(text);
	return code;
}

static enum err_code read_issuer(struct certificate *c, struct err *err)
{
	const ASN1_OCTET_STRING *value = NULL, *older = NULL;
	enum err_code code = find_extension(c->x509, OID_ISSUER, &value, err);

	if (code == ERR_OK)
		code = find_extension(c->x509, OID_ISSUER_RAW, &older, err);
	if (code != ERR_OK)
		return code;
	if (value != NULL)
		return read_der_text(value, &c->issuer, err);
	if (older == NULL)
		return ERR_OK;
	return copy_text(ASN1_STRING_get0_data(older), ASN1_STRING_length(older), "issuer of identities", &c->issuer,
			 err);
}

/* Fulcio's own, which OpenSSL does not know: what they are called is of no matter. */
static void tell_kinds(void)
{
	char oid[64];
	int i;

	for (i = 1; i <= FULCIO_LAST; i++) {
		snprintf(oid, sizeof(oid), FULCIO "%d", i);
		OBJ_create(oid, oid, NULL);
	}
	ERR_clear_error();
}

/* OpenSSL asks a dozen times of what kind each extension is, and looks for it in all tables each time, unless it finds
 * the tables' own object there, which knows. */
static void name_kinds(X509 *x509)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int i, len = X509_get_ext_count(x509);

	pthread_once(&once, tell_kinds);
	for (i = 0; i < len; i++) {
		X509_EXTENSION *extension = X509_get_ext(x509, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

		if (nid != NID_undef)
			X509_EXTENSION_set_object(extension, OBJ_nid2obj(nid));
	}
}

static enum err_code read_in(OSSL_LIB_CTX *context, const void *der, size_t len, X509 **ret_x509, struct err *err)
{
	const unsigned char *at = der;
	X509 *x509 = X509_new_ex(context, NULL);

	if (x509 == NULL)
		return err_nomem(err);
	if (d2i_X509(&x509, &at, (long)len) == NULL || at != (const unsigned char *)der + len) {
		X509_free(x509);
		ERR_clear_error();
		return err_set(err, ERR_FORMAT, "a certificate that cannot be read");
	}
	name_kinds(x509);
	*ret_x509 = x509;
	return ERR_OK;
}

/* Are its own key, as it was read, and that which signed it, as it says, of elliptic curves? */
static bool is_of_curves(const X509 *x509)
{
	int signer = NID_undef;

	return OBJ_find_sigid_algs(X509_get_signature_nid(x509), NULL, &signer) == 1 &&
	       signer == NID_X9_62_id_ecPublicKey && X509_get0_pubkey(x509) != NULL;
}

/* Where no other keys are known that is soonest done, and it is enough for nearly all. */
static enum err_code read_key(struct certificate *c, const void *der, size_t len, struct err *err)
{
	OSSL_LIB_CTX *context = few_decoders_of_curves();
	enum err_code code = read_in(context, der, len, &c->x509, err);

	if (code == ERR_OK && !is_of_curves(c->x509)) {
		X509_free(c->x509);
		c->x509 = NULL;
		context = few_decoders();
		code = read_in(context, der, len, &c->x509, err);
	}
	return code == ERR_OK ? trust_key_of_certificate(c->x509, context, "the certificate", &c->key, err) : code;
}

enum err_code certificate_read(const void *der, size_t len, struct certificate *ret_certificate, struct err *err)
{
	CLEANUP(certificate_release) struct certificate c = { 0 };
	enum err_code code;

	if (len > LIMIT_CERTIFICATE_BYTES)
		return err_set(err, ERR_LIMIT, "a certificate of %zu bytes", len);
	code = read_key(&c, der, len, err);
	if (code == ERR_OK)
		code = read_names(&c, err);
	if (code == ERR_OK)
		code = read_issuer(&c, err);
	ERR_clear_error();
	if (code != ERR_OK)
		return code;
	*ret_certificate = c;
	c = (struct certificate){ 0 };
	return ERR_OK;
}

enum err_code certificate_check_use(const struct certificate *c, struct err *err)
{
	uint32_t flags = X509_get_extension_flags(c->x509);

	if ((flags & EXFLAG_INVALID) != 0)
		return err_set(err, ERR_UNPROVED, "the certificate contradicts itself");
	if ((flags & EXFLAG_CA) != 0 || X509_check_ca(c->x509) != 0)
		return err_set(err, ERR_UNPROVED, "the certificate is an authority's, which signs no artifacts");
	if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(c->x509) & KU_DIGITAL_SIGNATURE) == 0)
		return err_set(err, ERR_UNPROVED, "the certificate is not for digital signatures");
	if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(c->x509) & XKU_CODE_SIGN) == 0)
		return err_set(err, ERR_UNPROVED, "the certificate is not for signing code");
	return ERR_OK;
}

bool certificate_holds_at(const X509 *x509, int64_t time)
{
	int from = ASN1_TIME_cmp_time_t(X509_get0_notBefore(x509), (time_t)time);
	int to = ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509), (time_t)time);

	return (from == -1 || from == 0) && (to == 0 || to == 1); /* -2: not to be read */
}

void certificate_release(struct certificate *c)
{
	size_t i;

	X509_free(c->x509);
	trust_key_free(c->key);
	for (i = 0; i < c->names_len; i++)
		free(c->names[i].text);
	free(c->names);
	free(c->issuer);
	*c = (struct certificate){ 0 };
}
