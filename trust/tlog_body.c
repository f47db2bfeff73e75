#include "trust/tlog_body.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "common/base64.h"
#include "common/hex.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/certificate.h"
#include "trust/protojson.h"

#define PEM_LINE 64

static enum err_code other(const char *what, struct err *err)
{
	return err_set(err, ERR_UNPROVED, "the log entry is about another %s", what);
}

static bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(buf_text(a), buf_text(b), a->len) == 0;
}

/* Of one that stands beside a signature by a key the log has the key: it must be that which signed. */
static enum err_code match_beside(const struct tlog_subject *s, struct err *err)
{
	CLEANUP(certificate_release) struct certificate c = { 0 };
	const struct buf *leaf = s->bundle->certificates;
	enum err_code code = certificate_read(leaf->data, leaf->len, &c, err);

	if (code == ERR_OK && !trust_key_equal(c.key, s->key))
		code = other("key", err);
	return code;
}

static enum err_code match_certificate(const void *der, size_t len, const struct tlog_subject *s, struct err *err)
{
	const struct buf *leaf = s->bundle->certificates;

	if (s->bundle->certificates_len == 0 || leaf->len != len || memcmp(leaf->data, der, len) != 0)
		return other("certificate", err);
	return s->is_keyless ? ERR_OK : match_beside(s, err);
}

static enum err_code match_key(const void *der, size_t len, const char *details, const struct tlog_subject *s,
			       struct err *err)
{
	CLEANUP(trust_key_free_ptr) struct trust_key *key = NULL;
	enum err_code code = trust_key_of_der(der, len, details, "log entry", &key, err);

	if (code == ERR_OK && (s->is_keyless || !trust_key_equal(key, s->key)))
		code = other("key", err);
	return code;
}

/* Is it the signature's certificate, letter for letter as all tools write it?  Then it need not be decoded. */
static enum err_code is_usual_pem(const struct buf *pem, const struct tlog_subject *s, bool *ret_is, struct err *err)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n", end[] = "-----END CERTIFICATE-----\n";
	CLEANUP(buf_release) struct buf base64 = { .max = LIMIT_CERTIFICATE_BYTES * 2 };
	const struct buf *leaf = s->bundle->certificates;
	const char *at = buf_text(pem), *line;
	size_t len;
	enum err_code code = base64_encode(leaf->data, leaf->len, &base64, err);

	*ret_is = false;
	if (code != ERR_OK || !text_starts(at, begin))
		return code;
	at += strlen(begin);
	for (line = buf_text(&base64); *line != '\0'; line += len) {
		len = strnlen(line, PEM_LINE);
		if (strncmp(at, line, len) != 0 || at[len] != '\n')
			return ERR_OK;
		at += len + 1;
	}
	*ret_is = strcmp(at, end) == 0;
	return ERR_OK;
}

static enum err_code match_decoded(const struct buf *pem, const char *member, const struct tlog_subject *s,
				   struct err *err)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;
	BIO *bio = BIO_new_mem_buf(buf_text(pem), (int)pem->len);
	enum err_code code;

	if (bio == NULL)
		return err_nomem(err);
	if (PEM_read_bio(bio, &name, &header, &der, &len) != 1)
		code = err_set(err, ERR_FORMAT, "%s is not PEM", member);
	else if (strcmp(name, PEM_STRING_X509) == 0)
		code = match_certificate(der, (size_t)len, s, err);
	else
		code = match_key(der, (size_t)len, NULL, s, err);
	BIO_free(bio);
	ERR_clear_error();
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return code;
}

/* A certificate or a public key in PEM, in base64. */
static enum err_code match_pem(const struct json_t *object, const char *member, const struct tlog_subject *s,
			       struct err *err)
{
	CLEANUP(buf_release) struct buf pem = { .max = LIMIT_CERTIFICATE_BYTES * 2 };
	bool is_usual = false;
	enum err_code code = protojson_bytes(object, member, &pem, err);

	if (code == ERR_OK && s->is_keyless)
		code = is_usual_pem(&pem, s, &is_usual, err);
	return code == ERR_OK && !is_usual ? match_decoded(&pem, member, s, err) : code;
}

/* Rekor v2's verifier. */
static enum err_code match_verifier(const struct json_t *verifier, const struct tlog_subject *s, struct err *err)
{
	CLEANUP(buf_release) struct buf der = { .max = LIMIT_CERTIFICATE_BYTES };
	const struct json_t *certificate = js_object(verifier, "x509Certificate");
	const struct json_t *key = js_object(verifier, "publicKey");
	enum err_code code = protojson_bytes(certificate != NULL ? certificate : key, "rawBytes", &der, err);

	if (code != ERR_OK)
		return err_add(err, "verifier");
	if (certificate != NULL)
		return match_certificate(buf_text(&der), der.len, s, err);
	return match_key(buf_text(&der), der.len, js_string(verifier, "keyDetails"), s, err);
}

/* A signature in base64, and that once more in base64, as Rekor keeps it in intoto. */
static enum err_code match_signature(const struct json_t *object, const char *member, bool maybe_twice,
				     const struct tlog_subject *s, struct err *err)
{
	CLEANUP(buf_release) struct buf once = { .max = (size_t)2 * LIMIT_SIGNATURE_BYTES };
	CLEANUP(buf_release) struct buf twice = { .max = LIMIT_SIGNATURE_BYTES };
	enum err_code code = protojson_bytes(object, member, &once, err);

	if (code != ERR_OK)
		return code;
	if (same_bytes(&once, &s->bundle->signature))
		return ERR_OK;
	if (maybe_twice && strlen(buf_text(&once)) == once.len &&
	    protojson_decode(buf_text(&once), &twice, NULL) == ERR_OK && same_bytes(&twice, &s->bundle->signature))
		return ERR_OK;
	return other("signature", err);
}

/* {"algorithm":"sha256","value":"hex"} of Rekor v1. */
static enum err_code match_hex(const struct json_t *hash, struct trust_artifact *a, const char *what, struct err *err)
{
	enum trust_hash which = trust_hash_named(js_string(hash, "algorithm"));
	const char *value = js_string(hash, "value");
	char hex[2 * TRUST_HASH_MAX + 1];
	const unsigned char *bytes = NULL;
	enum err_code code;

	if (which == TRUST_HASHES || value == NULL)
		return err_set(err, ERR_FORMAT, "a log entry without a hash of the %s that is known here", what);
	code = trust_artifact_hash(a, which, &bytes, err);
	if (code != ERR_OK)
		return code;
	hex_encode(hex, bytes, trust_hash_bytes(which));
	return strcmp(hex, value) == 0 ? ERR_OK : other(what, err);
}

/* {"algorithm":"SHA2_256","digest":"base64"} of Rekor v2. */
static enum err_code match_digest(const struct json_t *hash, struct trust_artifact *a, const char *what,
				  struct err *err)
{
	CLEANUP(buf_release) struct buf digest = { .max = TRUST_HASH_MAX };
	enum trust_hash which = trust_hash_named(js_string(hash, "algorithm"));
	const unsigned char *bytes = NULL;
	enum err_code code;

	if (which == TRUST_HASHES)
		return err_set(err, ERR_FORMAT, "a log entry without a hash of the %s that is known here", what);
	code = protojson_bytes(hash, "digest", &digest, err);
	if (code == ERR_OK)
		code = trust_artifact_hash(a, which, &bytes, err);
	if (code == ERR_OK && (digest.len != trust_hash_bytes(which) || memcmp(digest.data, bytes, digest.len) != 0))
		code = other(what, err);
	return code;
}

static enum err_code match_payload(const struct json_t *hash, bool is_hex, const struct tlog_subject *s,
				   struct err *err)
{
	const struct buf *payload = &s->bundle->payload;
	CLEANUP(trust_artifact_release)
	struct trust_artifact a = trust_artifact_of_bytes(buf_text(payload), payload->len, "payload");

	return is_hex ? match_hex(hash, &a, "payload", err) : match_digest(hash, &a, "payload", err);
}

/* The one item of a list. */
static enum err_code only_one(const struct json_t *list, const struct json_t **ret_item, struct err *err)
{
	if (js_len(list) != 1)
		return other("number of signatures", err);
	*ret_item = js_at(list, 0);
	return ERR_OK;
}

/* The log has seen the signature over the hash that the bundle names. */
static enum err_code match_algorithm(const struct json_t *hash, const struct tlog_subject *s, struct err *err)
{
	enum trust_hash which = trust_hash_named(js_string(hash, "algorithm"));

	if (s->bundle->message_hash == TRUST_HASHES || s->bundle->message_hash == which)
		return ERR_OK;
	return other("kind of digest", err);
}

static enum err_code check_hashedrekord1(const struct json_t *spec, const struct tlog_subject *s, struct err *err)
{
	const struct json_t *signature = js_object(spec, "signature");
	const struct json_t *hash = js_object(js_object(spec, "data"), "hash");
	enum err_code code;

	if (s->bundle->is_statement)
		return err_set(err, ERR_UNPROVED, "the log entry is about a message, and this is a statement");
	code = match_signature(signature, "content", false, s, err);
	if (code == ERR_OK)
		code = match_pem(js_object(signature, "publicKey"), "content", s, err);
	if (code == ERR_OK)
		code = match_algorithm(hash, s, err);
	return code == ERR_OK ? match_hex(hash, s->signed_bytes, "artifact", err) : code;
}

static enum err_code check_hashedrekord2(const struct json_t *spec, const struct tlog_subject *s, struct err *err)
{
	const struct json_t *record = js_object(spec, "hashedRekordV002");
	const struct json_t *signature = js_object(record, "signature");
	enum err_code code = match_signature(signature, "content", false, s, err);

	if (code == ERR_OK)
		code = match_verifier(js_object(signature, "verifier"), s, err);
	if (code == ERR_OK)
		code = match_algorithm(js_object(record, "data"), s, err);
	return code == ERR_OK ? match_digest(js_object(record, "data"), s->signed_bytes, "artifact", err) : code;
}

static enum err_code check_dsse1(const struct json_t *spec, const struct tlog_subject *s, struct err *err)
{
	const struct json_t *signature = NULL;
	enum err_code code = only_one(js_array(spec, "signatures"), &signature, err);

	if (code == ERR_OK)
		code = match_signature(signature, "signature", false, s, err);
	if (code == ERR_OK)
		code = match_pem(signature, "verifier", s, err);
	return code == ERR_OK ? match_payload(js_object(spec, "payloadHash"), true, s, err) : code;
}

static enum err_code check_dsse2(const struct json_t *spec, const struct tlog_subject *s, struct err *err)
{
	const struct json_t *record = js_object(spec, "dsseV002"), *signature = NULL;
	enum err_code code = only_one(js_array(record, "signatures"), &signature, err);

	if (code == ERR_OK)
		code = match_signature(signature, "content", false, s, err);
	if (code == ERR_OK)
		code = match_verifier(js_object(signature, "verifier"), s, err);
	return code == ERR_OK ? match_payload(js_object(record, "payloadHash"), false, s, err) : code;
}

static enum err_code check_intoto2(const struct json_t *spec, const struct tlog_subject *s, struct err *err)
{
	const struct json_t *content = js_object(spec, "content"), *envelope = js_object(content, "envelope");
	const struct json_t *signature = NULL;
	const char *type = js_string(envelope, "payloadType");
	enum err_code code = only_one(js_array(envelope, "signatures"), &signature, err);

	if (code == ERR_OK && (type == NULL || strcmp(type, s->bundle->payload_type) != 0))
		code = other("type of payload", err);
	if (code == ERR_OK)
		code = match_signature(signature, "sig", true, s, err);
	if (code == ERR_OK)
		code = match_pem(signature, "publicKey", s, err);
	return code == ERR_OK ? match_payload(js_object(content, "payloadHash"), true, s, err) : code;
}

/* Its hash is over the envelope as it was sent to the log, which only cosign's older form still has. */
static enum err_code check_intoto1(const struct json_t *spec, const struct tlog_subject *s, struct err *err)
{
	const struct buf *envelope = &s->bundle->envelope;
	CLEANUP(trust_artifact_release)
	struct trust_artifact a = trust_artifact_of_bytes(buf_text(envelope), envelope->len, "envelope");
	enum err_code code;

	if (envelope->len == 0)
		return err_set(err, ERR_UNSUPPORTED, "a log entry of intoto 0.0.1 names no signature");
	code = match_hex(js_object(js_object(spec, "content"), "hash"), &a, "envelope", err);
	return code == ERR_OK ? match_pem(spec, "publicKey", s, err) : code;
}

static const struct {
	const char *kind, *version;
	bool is_statement; /* only of an envelope */
	enum err_code (*check)(const struct json_t *spec, const struct tlog_subject *s, struct err *err);
} kinds[] = {
	{ "hashedrekord", "0.0.1", false, check_hashedrekord1 },
	{ "hashedrekord", "0.0.2", false, check_hashedrekord2 },
	{ "dsse", "0.0.1", true, check_dsse1 },
	{ "dsse", "0.0.2", true, check_dsse2 },
	{ "intoto", "0.0.2", true, check_intoto2 },
	{ "intoto", "0.0.1", true, check_intoto1 },
};

static enum err_code check_kind(const struct json_t *json, const char *kind, const char *version,
				const struct tlog_subject *s, struct err *err)
{
	size_t i;

	for (i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0 || strcmp(kinds[i].version, version) != 0)
			continue;
		if (kinds[i].is_statement && !s->bundle->is_statement)
			return err_set(err, ERR_UNPROVED, "the log entry is about a statement, and this is a message");
		return kinds[i].check(js_object(json, "spec"), s, err);
	}
	return err_set(err, ERR_UNSUPPORTED, "a log entry of a kind that is not known (%.40s %.40s)", kind, version);
}

enum err_code tlog_body_check(const struct sigstore_entry *e, const struct tlog_subject *s, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *kind, *version;
	enum err_code code = js_read(buf_text(&e->body), e->body.len, "log entry", &json, err);

	if (code != ERR_OK)
		return code;
	kind = js_string(json, "kind");
	version = js_string(json, "apiVersion");
	if (kind == NULL || version == NULL)
		return err_set(err, ERR_FORMAT, "a log entry that does not say what it is");
	if (e->kind != NULL && (strcmp(e->kind, kind) != 0 || strcmp(e->version, version) != 0))
		return err_set(err, ERR_UNPROVED, "the log entry is of another kind than it is said to be");
	return check_kind(json, kind, version, s, err);
}
