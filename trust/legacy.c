#include "trust/legacy.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "trust/dsse.h"
#include "trust/protojson.h"
#include "trust/root.h"

static bool is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Add every certificate of a text in PEM. */
static enum err_code add_pem(const char *pem, struct sigstore_bundle *b, struct err *err)
{
	size_t before = b->certificates_len, cap = before;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;
	BIO *bio = strlen(pem) <= LIMIT_CHAIN * LIMIT_CERTIFICATE_BYTES * 2 ? BIO_new_mem_buf(pem, -1) : NULL;
	enum err_code code = bio != NULL ? ERR_OK : err_set(err, ERR_LIMIT, "certificates that are too large");

	while (code == ERR_OK && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		code = strcmp(name, PEM_STRING_X509) == 0 ? ERR_OK : err_set(err, ERR_FORMAT, "no certificate in PEM");
		if (code == ERR_OK)
			code = vec_grow(&b->certificates, &cap, b->certificates_len + 1, sizeof(*b->certificates),
					LIMIT_CHAIN, err);
		if (code == ERR_OK) {
			buf_init(&b->certificates[b->certificates_len], LIMIT_CERTIFICATE_BYTES);
			code = buf_add(&b->certificates[b->certificates_len++], der, (size_t)len, err);
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
		name = header = NULL;
		der = NULL;
	}
	BIO_free(bio);
	ERR_clear_error();
	if (code == ERR_OK && b->certificates_len == before)
		code = err_set(err, ERR_FORMAT, "no certificate in PEM");
	return code;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err_code read_log_id(const char *hex, struct buf *id, struct err *err)
{
	size_t len = hex != NULL ? strlen(hex) : 0, i;
	enum err_code code = ERR_OK;

	buf_init(id, TRUST_LOG_ID_MAX);
	if (len == 0 || len % 2 != 0)
		return err_set(err, ERR_FORMAT, "a logID that is not hexadecimal");
	for (i = 0; code == ERR_OK && i < len; i += 2) {
		int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
		unsigned char byte = (unsigned char)(high * 16 + low);

		code = high >= 0 && low >= 0 ? buf_add(id, &byte, 1, err)
					     : err_set(err, ERR_FORMAT, "a logID that is not hexadecimal");
	}
	return code;
}

/* {"SignedEntryTimestamp":…,"Payload":{"body":…,"integratedTime":…,"logIndex":…,"logID":…}} */
static enum err_code read_entry(const struct json_t *json, struct sigstore_entry *e, struct err *err)
{
	const struct json_t *payload = js_object(json, "Payload");
	uint64_t time = 0;
	enum err_code code;

	buf_init(&e->set, LIMIT_SIGNATURE_BYTES);
	buf_init(&e->body, LIMIT_SIGSTORE_BYTES);
	code = protojson_bytes(json, "SignedEntryTimestamp", &e->set, err);
	if (code == ERR_OK)
		code = protojson_bytes(payload, "body", &e->body, err);
	if (code == ERR_OK)
		code = protojson_uint(payload, "integratedTime", &time, err);
	if (code == ERR_OK)
		code = protojson_uint(payload, "logIndex", &e->index, err);
	e->integrated_time = (int64_t)time;
	return code == ERR_OK ? read_log_id(js_string(payload, "logID"), &e->log_id, err) : code;
}

static enum err_code add_entry(const char *text, struct sigstore_bundle *b, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = js_read(text, strlen(text), "annotation dev.sigstore.cosign/bundle", &json, err);

	if (code != ERR_OK)
		return code;
	b->entries = calloc(1, sizeof(*b->entries));
	if (b->entries == NULL)
		return err_nomem(err);
	b->entries_len = 1;
	return read_entry(json, b->entries, err);
}

static enum err_code add_timestamp(const char *text, struct sigstore_bundle *b, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = js_read(text, strlen(text), "annotation dev.sigstore.cosign/rfc3161timestamp", &json, err);

	if (code != ERR_OK)
		return code;
	b->timestamps = calloc(1, sizeof(*b->timestamps));
	if (b->timestamps == NULL)
		return err_nomem(err);
	b->timestamps_len = 1;
	buf_init(b->timestamps, LIMIT_TIMESTAMP_BYTES);
	return protojson_bytes(json, "SignedRFC3161Timestamp", b->timestamps, err);
}

static enum err_code read_envelope(const struct legacy_parts *p, struct sigstore_bundle *b, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = js_read(p->layer, p->layer_len, "envelope", &json, err);

	buf_init(&b->envelope, LIMIT_SIGSTORE_BYTES);
	if (code == ERR_OK)
		code = buf_add(&b->envelope, p->layer, p->layer_len, err);
	return code == ERR_OK ? dsse_read(json, &b->payload_type, &b->payload, &b->signature, err) : code;
}

static enum err_code read_signature(const struct legacy_parts *p, struct sigstore_bundle *b, struct err *err)
{
	enum err_code code;

	b->is_statement = !is_given(p->signature);
	if (b->is_statement)
		return read_envelope(p, b, err);
	buf_init(&b->signature, LIMIT_SIGNATURE_BYTES);
	code = base64_decode_lines(p->signature, &b->signature,
				   err); /* signed elsewhere, and attached by cosign attach */
	if (code == ERR_OK && b->signature.len == 0)
		code = err_set(err, ERR_FORMAT, "an empty signature");
	return code;
}

enum err_code sigstore_bundle_of_legacy(const struct legacy_parts *parts, const char *name,
					struct sigstore_bundle *ret_bundle, struct err *err)
{
	CLEANUP(sigstore_bundle_release)
	struct sigstore_bundle b = { .version = SIGSTORE_LEGACY, .message_hash = TRUST_HASHES };
	enum err_code code = read_signature(parts, &b, err);

	if (code == ERR_OK && is_given(parts->certificate))
		code = add_pem(parts->certificate, &b, err);
	if (code == ERR_OK && is_given(parts->certificate) && is_given(parts->chain))
		code = add_pem(parts->chain, &b, err);
	if (code == ERR_OK && is_given(parts->rekor))
		code = add_entry(parts->rekor, &b, err);
	if (code == ERR_OK && is_given(parts->timestamp))
		code = add_timestamp(parts->timestamp, &b, err);
	if (code != ERR_OK)
		return err_add(err, "%s", name);
	*ret_bundle = b;
	b = (struct sigstore_bundle){ 0 };
	return ERR_OK;
}
