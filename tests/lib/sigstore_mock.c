#include "tests/lib/sigstore_mock.h"

#include <check.h>
#include <openssl/ct.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/buf.h"
#include "common/hex.h"
#include "common/mem.h"
#include "tests/lib/seal_keys.h"

#define MINUTES INT64_C(60)
#define YEARS (INT64_C(365) * 24 * 3600)
#define BIG ((size_t)1 << 20)
#define LOG_HOST "rekor.acme.example"

struct authority {
	EVP_PKEY *key;
	X509 *certificate;
};

struct mock {
	struct authority ca, other_ca, tsa_ca, tsa, other_tsa;
	EVP_PKEY *ctlog, *tlog1, *tlog2, *other_log, *signer;
};

/* ---- texts ---- */

static char *base64(const void *bytes, size_t len)
{
	struct buf text = { .max = BIG };

	ck_assert_int_eq(base64_encode(bytes, len, &text, NULL), ERR_OK);
	return text.data;
}

static void add(struct buf *out, const void *bytes, size_t len)
{
	ck_assert_int_eq(buf_add(out, bytes, len, NULL), ERR_OK);
}

static void add_number(struct buf *out, uint64_t value, size_t bytes)
{
	while (bytes-- > 0)
		add(out, &(unsigned char){ (unsigned char)(value >> (8 * bytes)) }, 1);
}

#define put(out, ...) ck_assert_int_eq(buf_printf(out, NULL, __VA_ARGS__), ERR_OK)

static void put_base64(struct buf *out, const void *bytes, size_t len)
{
	CLEANUP(free_ptr) char *text = base64(bytes, len);

	put(out, "%s", text);
}

static void sha256(const void *bytes, size_t len, unsigned char out[32])
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

static struct buf sign(EVP_PKEY *key, const void *bytes, size_t len)
{
	struct buf signature = { .max = BIG };
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char out[512];
	size_t out_len = sizeof(out);
	const EVP_MD *md = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();

	ck_assert_int_eq(EVP_DigestSignInit(context, NULL, md, NULL, key), 1);
	ck_assert_int_eq(EVP_DigestSign(context, out, &out_len, bytes, len), 1);
	EVP_MD_CTX_free(context);
	add(&signature, out, out_len);
	return signature;
}

static struct buf spki(EVP_PKEY *key)
{
	struct buf out = { .max = BIG };
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	ck_assert_int_gt(len, 0);
	add(&out, der, (size_t)len);
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

static struct authority new_ca(const char *name)
{
	struct authority a = { .key = new_key("P-256") };

	a.certificate = new_certificate(name, a.key, NULL, MOCK_TIME - YEARS, MOCK_TIME + YEARS);
	add_extension(a.certificate, a.certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(a.certificate, a.certificate, NID_key_usage, "critical,keyCertSign");
	ck_assert_int_gt(X509_sign(a.certificate, a.key, EVP_sha256()), 0);
	return a;
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
	m->ca = new_ca("fulcio");
	m->other_ca = new_ca("mallory");
	m->tsa_ca = new_ca("tsa root");
	m->tsa = new_tsa("tsa", &m->tsa_ca);
	m->other_tsa = new_tsa("another tsa", &m->other_ca);
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
	CLEANUP(buf_release) struct buf log = spki(m->ctlog);
	CLEANUP(buf_release) struct buf signature = { 0 };
	CLEANUP(buf_release) struct buf issuer = spki(ca->key);
	unsigned char *tbs = NULL, id[32], issuer_hash[32], *der = NULL;
	ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;
	int len = i2d_re_X509_tbs(x, &tbs);

	sha256(log.data, log.len, id);
	sha256(issuer.data, issuer.len, issuer_hash);
	add_number(&text, 0, 2);
	add_number(&text, (uint64_t)MOCK_TIME * 1000, 8);
	add_number(&text, 1, 2);
	add(&text, issuer_hash, 32);
	add_number(&text, (uint64_t)len, 3);
	add(&text, tbs, (size_t)len);
	add_number(&text, is_false ? 1 : 0, 2);
	if (is_false)
		add(&text, "x", 1);
	signature = sign(m->ctlog, text.data, text.len);
	add_number(&list, 49 + signature.len, 2);
	add_number(&list, 47 + signature.len, 2);
	add_number(&list, 0, 1);
	add(&list, id, 32);
	add_number(&list, (uint64_t)MOCK_TIME * 1000, 8);
	add_number(&list, 0, 2);
	add_number(&list, 0x0403, 2);
	add_number(&list, signature.len, 2);
	add(&list, signature.data, signature.len);
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

static void add_issuer(X509 *x)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.57264.1.8", 1);
	ASN1_UTF8STRING *text = ASN1_UTF8STRING_new();
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;
	unsigned char *der = NULL;
	int len;

	ASN1_STRING_set(text, MOCK_ISSUER, -1);
	len = i2d_ASN1_UTF8STRING(text, &der);
	ASN1_OCTET_STRING_set(value, der, len);
	extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
	ck_assert_int_eq(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_UTF8STRING_free(text);
	ASN1_OBJECT_free(oid);
	OPENSSL_free(der);
}

static struct buf leaf_for(struct mock *m, const struct mock_wish *w)
{
	const struct authority *ca = w->other_ca ? &m->other_ca : &m->ca;
	int64_t from = w->from != 0 ? w->from : MOCK_TIME;
	X509 *x = new_certificate(NULL, m->signer, ca->certificate, from, w->to != 0 ? w->to : from + 10 * MINUTES);
	struct buf out = { .max = BIG };
	unsigned char *der = NULL;
	int len;

	if (w->is_ca)
		add_extension(x, ca->certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(x, ca->certificate, NID_key_usage, "critical,digitalSignature");
	add_extension(x, ca->certificate, NID_ext_key_usage, w->no_code_signing ? "serverAuth" : "codeSigning");
	add_extension(x, ca->certificate, NID_subject_alt_name, "critical,email:" MOCK_IDENTITY);
	if (!w->no_issuer)
		add_issuer(x);
	ck_assert_int_gt(X509_sign(x, ca->key, EVP_sha256()), 0);
	if (!w->no_sct)
		add_sct(m, x, ca, w->false_sct);
	ck_assert_int_gt(X509_sign(x, ca->key, EVP_sha256()), 0);
	len = i2d_X509(x, &der);
	add(&out, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	return out;
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

	sha256(bytes->data, bytes->len, hash);
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

static struct buf timestamp_of(const struct authority *tsa, const struct buf *bytes, int64_t time, bool embedded)
{
	TS_RESP_CTX *context = TS_RESP_CTX_new();
	TS_REQ *request = request_for(bytes, embedded);
	ASN1_OBJECT *policy = OBJ_txt2obj("1.3.6.1.4.1.57264.2", 1);
	BIO *bio = BIO_new(BIO_s_mem());
	struct buf out = { .max = BIG };
	unsigned char *der = NULL;
	TS_RESP *response;
	int len;

	ck_assert_int_eq(TS_RESP_CTX_set_signer_cert(context, tsa->certificate), 1);
	ck_assert_int_eq(TS_RESP_CTX_set_signer_key(context, tsa->key), 1);
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
	add(&out, der, (size_t)len);
	OPENSSL_free(der);
	TS_RESP_free(response);
	TS_REQ_free(request);
	TS_RESP_CTX_free(context);
	ASN1_OBJECT_free(policy);
	BIO_free(bio);
	return out;
}

/* ---- what is signed ---- */

/* Everything that a bundle is made of. */
struct parts {
	const struct mock_wish *wish;
	struct buf leaf, payload, signature, timestamp, body, set, log_id;
	const char *payload_type;
	EVP_PKEY *log;
	bool is_v2;
};

static void parts_release(struct parts *p)
{
	buf_release(&p->leaf);
	buf_release(&p->payload);
	buf_release(&p->signature);
	buf_release(&p->timestamp);
	buf_release(&p->body);
	buf_release(&p->set);
	buf_release(&p->log_id);
}

static const char *artifact_of(const struct mock_wish *wish)
{
	return wish->artifact != NULL ? wish->artifact : MOCK_ARTIFACT;
}

static void hex_of(const void *bytes, size_t len, char out[65])
{
	unsigned char hash[32];

	sha256(bytes, len, hash);
	hex_encode(out, hash, sizeof(hash));
}

static void sign_content(struct mock *m, struct parts *p)
{
	CLEANUP(buf_release) struct buf pae = { .max = BIG };
	char hex[65];

	if (!p->wish->statement) {
		p->signature = sign(m->signer, artifact_of(p->wish), strlen(artifact_of(p->wish)));
		return;
	}
	hex_of(artifact_of(p->wish), strlen(artifact_of(p->wish)), hex);
	p->payload_type = p->wish->payload_type != NULL ? p->wish->payload_type : "application/vnd.in-toto+json";
	buf_init(&p->payload, BIG);
	put(&p->payload,
	    "{\"_type\":\"https://in-toto.io/Statement/"
	    "v1\",\"subject\":[{\"name\":\"other\",\"digest\":{\"sha256\":\"00\"}},"
	    "{\"name\":\"a\",\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":\"https://acme.example/p\","
	    "\"predicate\":{\"a\":1}}",
	    p->wish->subject_hex != NULL ? p->wish->subject_hex : hex);
	put(&pae, "DSSEv1 %zu %s %zu %s", strlen(p->payload_type), p->payload_type, p->payload.len, p->payload.data);
	p->signature = sign(m->signer, pae.data, pae.len);
}

/* The verifier in PEM, in base64. */
static char *pem64(struct mock *m, const struct parts *p)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const unsigned char *at = (const unsigned char *)p->leaf.data;
	X509 *x = p->leaf.len > 0 ? d2i_X509(NULL, &at, (long)p->leaf.len) : NULL;
	char *text = NULL, *out;
	long len;

	ck_assert_int_eq(x != NULL ? PEM_write_bio_X509(bio, x) : PEM_write_bio_PUBKEY(bio, m->signer), 1);
	len = BIO_get_mem_data(bio, &text);
	out = base64(text, (size_t)len);
	BIO_free(bio);
	X509_free(x);
	return out;
}

static char *verifier2(struct mock *m, const struct parts *p)
{
	CLEANUP(buf_release) struct buf key = spki(m->signer);
	CLEANUP(free_ptr) char *der = p->leaf.len > 0 ? base64(p->leaf.data, p->leaf.len) : base64(key.data, key.len);
	char *out = NULL;

	ck_assert_int_eq(str_format(&out, NULL,
				    "{\"keyDetails\":\"PKIX_ECDSA_P256_SHA_256\",\"%s\":{\"rawBytes\":\"%s\"}}",
				    p->leaf.len > 0 ? "x509Certificate" : "publicKey", der),
			 ERR_OK);
	return out;
}

static void write_body(struct mock *m, struct parts *p, const char *kind)
{
	CLEANUP(free_ptr) char *verifier = pem64(m, p);
	CLEANUP(free_ptr) char *v2 = verifier2(m, p);
	CLEANUP(free_ptr) char *signature = base64(p->signature.data, p->signature.len);
	CLEANUP(free_ptr) char *twice = base64(signature, strlen(signature));
	CLEANUP(buf_release) struct buf digest = { .max = BIG };
	CLEANUP(buf_release) struct buf pae = { .max = BIG };
	const char *content = p->wish->other_body ? "another" : artifact_of(p->wish);
	const void *payload = p->wish->other_body ? "another" : p->payload.data;
	size_t payload_len = p->wish->other_body ? 7 : p->payload.len;
	unsigned char hash[32];
	char hex[65], payload_hex[65];

	hex_of(content, strlen(content), hex);
	hex_of(payload_len > 0 ? payload : "", payload_len, payload_hex);
	buf_init(&p->body, BIG);
	if (strcmp(kind, "hashedrekord 0.0.1") == 0)
		put(&p->body,
		    "{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\",\"spec\":{\"data\":{\"hash\":{\"algorithm\":"
		    "\"sha256\","
		    "\"value\":\"%s\"}},\"signature\":{\"content\":\"%s\",\"publicKey\":{\"content\":\"%s\"}}}}",
		    hex, signature, verifier);
	else if (strcmp(kind, "dsse 0.0.1") == 0)
		put(&p->body,
		    "{\"apiVersion\":\"0.0.1\",\"kind\":\"dsse\",\"spec\":{\"envelopeHash\":{\"algorithm\":\"sha256\","
		    "\"value\":"
		    "\"00\"},\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"%s\"},\"signatures\":[{"
		    "\"signature\":\"%s\","
		    "\"verifier\":\"%s\"}]}}",
		    payload_hex, signature, verifier);
	else if (strcmp(kind, "intoto 0.0.2") == 0)
		put(&p->body,
		    "{\"apiVersion\":\"0.0.2\",\"kind\":\"intoto\",\"spec\":{\"content\":{\"envelope\":{"
		    "\"payloadType\":\"%s\","
		    "\"signatures\":[{\"publicKey\":\"%s\",\"sig\":\"%s\"}]},\"payloadHash\":{\"algorithm\":\"sha256\","
		    "\"value\":"
		    "\"%s\"}}}}",
		    p->payload_type, verifier, twice, payload_hex);
	else if (strcmp(kind, "dsse 0.0.2") == 0) {
		sha256(payload, payload_len, hash);
		put_base64(&digest, hash, 32);
		put(&p->body,
		    "{\"apiVersion\":\"0.0.2\",\"kind\":\"dsse\",\"spec\":{\"dsseV002\":{\"payloadHash\":{"
		    "\"algorithm\":"
		    "\"SHA2_256\",\"digest\":\"%s\"},\"signatures\":[{\"content\":\"%s\",\"verifier\":%s}]}}}",
		    digest.data, signature, v2);
	} else {
		if (p->payload.len > 0 && !p->wish->other_body)
			put(&pae, "DSSEv1 %zu %s %zu %s", strlen(p->payload_type), p->payload_type, p->payload.len,
			    p->payload.data);
		else
			put(&pae, "%s", content);
		sha256(pae.data, pae.len, hash);
		put_base64(&digest, hash, 32);
		put(&p->body,
		    "{\"apiVersion\":\"0.0.2\",\"kind\":\"hashedrekord\",\"spec\":{\"hashedRekordV002\":{\"data\":{"
		    "\"algorithm\":"
		    "\"SHA2_256\",\"digest\":\"%s\"},\"signature\":{\"content\":\"%s\",\"verifier\":%s}}}}",
		    digest.data, signature, v2);
	}
}

/* ---- the log ---- */

static void log_id_of(EVP_PKEY *log, unsigned char out[32])
{
	CLEANUP(buf_release) struct buf text = { .max = BIG };
	CLEANUP(buf_release) struct buf key = spki(log);
	unsigned char raw[32];
	size_t len = sizeof(raw);

	if (EVP_PKEY_get_base_id(log) == EVP_PKEY_ED25519) {
		ck_assert_int_eq(EVP_PKEY_get_raw_public_key(log, raw, &len), 1);
		put(&text, LOG_HOST "\n\x01");
		add(&text, raw, len);
		sha256(text.data, text.len, out);
	} else {
		sha256(key.data, key.len, out);
	}
}

static int64_t logged_at(const struct parts *p)
{
	return p->wish->logged_at != 0 ? p->wish->logged_at : MOCK_TIME;
}

static void promise(struct parts *p)
{
	CLEANUP(buf_release) struct buf text = { .max = BIG };
	char id[65];

	hex_encode(id, (const unsigned char *)p->log_id.data, 32);
	put(&text, "{\"body\":\"");
	put_base64(&text, p->body.data, p->body.len);
	put(&text, "\",\"integratedTime\":%lld,\"logID\":\"%s\",\"logIndex\":1001}", (long long)logged_at(p), id);
	p->set = sign(p->log, text.data, text.len);
}

/* Of two leaves the entry is the second. */
static void put_inclusion(struct buf *out, const struct parts *p)
{
	CLEANUP(buf_release) struct buf leaf = { .max = BIG };
	CLEANUP(buf_release) struct buf node = { .max = BIG };
	CLEANUP(buf_release) struct buf note = { .max = BIG };
	CLEANUP(buf_release) struct buf line = { .max = BIG };
	CLEANUP(buf_release) struct buf signature = { 0 };
	unsigned char first[32], second[32], root[32];
	CLEANUP(free_ptr) char *root64 = NULL;

	add(&leaf, "", 1);
	add(&leaf, p->body.data, p->body.len);
	sha256(leaf.data, leaf.len, second);
	sha256("first", 5, first);
	add(&node, "\x01", 1);
	add(&node, first, 32);
	add(&node, second, 32);
	sha256(node.data, node.len, root);
	root64 = base64(root, 32);
	put(&note, LOG_HOST "%s\n2\n%s\n", p->is_v2 ? "" : " - 42", root64);
	signature = sign(p->log, note.data, note.len);
	add(&line, p->log_id.data, 4);
	add(&line, signature.data, signature.len);
	put(out, "\"inclusionProof\":{\"logIndex\":\"1\",\"treeSize\":\"2\",\"rootHash\":\"%s\",\"hashes\":[\"",
	    root64);
	put_base64(out, first, 32);
	put(out, "\"],\"checkpoint\":{\"envelope\":\"" LOG_HOST "%s\\n2\\n%s\\n\\n\xe2\x80\x94 " LOG_HOST " ",
	    p->is_v2 ? "" : " - 42", root64);
	put_base64(out, line.data, line.len);
	put(out, "\\n\"}}");
}

static void put_entry(struct buf *out, const struct parts *p, const char *kind)
{
	const char *blank = strchr(kind, ' ');

	put(out, "{\"logIndex\":\"%d\",\"logId\":{\"keyId\":\"", p->is_v2 ? 1 : 1001);
	put_base64(out, p->log_id.data, 32);
	put(out, "\"},\"kindVersion\":{\"kind\":\"%.*s\",\"version\":\"%s\"},", (int)(blank - kind), kind, blank + 1);
	if (p->set.len > 0) {
		put(out, "\"integratedTime\":\"%lld\",\"inclusionPromise\":{\"signedEntryTimestamp\":\"",
		    (long long)logged_at(p));
		put_base64(out, p->set.data, p->set.len);
		put(out, "\"},");
	}
	put_inclusion(out, p);
	put(out, ",\"canonicalizedBody\":\"");
	put_base64(out, p->body.data, p->body.len);
	put(out, "\"}");
}

static const char *kind_of(const struct mock_wish *w)
{
	return w->kind != NULL ? w->kind : w->statement ? "dsse 0.0.1" : "hashedrekord 0.0.1";
}

static struct parts make_parts(struct mock *m, const struct mock_wish *w)
{
	struct parts p = { .wish = w };
	const char *kind = kind_of(w);
	unsigned char id[32];

	p.is_v2 = strcmp(kind, "hashedrekord 0.0.2") == 0 || strcmp(kind, "dsse 0.0.2") == 0;
	p.log = w->other_log ? m->other_log : p.is_v2 ? m->tlog2 : m->tlog1;
	if (!w->keyed)
		p.leaf = leaf_for(m, w);
	sign_content(m, &p);
	if (w->timestamp || w->other_timestamp)
		p.timestamp = timestamp_of(w->other_timestamp ? &m->other_tsa : &m->tsa, &p.signature,
					   w->timestamp_at != 0 ? w->timestamp_at : MOCK_TIME, w->embedded);
	if (*kind == '\0')
		return p;
	log_id_of(p.log, id);
	buf_init(&p.log_id, BIG);
	add(&p.log_id, id, 32);
	write_body(m, &p, kind);
	if (!p.is_v2 && !w->no_promise)
		promise(&p);
	return p;
}

static void put_timestamps(struct buf *out, const struct parts *p)
{
	int i;

	if (p->timestamp.len == 0)
		return;
	put(out, ",\"timestampVerificationData\":{\"rfc3161Timestamps\":[");
	for (i = 0; i < (p->wish->timestamp_twice ? 2 : 1); i++) {
		put(out, "%s{\"signedTimestamp\":\"", i > 0 ? "," : "");
		put_base64(out, p->timestamp.data, p->timestamp.len);
		put(out, "\"}");
	}
	put(out, "]}");
}

static void put_content(struct buf *out, const struct parts *p)
{
	CLEANUP(free_ptr) char *signature = base64(p->signature.data, p->signature.len);
	unsigned char hash[32];

	if (p->wish->statement) {
		put(out, "\"dsseEnvelope\":{\"payload\":\"");
		put_base64(out, p->payload.data, p->payload.len);
		put(out, "\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%s\"}", p->payload_type, signature);
		if (p->wish->two_signatures)
			put(out, ",{\"sig\":\"%s\"}", signature);
		put(out, "]}");
		return;
	}
	put(out, "\"messageSignature\":{");
	if (!p->wish->no_message_digest) {
		sha256(artifact_of(p->wish), strlen(artifact_of(p->wish)), hash);
		put(out, "\"messageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"");
		put_base64(out, hash, 32);
		put(out, "\"},");
	}
	put(out, "\"signature\":\"%s\"}", signature);
}

static void put_signer(struct buf *out, const struct parts *p, unsigned version)
{
	if (p->leaf.len == 0) {
		put(out, "\"publicKey\":{\"hint\":\"x\"}");
		return;
	}
	put(out, version < 3 ? "\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\""
			     : "\"certificate\":{\"rawBytes\":\"");
	put_base64(out, p->leaf.data, p->leaf.len);
	put(out, version < 3 ? "\"}]}" : "\"}");
}

char *mock_bundle(struct mock *m, const struct mock_wish *wish)
{
	CLEANUP(parts_release) struct parts p = make_parts(m, wish);
	unsigned version = wish->version != 0 ? wish->version : 3;
	struct buf out = { .max = BIG };

	put(&out, "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.%u\",\"verificationMaterial\":{",
	    version);
	put_signer(&out, &p, version);
	if (p.body.len > 0) {
		put(&out, ",\"tlogEntries\":[");
		put_entry(&out, &p, kind_of(wish));
		if (wish->entry_twice) {
			put(&out, ",");
			put_entry(&out, &p, kind_of(wish));
		}
		put(&out, "]");
	}
	put_timestamps(&out, &p);
	put(&out, "},");
	put_content(&out, &p);
	put(&out, "}");
	return out.data;
}

/* ---- the trusted root ---- */

static void put_window(struct buf *out, int64_t end)
{
	time_t time = (time_t)end;
	struct tm tm;
	char text[32];

	gmtime_r(&time, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put(out, "\"validFor\":{\"start\":\"2020-01-01T00:00:00.000Z\"");
	if (end != 0)
		put(out, ",\"end\":\"%s\"", text);
	put(out, "}");
}

static void put_log(struct buf *out, EVP_PKEY *key, int64_t end)
{
	CLEANUP(buf_release) struct buf der = spki(key);
	unsigned char id[32];

	log_id_of(key, id);
	put(out, "{\"baseUrl\":\"https://" LOG_HOST "\",\"publicKey\":{\"rawBytes\":\"");
	put_base64(out, der.data, der.len);
	put(out, "\",\"keyDetails\":\"%s\",",
	    EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? "PKIX_ED25519" : "PKIX_ECDSA_P256_SHA_256");
	put_window(out, end);
	put(out, "},\"logId\":{\"keyId\":\"");
	put_base64(out, id, 32);
	put(out, "\"}}");
}

static void put_certificate(struct buf *out, X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	put(out, "{\"rawBytes\":\"");
	put_base64(out, der, (size_t)len);
	put(out, "\"}");
	OPENSSL_free(der);
}

static void put_authority(struct buf *out, X509 *first, X509 *second, int64_t end)
{
	put(out, "{\"uri\":\"https://acme.example\",\"certChain\":{\"certificates\":[");
	put_certificate(out, first);
	if (second != NULL) {
		put(out, ",");
		put_certificate(out, second);
	}
	put(out, "]},");
	put_window(out, end);
	put(out, "}");
}

char *mock_root(struct mock *m, const struct mock_root_wish *w)
{
	struct buf out = { .max = BIG };

	put(&out, "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\",\"tlogs\":[");
	if (w->strange_log)
		put(&out,
		    "{\"baseUrl\":\"https://strange.example\",\"publicKey\":{\"rawBytes\":\"AAAA\",\"keyDetails\":"
		    "\"ML_DSA_65\"},\"logId\":{\"keyId\":\"AAAA\"}}%s",
		    w->no_tlog ? "" : ",");
	if (!w->no_tlog) {
		put_log(&out, m->tlog1, w->tlog_end);
		put(&out, ",");
		put_log(&out, m->tlog2, w->tlog_end);
	}
	put(&out, "],\"ctlogs\":[");
	if (!w->no_ctlog)
		put_log(&out, m->ctlog, w->ctlog_end);
	put(&out, "],\"certificateAuthorities\":[");
	put_authority(&out, m->ca.certificate, NULL, w->ca_end);
	put(&out, "],\"timestampAuthorities\":[");
	if (!w->no_tsa)
		put_authority(&out, m->tsa.certificate, m->tsa_ca.certificate, w->tsa_end);
	put(&out, "]}");
	return out.data;
}

char *mock_public_key(struct mock *m)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *out;
	long len;

	ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, m->signer), 1);
	len = BIO_get_mem_data(bio, &text);
	out = strndup(text, (size_t)len);
	BIO_free(bio);
	return out;
}

/* ---- cosign's annotations ---- */

static char *pem_of(const struct buf *leaf)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *out;
	long len;

	ck_assert_int_eq(PEM_write_bio(bio, PEM_STRING_X509, "", (unsigned char *)leaf->data, (long)leaf->len) > 0, 1);
	len = BIO_get_mem_data(bio, &text);
	out = strndup(text, (size_t)len);
	BIO_free(bio);
	return out;
}

struct mock_legacy mock_legacy(struct mock *m, const struct mock_wish *wish)
{
	CLEANUP(parts_release) struct parts p = make_parts(m, wish);
	CLEANUP(buf_release) struct buf rekor = { .max = BIG };
	CLEANUP(buf_release) struct buf timestamp = { .max = BIG };
	CLEANUP(buf_release) struct buf layer = { .max = BIG };
	struct mock_legacy l = { 0 };
	char id[65];

	if (wish->statement) {
		put(&layer, "{");
		put_content(&layer, &p);
		put(&layer, "}");
		/* the envelope alone */
		l.layer = strdup(layer.data + strlen("{\"dsseEnvelope\":"));
		l.layer[strlen(l.layer) - 1] = '\0';
	} else {
		l.layer = strdup(artifact_of(wish));
		l.signature = base64(p.signature.data, p.signature.len);
	}
	if (p.leaf.len > 0)
		l.certificate = pem_of(&p.leaf);
	if (p.set.len > 0) {
		hex_encode(id, (const unsigned char *)p.log_id.data, 32);
		put(&rekor, "{\"SignedEntryTimestamp\":\"");
		put_base64(&rekor, p.set.data, p.set.len);
		put(&rekor, "\",\"Payload\":{\"body\":\"");
		put_base64(&rekor, p.body.data, p.body.len);
		put(&rekor, "\",\"integratedTime\":%lld,\"logIndex\":1001,\"logID\":\"%s\"}}", (long long)logged_at(&p),
		    id);
		l.rekor = take_ptr(&rekor.data);
	}
	if (p.timestamp.len > 0) {
		put(&timestamp, "{\"SignedRFC3161Timestamp\":\"");
		put_base64(&timestamp, p.timestamp.data, p.timestamp.len);
		put(&timestamp, "\"}");
		l.timestamp = take_ptr(&timestamp.data);
	}
	return l;
}

void mock_legacy_release(struct mock_legacy *l)
{
	free(l->layer);
	free(l->signature);
	free(l->certificate);
	free(l->chain);
	free(l->rekor);
	free(l->timestamp);
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
	CLEANUP(buf_release) struct buf der = spki(key);

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
