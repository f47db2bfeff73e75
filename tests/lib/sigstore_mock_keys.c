/* The mock's keys, and what they sign alone: certificates, timestamps, signatures. */
#include <openssl/ct.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/mem.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sigstore_mock_private.h"

#define MINUTES INT64_C(60)
#define YEARS (INT64_C(365) * 24 * 3600)

/* ---- texts ---- */

char *mock_base64(const void *bytes, size_t len)
{
	struct buf text = { .max = BIG };

	ck_assert_int_eq(base64_encode(bytes, len, &text, NULL), ERR_OK);
	return text.data;
}

void mock_add(struct buf *out, const void *bytes, size_t len)
{
	ck_assert_int_eq(buf_add(out, bytes, len, NULL), ERR_OK);
}

void mock_add_number(struct buf *out, uint64_t value, size_t bytes)
{
	while (bytes-- > 0)
		mock_add(out, &(unsigned char){ (unsigned char)(value >> (8 * bytes)) }, 1);
}

void mock_put_base64(struct buf *out, const void *bytes, size_t len)
{
	CLEANUP(free_ptr) char *text = mock_base64(bytes, len);

	mock_put(out, "%s", text);
}

void mock_sha256(const void *bytes, size_t len, unsigned char out[32])
{
	ck_assert_int_eq(EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL), 1);
}

/* ---- keys and certificates ---- */

static EVP_PKEY *new_key(const char *curve)
{
	EVP_PKEY *key = curve != NULL ? EVP_EC_gen(curve) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	ck_assert_ptr_nonnull(key);
	return key;
}

struct buf mock_signature(EVP_PKEY *key, const void *bytes, size_t len)
{
	struct buf signature = { .max = BIG };
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char out[512];
	size_t out_len = sizeof(out);
	const EVP_MD *md = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();

	ck_assert_int_eq(EVP_DigestSignInit(context, NULL, md, NULL, key), 1);
	ck_assert_int_eq(EVP_DigestSign(context, out, &out_len, bytes, len), 1);
	EVP_MD_CTX_free(context);
	mock_add(&signature, out, out_len);
	return signature;
}

struct buf mock_spki(EVP_PKEY *key)
{
	struct buf out = { .max = BIG };
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	ck_assert_int_gt(len, 0);
	mock_add(&out, der, (size_t)len);
	OPENSSL_free(der);
	return out;
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ck_assert_ptr_nonnull(extension);
	ck_assert_int_eq(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *new_certificate(const char *name, EVP_PKEY *key, X509 *issuer, int64_t from, int64_t to)
{
	X509 *x = X509_new();
	static long serial = 1;

	ck_assert_ptr_nonnull(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from));
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)to));
	if (name != NULL)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name,
					   -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer != NULL ? issuer : x));
	X509_set_pubkey(x, key);
	return x;
}

/* by: who issues it; NULL: itself. */
static struct authority new_ca(const char *name, const struct authority *by, const char *use)
{
	struct authority a = { .key = new_key("P-256") };

	a.certificate =
		new_certificate(name, a.key, by != NULL ? by->certificate : NULL, MOCK_TIME - YEARS, MOCK_TIME + YEARS);
	add_extension(a.certificate, a.certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(a.certificate, a.certificate, NID_key_usage, "critical,keyCertSign");
	if (use != NULL)
		add_extension(a.certificate, a.certificate, NID_ext_key_usage, use);
	ck_assert_int_gt(X509_sign(a.certificate, by != NULL ? by->key : a.key, EVP_sha256()), 0);
	return a;
}

X509 *mock_limited(const struct authority *a, const struct authority *by, const struct mock_limits *l)
{
	X509 *x = new_certificate(NULL, a->key, by->certificate, MOCK_TIME - YEARS, MOCK_TIME + YEARS);

	X509_set_subject_name(x, X509_get_subject_name(a->certificate));
	if (l->basic == NULL || *l->basic != '\0')
		add_extension(x, x, NID_basic_constraints, l->basic != NULL ? l->basic : "critical,CA:TRUE");
	add_extension(x, x, NID_key_usage, "critical,keyCertSign");
	if (l->use != NULL)
		add_extension(x, x, NID_ext_key_usage, l->use);
	if (l->names != NULL)
		add_extension(x, x, NID_name_constraints, l->names);
	ck_assert_int_gt(X509_sign(x, by->key, EVP_sha256()), 0);
	return x;
}

static struct authority new_tsa(const char *name, const struct authority *ca)
{
	struct authority a = { .key = new_key("P-256") };

	a.certificate = new_certificate(name, a.key, ca->certificate, MOCK_TIME - YEARS, MOCK_TIME + YEARS);
	add_extension(a.certificate, ca->certificate, NID_key_usage, "critical,digitalSignature");
	add_extension(a.certificate, ca->certificate, NID_ext_key_usage, "critical,timeStamping");
	ck_assert_int_gt(X509_sign(a.certificate, ca->key, EVP_sha256()), 0);
	return a;
}

struct mock *mock_new(void)
{
	struct mock *m = calloc(1, sizeof(*m));

	ck_assert_ptr_nonnull(m);
	m->ca = new_ca("fulcio", NULL, NULL);
	m->other_ca = new_ca("mallory", NULL, NULL);
	m->tsa_ca = new_ca("tsa root", NULL, NULL);
	m->tsa = new_tsa("tsa", &m->tsa_ca);
	m->other_tsa = new_tsa("another tsa", &m->other_ca);
	m->tsa_between = new_ca("tsa between", &m->tsa_ca, "timeStamping");
	m->ca_between = new_ca("between", &m->ca, "codeSigning");
	m->tls_between = new_ca("for TLS", &m->ca, "serverAuth");
	m->far_tsa = new_tsa("far tsa", &m->tsa_between);
	m->far_tsa.above = m->tsa_between.certificate;
	m->ctlog = new_key("P-256");
	m->tlog1 = new_key("P-256");
	m->tlog2 = new_key(NULL);
	m->other_log = new_key("P-256");
	m->signer = new_key("P-256");
	return m;
}

static void authority_free(struct authority *a)
{
	EVP_PKEY_free(a->key);
	X509_free(a->certificate);
}

void mock_free(struct mock *m)
{
	authority_free(&m->ca);
	authority_free(&m->other_ca);
	authority_free(&m->tsa_ca);
	authority_free(&m->tsa);
	authority_free(&m->other_tsa);
	authority_free(&m->tsa_between);
	authority_free(&m->ca_between);
	authority_free(&m->tls_between);
	authority_free(&m->far_tsa);
	EVP_PKEY_free(m->ctlog);
	EVP_PKEY_free(m->tlog1);
	EVP_PKEY_free(m->tlog2);
	EVP_PKEY_free(m->other_log);
	EVP_PKEY_free(m->signer);
	free(m);
}

/* ---- SCT: RFC 6962, section 3 ---- */

static void add_sct(struct mock *m, X509 *x, const struct authority *ca, bool is_false)
{
	CLEANUP(buf_release) struct buf text = { .max = BIG };
	CLEANUP(buf_release) struct buf list = { .max = BIG };
	CLEANUP(buf_release) struct buf log = mock_spki(m->ctlog);
	CLEANUP(buf_release) struct buf signature = { 0 };
	CLEANUP(buf_release) struct buf issuer = mock_spki(ca->key);
	unsigned char *tbs = NULL, id[32], issuer_hash[32], *der = NULL;
	ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;
	int len = i2d_re_X509_tbs(x, &tbs);

	mock_sha256(log.data, log.len, id);
	mock_sha256(issuer.data, issuer.len, issuer_hash);
	mock_add_number(&text, 0, 2);
	mock_add_number(&text, (uint64_t)MOCK_TIME * 1000, 8);
	mock_add_number(&text, 1, 2);
	mock_add(&text, issuer_hash, 32);
	mock_add_number(&text, (uint64_t)len, 3);
	mock_add(&text, tbs, (size_t)len);
	mock_add_number(&text, is_false ? 1 : 0, 2);
	if (is_false)
		mock_add(&text, "x", 1);
	signature = mock_signature(m->ctlog, text.data, text.len);
	mock_add_number(&list, 49 + signature.len, 2);
	mock_add_number(&list, 47 + signature.len, 2);
	mock_add_number(&list, 0, 1);
	mock_add(&list, id, 32);
	mock_add_number(&list, (uint64_t)MOCK_TIME * 1000, 8);
	mock_add_number(&list, 0, 2);
	mock_add_number(&list, 0x0403, 2);
	mock_add_number(&list, signature.len, 2);
	mock_add(&list, signature.data, signature.len);
	ASN1_OCTET_STRING_set(inner, (unsigned char *)list.data, (int)list.len);
	len = i2d_ASN1_OCTET_STRING(inner, &der);
	ASN1_OCTET_STRING_set(outer, der, len);
	extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_scts, 0, outer);
	ck_assert_int_eq(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(inner);
	ASN1_OCTET_STRING_free(outer);
	OPENSSL_free(der);
	OPENSSL_free(tbs);
}

static void add_issuer_bytes(X509 *x, bool older, const void *bytes, int len)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(older ? "1.3.6.1.4.1.57264.1.1" : "1.3.6.1.4.1.57264.1.8", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	ASN1_STRING_set(value, bytes, len);
	extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
	ck_assert_int_eq(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

/* Who vouches: in DER, with its length in a byte more than DER has it, or as it is in the older extension. */
static void add_issuer(X509 *x, const char *name, bool older, bool is_loose)
{
	struct buf text = { .max = BIG };
	size_t len = strlen(name);

	ck_assert_uint_lt(len, 0x80);
	if (!older)
		mock_add(&text, is_loose ? "\x0c\x81" : "\x0c", is_loose ? 2 : 1);
	if (!older)
		mock_add_number(&text, len, 1);
	mock_add(&text, name, len);
	add_issuer_bytes(x, older, text.data, (int)text.len);
	buf_release(&text);
}

const struct authority *mock_issuer(const struct mock *m, const struct mock_wish *w)
{
	if (w->by_between)
		return &m->ca_between;
	if (w->by_tls)
		return &m->tls_between;
	return w->other_ca ? &m->other_ca : &m->ca;
}

struct buf mock_leaf(struct mock *m, const struct mock_wish *w)
{
	const struct authority *ca = mock_issuer(m, w);
	int64_t from = w->from != 0 ? w->from : MOCK_TIME;
	X509 *x = new_certificate(NULL, m->signer, ca->certificate, from, w->to != 0 ? w->to : from + 10 * MINUTES);
	struct buf out = { .max = BIG };
	unsigned char *der = NULL;
	int len;

	if (w->is_ca)
		add_extension(x, ca->certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(x, ca->certificate, NID_key_usage, "critical,digitalSignature");
	add_extension(x, ca->certificate, NID_ext_key_usage, w->no_code_signing ? "serverAuth" : "codeSigning");
	add_extension(x, ca->certificate, NID_subject_alt_name,
		      w->names != NULL ? w->names : "critical,email:" MOCK_IDENTITY);
	if (w->another_older_one)
		add_issuer(x, "https://mallory.example", true, false);
	if (!w->no_issuer)
		add_issuer(x, MOCK_ISSUER, w->older_issuer, w->loose_issuer);
	if (w->another_issuer)
		add_issuer(x, "https://mallory.example", false, false);
	ck_assert_int_gt(X509_sign(x, ca->key, EVP_sha256()), 0);
	if (!w->no_sct)
		add_sct(m, x, ca, w->false_sct);
	ck_assert_int_gt(X509_sign(x, ca->key, EVP_sha256()), 0);
	len = i2d_X509(x, &der);
	mock_add(&out, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	return out;
}

struct buf mock_certificate(struct mock *m, const struct mock_wish *wish)
{
	return mock_leaf(m, wish);
}

/* ---- timestamps ---- */

static ASN1_INTEGER *serial_of(TS_RESP_CTX *context, void *data)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	(void)context;
	(void)data;
	ASN1_INTEGER_set(serial, 7);
	return serial;
}

static int time_of(TS_RESP_CTX *context, void *data, long *sec, long *usec)
{
	(void)context;
	*sec = (long)*(int64_t *)data;
	*usec = 0;
	return 1;
}

static TS_REQ *request_for(const struct buf *bytes, bool with_certificate)
{
	TS_REQ *request = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	unsigned char hash[32];

	mock_sha256(bytes->data, bytes->len, hash);
	TS_REQ_set_version(request, 1);
	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
	TS_MSG_IMPRINT_set_algo(imprint, algorithm);
	TS_MSG_IMPRINT_set_msg(imprint, hash, 32);
	TS_REQ_set_msg_imprint(request, imprint);
	TS_REQ_set_cert_req(request, with_certificate);
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
	return request;
}

struct buf mock_timestamp(const struct authority *tsa, const struct buf *bytes, int64_t time, bool embedded)
{
	TS_RESP_CTX *context = TS_RESP_CTX_new();
	TS_REQ *request = request_for(bytes, embedded);
	ASN1_OBJECT *policy = OBJ_txt2obj("1.3.6.1.4.1.57264.2", 1);
	BIO *bio = BIO_new(BIO_s_mem());
	STACK_OF(X509) *above = sk_X509_new_null();
	struct buf out = { .max = BIG };
	unsigned char *der = NULL;
	TS_RESP *response;
	int len;

	ck_assert_int_eq(TS_RESP_CTX_set_signer_cert(context, tsa->certificate), 1);
	ck_assert_int_eq(TS_RESP_CTX_set_signer_key(context, tsa->key), 1);
	if (tsa->above != NULL)
		ck_assert_int_eq(sk_X509_push(above, tsa->above), 1);
	ck_assert_int_eq(TS_RESP_CTX_set_certs(context, above), 1);
	ck_assert_int_eq(TS_RESP_CTX_set_def_policy(context, policy), 1);
	ck_assert_int_eq(TS_RESP_CTX_add_md(context, EVP_sha256()), 1);
	ck_assert_int_eq(TS_RESP_CTX_set_signer_digest(context, EVP_sha256()), 1);
	ck_assert_int_eq(TS_RESP_CTX_set_ess_cert_id_digest(context, EVP_sha256()), 1);
	TS_RESP_CTX_set_serial_cb(context, serial_of, NULL);
	TS_RESP_CTX_set_time_cb(context, time_of, &time);
	ck_assert_int_eq(i2d_TS_REQ_bio(bio, request), 1);
	response = TS_RESP_create_response(context, bio);
	ck_assert_ptr_nonnull(response);
	len = i2d_TS_RESP(response, &der);
	mock_add(&out, der, (size_t)len);
	OPENSSL_free(der);
	TS_RESP_free(response);
	TS_REQ_free(request);
	TS_RESP_CTX_free(context);
	sk_X509_free(above);
	ASN1_OBJECT_free(policy);
	BIO_free(bio);
	return out;
}

/* ---- single signatures ---- */

/* To make one takes half a second. */
static EVP_PKEY *rsa_key(void)
{
	BIO *bio = BIO_new_mem_buf(key_rsa2048, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

static EVP_PKEY *key_of(enum mock_scheme scheme)
{
	static const char *const curves[] = { [MOCK_P256] = "P-256", [MOCK_P384] = "P-384", [MOCK_P521] = "P-521" };
	EVP_PKEY *key = NULL;

	if (scheme < COUNT_OF(curves))
		key = EVP_EC_gen(curves[scheme]);
	else if (scheme == MOCK_ED25519)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		key = rsa_key();
	ck_assert_ptr_nonnull(key);
	return key;
}

static const EVP_MD *md_of(enum trust_hash hash)
{
	static const EVP_MD *(*const all[])(void) = { EVP_sha256, EVP_sha384, EVP_sha512 };

	return hash < COUNT_OF(all) ? all[hash]() : NULL;
}

struct mock_signed mock_sign(enum mock_scheme scheme, enum trust_hash hash, const void *bytes, size_t len)
{
	EVP_PKEY *key = key_of(scheme);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	struct mock_signed s = { .signature_len = 512 };
	CLEANUP(buf_release) struct buf der = mock_spki(key);

	s.signature = malloc(s.signature_len);
	s.key = malloc(der.len);
	memcpy(s.key, der.data, der.len);
	s.key_len = der.len;
	ck_assert_int_eq(EVP_DigestSignInit(context, &how, scheme == MOCK_ED25519 ? NULL : md_of(hash), NULL, key), 1);
	if (scheme == MOCK_RSA_PSS)
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
	ck_assert_int_eq(EVP_DigestSign(context, s.signature, &s.signature_len, bytes, len), 1);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return s;
}

void mock_signed_release(struct mock_signed *s)
{
	free(s->key);
	free(s->signature);
}
