#include "tests/lib/sigstore_mock.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/hex.h"
#include "common/mem.h"
#include "tests/lib/sigstore_mock_private.h"

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

	mock_sha256(bytes, len, hash);
	hex_encode(out, hash, sizeof(hash));
}

static void sign_content(struct mock *m, struct parts *p)
{
	CLEANUP(buf_release) struct buf pae = { .max = BIG };
	char hex[65];

	if (!p->wish->statement) {
		p->signature = mock_signature(m->signer, artifact_of(p->wish), strlen(artifact_of(p->wish)));
		return;
	}
	hex_of(artifact_of(p->wish), strlen(artifact_of(p->wish)), hex);
	p->payload_type = p->wish->payload_type != NULL ? p->wish->payload_type : "application/vnd.in-toto+json";
	buf_init(&p->payload, BIG);
	mock_put(&p->payload,
		 "{\"_type\":\"https://in-toto.io/Statement/"
		 "v1\",\"subject\":[{\"name\":\"other\",\"digest\":{\"sha256\":\"00\"}},"
		 "{\"name\":\"a\",\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":\"https://acme.example/p\","
		 "\"predicate\":{\"a\":1}}",
		 p->wish->subject_hex != NULL ? p->wish->subject_hex : hex);
	mock_put(&pae, "DSSEv1 %zu %s %zu %s", strlen(p->payload_type), p->payload_type, p->payload.len,
		 p->payload.data);
	p->signature = mock_signature(m->signer, pae.data, pae.len);
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
	out = mock_base64(text, (size_t)len);
	BIO_free(bio);
	X509_free(x);
	return out;
}

static char *verifier2(struct mock *m, const struct parts *p)
{
	CLEANUP(buf_release) struct buf key = mock_spki(m->signer);
	CLEANUP(free_ptr)
	char *der = p->leaf.len > 0 ? mock_base64(p->leaf.data, p->leaf.len) : mock_base64(key.data, key.len);
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
	CLEANUP(free_ptr) char *signature = mock_base64(p->signature.data, p->signature.len);
	CLEANUP(free_ptr) char *twice = mock_base64(signature, strlen(signature));
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
		mock_put(&p->body,
			 "{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\",\"spec\":{\"data\":{\"hash\":{"
			 "\"algorithm\":"
			 "\"sha256\","
			 "\"value\":\"%s\"}},\"signature\":{\"content\":\"%s\",\"publicKey\":{\"content\":\"%s\"}}}}",
			 hex, signature, verifier);
	else if (strcmp(kind, "dsse 0.0.1") == 0)
		mock_put(&p->body,
			 "{\"apiVersion\":\"0.0.1\",\"kind\":\"dsse\",\"spec\":{\"envelopeHash\":{\"algorithm\":"
			 "\"sha256\","
			 "\"value\":"
			 "\"00\"},\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"%s\"},\"signatures\":[{"
			 "\"signature\":\"%s\","
			 "\"verifier\":\"%s\"}]}}",
			 payload_hex, signature, verifier);
	else if (strcmp(kind, "intoto 0.0.2") == 0)
		mock_put(&p->body,
			 "{\"apiVersion\":\"0.0.2\",\"kind\":\"intoto\",\"spec\":{\"content\":{\"envelope\":{"
			 "\"payloadType\":\"%s\","
			 "\"signatures\":[{\"publicKey\":\"%s\",\"sig\":\"%s\"}]},\"payloadHash\":{\"algorithm\":"
			 "\"sha256\","
			 "\"value\":"
			 "\"%s\"}}}}",
			 p->payload_type, verifier, twice, payload_hex);
	else if (strcmp(kind, "dsse 0.0.2") == 0) {
		mock_sha256(payload, payload_len, hash);
		mock_put_base64(&digest, hash, 32);
		mock_put(&p->body,
			 "{\"apiVersion\":\"0.0.2\",\"kind\":\"dsse\",\"spec\":{\"dsseV002\":{\"payloadHash\":{"
			 "\"algorithm\":"
			 "\"SHA2_256\",\"digest\":\"%s\"},\"signatures\":[{\"content\":\"%s\",\"verifier\":%s}]}}}",
			 digest.data, signature, v2);
	} else {
		if (p->payload.len > 0 && !p->wish->other_body)
			mock_put(&pae, "DSSEv1 %zu %s %zu %s", strlen(p->payload_type), p->payload_type, p->payload.len,
				 p->payload.data);
		else
			mock_put(&pae, "%s", content);
		mock_sha256(pae.data, pae.len, hash);
		mock_put_base64(&digest, hash, 32);
		mock_put(
			&p->body,
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
	CLEANUP(buf_release) struct buf key = mock_spki(log);
	unsigned char raw[32];
	size_t len = sizeof(raw);

	if (EVP_PKEY_get_base_id(log) == EVP_PKEY_ED25519) {
		ck_assert_int_eq(EVP_PKEY_get_raw_public_key(log, raw, &len), 1);
		mock_put(&text, LOG_HOST "\n\x01");
		mock_add(&text, raw, len);
		mock_sha256(text.data, text.len, out);
	} else {
		mock_sha256(key.data, key.len, out);
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
	mock_put(&text, "{\"body\":\"");
	mock_put_base64(&text, p->body.data, p->body.len);
	mock_put(&text, "\",\"integratedTime\":%lld,\"logID\":\"%s\",\"logIndex\":1001}", (long long)logged_at(p), id);
	p->set = mock_signature(p->log, text.data, text.len);
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

	mock_add(&leaf, "", 1);
	mock_add(&leaf, p->body.data, p->body.len);
	mock_sha256(leaf.data, leaf.len, second);
	mock_sha256("first", 5, first);
	mock_add(&node, "\x01", 1);
	mock_add(&node, first, 32);
	mock_add(&node, second, 32);
	mock_sha256(node.data, node.len, root);
	root64 = mock_base64(root, 32);
	mock_put(&note, LOG_HOST "%s\n2\n%s\n", p->is_v2 ? "" : " - 42", root64);
	signature = mock_signature(p->log, note.data, note.len);
	mock_add(&line, p->log_id.data, 4);
	mock_add(&line, signature.data, signature.len);
	mock_put(out, "\"inclusionProof\":{\"logIndex\":\"1\",\"treeSize\":\"2\",\"rootHash\":\"%s\",\"hashes\":[\"",
		 root64);
	mock_put_base64(out, first, 32);
	mock_put(out, "\"],\"checkpoint\":{\"envelope\":\"" LOG_HOST "%s\\n2\\n%s\\n\\n\xe2\x80\x94 " LOG_HOST " ",
		 p->is_v2 ? "" : " - 42", root64);
	mock_put_base64(out, line.data, line.len);
	mock_put(out, "\\n\"}}");
}

static void put_entry(struct buf *out, const struct parts *p, const char *kind)
{
	const char *blank = strchr(kind, ' ');

	mock_put(out, "{\"logIndex\":\"%d\",\"logId\":{\"keyId\":\"", p->is_v2 ? 1 : 1001);
	mock_put_base64(out, p->log_id.data, 32);
	mock_put(out, "\"},\"kindVersion\":{\"kind\":\"%.*s\",\"version\":\"%s\"},", (int)(blank - kind), kind,
		 blank + 1);
	if (p->set.len > 0) {
		mock_put(out, "\"integratedTime\":\"%lld\",\"inclusionPromise\":{\"signedEntryTimestamp\":\"",
			 (long long)logged_at(p));
		mock_put_base64(out, p->set.data, p->set.len);
		mock_put(out, "\"},");
	}
	put_inclusion(out, p);
	mock_put(out, ",\"canonicalizedBody\":\"");
	mock_put_base64(out, p->body.data, p->body.len);
	mock_put(out, "\"}");
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
		p.leaf = mock_leaf(m, w);
	sign_content(m, &p);
	if (w->timestamp || w->other_timestamp || w->far_timestamp)
		p.timestamp =
			mock_timestamp(w->other_timestamp ? &m->other_tsa
				       : w->far_timestamp ? &m->far_tsa
							  : &m->tsa,
				       &p.signature, w->timestamp_at != 0 ? w->timestamp_at : MOCK_TIME, w->embedded);
	if (*kind == '\0')
		return p;
	log_id_of(p.log, id);
	buf_init(&p.log_id, BIG);
	mock_add(&p.log_id, id, 32);
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
	mock_put(out, ",\"timestampVerificationData\":{\"rfc3161Timestamps\":[");
	for (i = 0; i < (p->wish->timestamp_twice ? 2 : 1); i++) {
		mock_put(out, "%s{\"signedTimestamp\":\"", i > 0 ? "," : "");
		mock_put_base64(out, p->timestamp.data, p->timestamp.len);
		mock_put(out, "\"}");
	}
	mock_put(out, "]}");
}

static void put_content(struct buf *out, const struct parts *p)
{
	CLEANUP(free_ptr) char *signature = mock_base64(p->signature.data, p->signature.len);
	enum trust_hash which = p->wish->sha512_message_digest ? TRUST_SHA512 : TRUST_SHA256;
	unsigned char hash[TRUST_HASH_MAX];

	if (p->wish->statement) {
		mock_put(out, "\"dsseEnvelope\":{\"payload\":\"");
		mock_put_base64(out, p->payload.data, p->payload.len);
		mock_put(out, "\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%s\"}", p->payload_type, signature);
		if (p->wish->two_signatures)
			mock_put(out, ",{\"sig\":\"%s\"}", signature);
		mock_put(out, "]}");
		return;
	}
	mock_put(out, "\"messageSignature\":{");
	if (!p->wish->no_message_digest) {
		ck_assert_int_eq(trust_hash_of(which, artifact_of(p->wish), strlen(artifact_of(p->wish)), hash, NULL),
				 ERR_OK);
		mock_put(out, "\"messageDigest\":{\"algorithm\":\"%s\",\"digest\":\"",
			 which == TRUST_SHA512 ? "SHA2_512" : "SHA2_256");
		mock_put_base64(out, hash, trust_hash_bytes(which));
		mock_put(out, "\"},");
	}
	mock_put(out, "\"signature\":\"%s\"}", signature);
}

static void put_certificate(struct buf *out, X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	mock_put(out, "{\"rawBytes\":\"");
	mock_put_base64(out, der, (size_t)len);
	mock_put(out, "\"}");
	OPENSSL_free(der);
}

static void put_signer(struct buf *out, const struct mock *m, const struct parts *p, unsigned version)
{
	if (p->leaf.len == 0) {
		mock_put(out, "\"publicKey\":{\"hint\":\"x\"}");
		return;
	}
	mock_put(out, version < 3 ? "\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\""
				  : "\"certificate\":{\"rawBytes\":\"");
	mock_put_base64(out, p->leaf.data, p->leaf.len);
	mock_put(out, "\"}");
	if (version < 3 && (p->wish->by_between || p->wish->by_tls)) {
		mock_put(out, ",");
		put_certificate(out, mock_issuer(m, p->wish)->certificate);
	}
	mock_put(out, version < 3 ? "]}" : "");
}

char *mock_bundle(struct mock *m, const struct mock_wish *wish)
{
	CLEANUP(parts_release) struct parts p = make_parts(m, wish);
	unsigned version = wish->version != 0 ? wish->version : 3;
	struct buf out = { .max = BIG };

	mock_put(&out,
		 "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.%u\",\"verificationMaterial\":{",
		 version);
	put_signer(&out, m, &p, version);
	if (p.body.len > 0) {
		mock_put(&out, ",\"tlogEntries\":[");
		put_entry(&out, &p, kind_of(wish));
		if (wish->entry_twice) {
			mock_put(&out, ",");
			put_entry(&out, &p, kind_of(wish));
		}
		if (wish->strange_entry) {
			mock_put(&out, ",");
			p.log_id.data[0] = (char)(p.log_id.data[0] ^ 1);
			put_entry(&out, &p, kind_of(wish));
		}
		mock_put(&out, "]");
	}
	put_timestamps(&out, &p);
	mock_put(&out, "},");
	put_content(&out, &p);
	mock_put(&out, "}");
	return out.data;
}

/* ---- the trusted root ---- */

/* instead: what stands there in its place; NULL: the usual one. */
static void put_window(struct buf *out, int64_t end, const char *instead)
{
	time_t time = (time_t)end;
	struct tm tm;
	char text[32];

	if (instead != NULL) {
		mock_put(out, "%s", instead);
		return;
	}
	gmtime_r(&time, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	mock_put(out, "\"validFor\":{\"start\":\"2020-01-01T00:00:00.000Z\"");
	if (end != 0)
		mock_put(out, ",\"end\":\"%s\"", text);
	mock_put(out, "}");
}

static void put_log(struct buf *out, EVP_PKEY *key, int64_t end, const char *window)
{
	CLEANUP(buf_release) struct buf der = mock_spki(key);
	unsigned char id[32];

	log_id_of(key, id);
	mock_put(out, "{\"baseUrl\":\"https://" LOG_HOST "\",\"publicKey\":{\"rawBytes\":\"");
	mock_put_base64(out, der.data, der.len);
	mock_put(out, "\",\"keyDetails\":\"%s\",",
		 EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? "PKIX_ED25519" : "PKIX_ECDSA_P256_SHA_256");
	put_window(out, end, window);
	mock_put(out, "},\"logId\":{\"keyId\":\"");
	mock_put_base64(out, id, 32);
	mock_put(out, "\"}}");
}

static void put_authority(struct buf *out, X509 *first, X509 *second, int64_t end, const char *window)
{
	mock_put(out, "{\"uri\":\"https://acme.example\",\"certChain\":{\"certificates\":[");
	put_certificate(out, first);
	if (second != NULL) {
		mock_put(out, ",");
		put_certificate(out, second);
	}
	mock_put(out, "]},");
	put_window(out, end, window);
	mock_put(out, "}");
}

static void put_between(struct buf *out, const struct mock *m, const struct mock_root_wish *w)
{
	X509 *above = mock_limited(&m->ca, &m->ca, &w->above);
	X509 *between = mock_limited(&m->ca_between, &m->ca, &w->between);

	put_authority(out, between, above, w->ca_end, w->authority_window);
	X509_free(between);
	X509_free(above);
}

char *mock_root(struct mock *m, const struct mock_root_wish *w)
{
	struct buf out = { .max = BIG };

	mock_put(&out, "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\",\"tlogs\":[");
	if (w->strange_log)
		mock_put(&out,
			 "{\"baseUrl\":\"https://strange.example\",\"publicKey\":{\"rawBytes\":\"AAAA\",\"keyDetails\":"
			 "\"ML_DSA_65\",\"validFor\":{\"start\":\"2020-01-01T00:00:00Z\"}},\"logId\":{\"keyId\":"
			 "\"AAAA\"}}%s",
			 w->no_tlog ? "" : ",");
	if (!w->no_tlog) {
		put_log(&out, m->tlog1, w->tlog_end, w->log_window);
		mock_put(&out, ",");
		put_log(&out, m->tlog2, w->tlog_end, w->log_window);
	}
	mock_put(&out, "],\"ctlogs\":[");
	if (!w->no_ctlog)
		put_log(&out, m->ctlog, w->ctlog_end, w->ctlog_window);
	mock_put(&out, "],\"certificateAuthorities\":[");
	if (w->reversed)
		put_authority(&out, m->ca.certificate, m->ca_between.certificate, w->ca_end, w->authority_window);
	else if (w->names_between)
		put_between(&out, m, w);
	else
		put_authority(&out, m->ca.certificate, NULL, w->ca_end, w->authority_window);
	mock_put(&out, "],\"timestampAuthorities\":[");
	if (w->tsa_root_only)
		put_authority(&out, m->tsa_ca.certificate, NULL, w->tsa_end, w->authority_window);
	else if (w->tsa_reversed)
		put_authority(&out, m->tsa_ca.certificate, m->tsa.certificate, w->tsa_end, w->authority_window);
	else if (!w->no_tsa)
		put_authority(&out, m->tsa.certificate, m->tsa_ca.certificate, w->tsa_end, w->authority_window);
	mock_put(&out, "]}");
	return out.data;
}

/* What was written, for the caller to free; the BIO is done with. */
static char *text_of(BIO *bio)
{
	char *text = NULL, *out;
	long len = BIO_get_mem_data(bio, &text);

	out = malloc((size_t)len + 1);
	ck_assert_ptr_nonnull(out);
	memcpy(out, text, (size_t)len);
	out[len] = '\0';
	BIO_free(bio);
	return out;
}

char *mock_public_key(struct mock *m)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, m->signer), 1);
	return text_of(bio);
}

/* ---- cosign's annotations ---- */

static char *pem_of(const struct buf *leaf)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert_int_eq(PEM_write_bio(bio, PEM_STRING_X509, "", (unsigned char *)leaf->data, (long)leaf->len) > 0, 1);
	return text_of(bio);
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
		mock_put(&layer, "{");
		put_content(&layer, &p);
		mock_put(&layer, "}");
		/* the envelope alone */
		l.layer = strdup(layer.data + strlen("{\"dsseEnvelope\":"));
		l.layer[strlen(l.layer) - 1] = '\0';
	} else {
		l.layer = strdup(artifact_of(wish));
		l.signature = mock_base64(p.signature.data, p.signature.len);
	}
	if (p.leaf.len > 0)
		l.certificate = pem_of(&p.leaf);
	if (p.set.len > 0) {
		hex_encode(id, (const unsigned char *)p.log_id.data, 32);
		mock_put(&rekor, "{\"SignedEntryTimestamp\":\"");
		mock_put_base64(&rekor, p.set.data, p.set.len);
		mock_put(&rekor, "\",\"Payload\":{\"body\":\"");
		mock_put_base64(&rekor, p.body.data, p.body.len);
		mock_put(&rekor, "\",\"integratedTime\":%lld,\"logIndex\":1001,\"logID\":\"%s\"}}",
			 (long long)logged_at(&p), id);
		l.rekor = take_ptr(&rekor.data);
	}
	if (p.timestamp.len > 0) {
		mock_put(&timestamp, "{\"SignedRFC3161Timestamp\":\"");
		mock_put_base64(&timestamp, p.timestamp.data, p.timestamp.len);
		mock_put(&timestamp, "\"}");
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
