#include "trust/sigstore_bundle.h"

#include <stdlib.h>
#include <string.h>

#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/dsse.h"
#include "trust/protojson.h"
#include "trust/sigstore_entry.h"

#define FAMILY "application/vnd.dev.sigstore.bundle"

bool sigstore_bundle_is(const char *media_type)
{
	return media_type != NULL && text_starts(media_type, FAMILY);
}

static enum err_code read_version(const struct json_t *json, struct sigstore_bundle *b, struct err *err)
{
	static const struct {
		const char *name;
		enum sigstore_version version;
	} known[] = {
		{ FAMILY "+json;version=0.1", SIGSTORE_V01 }, { FAMILY "+json;version=0.2", SIGSTORE_V02 },
		{ FAMILY "+json;version=0.3", SIGSTORE_V03 }, { FAMILY ".v0.1+json", SIGSTORE_V01 },
		{ FAMILY ".v0.2+json", SIGSTORE_V02 },        { FAMILY ".v0.3+json", SIGSTORE_V03 },
	};
	const char *type = js_string(json, "mediaType");
	size_t i;

	if (!sigstore_bundle_is(type))
		return err_set(err, ERR_FORMAT, "no sigstore bundle: its mediaType is not " FAMILY ".v0.3+json");
	for (i = 0; i < COUNT_OF(known); i++) {
		if (strcmp(type, known[i].name) == 0) {
			b->version = known[i].version;
			return ERR_OK;
		}
	}
	return err_set(err, ERR_UNSUPPORTED, "a sigstore bundle of a version that is not known (%.100s)", type);
}

static enum err_code add_certificate(const struct json_t *certificate, struct sigstore_bundle *b, struct err *err)
{
	struct buf *der = &b->certificates[b->certificates_len];
	enum err_code code;

	buf_init(der, LIMIT_CERTIFICATE_BYTES);
	b->certificates_len++;
	code = protojson_bytes(certificate, "rawBytes", der, err);
	if (code == ERR_OK && der->len == 0)
		code = err_set(err, ERR_FORMAT, "an empty certificate");
	return code;
}

static enum err_code read_chain(const struct json_t *chain, struct sigstore_bundle *b, struct err *err)
{
	const struct json_t *list = js_array(chain, "certificates");
	size_t len = js_len(list), i;
	enum err_code code = ERR_OK;

	if (b->version == SIGSTORE_V03)
		return err_set(err, ERR_FORMAT, "x509CertificateChain is not for bundles of version 0.3");
	if (len == 0)
		return err_set(err, ERR_FORMAT, "a chain of no certificates");
	if (len > LIMIT_CHAIN)
		return err_set(err, ERR_LIMIT, "a chain of more than %d certificates", LIMIT_CHAIN);
	b->certificates = calloc(len, sizeof(*b->certificates));
	if (b->certificates == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < len; i++)
		code = add_certificate(js_at(list, i), b, err);
	return code;
}

static enum err_code read_single(const struct json_t *certificate, struct sigstore_bundle *b, struct err *err)
{
	b->certificates = calloc(1, sizeof(*b->certificates));
	return b->certificates != NULL ? add_certificate(certificate, b, err) : err_nomem(err);
}

static enum err_code read_hint(const struct json_t *key, struct sigstore_bundle *b, struct err *err)
{
	const char *hint = js_string(key, "hint");

	if (hint == NULL)
		return js_has(key, "hint") ? err_set(err, ERR_FORMAT, "a key hint that is no text") : ERR_OK;
	if (strlen(hint) >= sizeof(b->hint))
		return err_set(err, ERR_LIMIT, "a key hint of more than %zu bytes", sizeof(b->hint) - 1);
	strcpy(b->hint, hint);
	text_clean(b->hint);
	return ERR_OK;
}

/* Exactly one of three says whose signature it is. */
static enum err_code read_signer(const struct json_t *material, struct sigstore_bundle *b, struct err *err)
{
	const struct json_t *single = NULL, *chain = NULL, *key = NULL;
	enum err_code code = protojson_object(material, "certificate", &single, err);

	if (code == ERR_OK)
		code = protojson_object(material, "x509CertificateChain", &chain, err);
	if (code == ERR_OK)
		code = protojson_object(material, "publicKey", &key, err);
	if (code != ERR_OK)
		return code;
	if ((single != NULL) + (chain != NULL) + (key != NULL) != 1)
		return err_set(err, ERR_FORMAT,
			       "verificationMaterial must hold one of certificate, x509CertificateChain and publicKey");
	if (single != NULL)
		return read_single(single, b, err);
	return chain != NULL ? read_chain(chain, b, err) : read_hint(key, b, err);
}

static enum err_code read_entries(const struct json_t *material, struct sigstore_bundle *b, struct err *err)
{
	const struct json_t *list = NULL;
	enum err_code code = protojson_array(material, "tlogEntries", &list, err);
	size_t len = js_len(list), i;

	if (code != ERR_OK)
		return code;
	if (len > LIMIT_SIGSTORE_ENTRIES)
		return err_set(err, ERR_LIMIT, "more than %d log entries", LIMIT_SIGSTORE_ENTRIES);
	if (len == 0)
		return ERR_OK;
	b->entries = calloc(len, sizeof(*b->entries));
	if (b->entries == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		code = sigstore_entry_read(js_at(list, i), b->version, &b->entries[i], err);
		if (code == ERR_OK && sigstore_entry_is_among(&b->entries[i], b->entries, b->entries_len))
			code = err_set(err, ERR_FORMAT, "the same log entry stands twice");
		b->entries_len++;
	}
	return code;
}

static bool is_among(const struct buf *timestamp, const struct buf *list, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (list[i].len == timestamp->len &&
		    memcmp(buf_text(&list[i]), buf_text(timestamp), timestamp->len) == 0)
			return true;
	}
	return false;
}

static enum err_code read_timestamps(const struct json_t *material, struct sigstore_bundle *b, struct err *err)
{
	const struct json_t *data = NULL, *list = NULL;
	enum err_code code = protojson_object(material, "timestampVerificationData", &data, err);
	size_t len, i;

	if (code == ERR_OK)
		code = protojson_array(data, "rfc3161Timestamps", &list, err);
	if (code != ERR_OK)
		return code;
	len = js_len(list);
	if (len > LIMIT_SIGSTORE_ENTRIES)
		return err_set(err, ERR_LIMIT, "more than %d timestamps", LIMIT_SIGSTORE_ENTRIES);
	if (len == 0)
		return ERR_OK;
	b->timestamps = calloc(len, sizeof(*b->timestamps));
	if (b->timestamps == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		buf_init(&b->timestamps[i], LIMIT_TIMESTAMP_BYTES);
		code = protojson_bytes(js_at(list, i), "signedTimestamp", &b->timestamps[i], err);
		if (code == ERR_OK && is_among(&b->timestamps[i], b->timestamps, b->timestamps_len))
			code = err_set(err, ERR_FORMAT, "the same timestamp stands twice");
		b->timestamps_len++;
	}
	return code;
}

static enum err_code read_message_digest(const struct json_t *digest, struct sigstore_bundle *b, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = TRUST_HASH_MAX };
	const char *name = js_string(digest, "algorithm");
	enum err_code code;

	if (!js_has(digest, "algorithm") && !js_has(digest, "digest"))
		return ERR_OK;
	b->message_hash = trust_hash_named(name);
	if (b->message_hash == TRUST_HASHES || strcmp(name, trust_hash_name(b->message_hash)) != 0)
		return err_set(err, ERR_UNSUPPORTED, "a digest by %.40s, which is not known here",
			       name != NULL ? name : "nothing");
	code = protojson_bytes(digest, "digest", &bytes, err);
	if (code == ERR_OK && bytes.len != trust_hash_bytes(b->message_hash))
		return err_set(err, ERR_FORMAT, "a digest of %zu bytes by %s", bytes.len, name);
	if (code == ERR_OK)
		memcpy(b->message_digest, bytes.data, bytes.len);
	return code;
}

static enum err_code read_message(const struct json_t *message, struct sigstore_bundle *b, struct err *err)
{
	const struct json_t *digest = NULL;
	enum err_code code = protojson_object(message, "messageDigest", &digest, err);

	buf_init(&b->signature, LIMIT_SIGNATURE_BYTES);
	if (code == ERR_OK)
		code = read_message_digest(digest, b, err);
	if (code == ERR_OK)
		code = protojson_bytes(message, "signature", &b->signature, err);
	if (code == ERR_OK && b->signature.len == 0)
		code = err_set(err, ERR_FORMAT, "an empty signature");
	return code;
}

static enum err_code read_content(const struct json_t *json, struct sigstore_bundle *b, struct err *err)
{
	const struct json_t *message = NULL, *envelope = NULL;
	enum err_code code = protojson_object(json, "messageSignature", &message, err);

	if (code == ERR_OK)
		code = protojson_object(json, "dsseEnvelope", &envelope, err);
	if (code != ERR_OK)
		return code;
	if ((message != NULL) + (envelope != NULL) != 1)
		return err_set(err, ERR_FORMAT, "a bundle must hold one of messageSignature and dsseEnvelope");
	b->is_statement = envelope != NULL;
	if (message != NULL)
		return read_message(message, b, err);
	return dsse_read(envelope, &b->payload_type, &b->payload, &b->signature, err);
}

static enum err_code read_all(const struct json_t *json, struct sigstore_bundle *b, struct err *err)
{
	const struct json_t *material = js_object(json, "verificationMaterial");
	enum err_code code = read_version(json, b, err);

	if (code == ERR_OK && material == NULL)
		code = err_set(err, ERR_FORMAT, "no verificationMaterial");
	if (code == ERR_OK)
		code = read_signer(material, b, err);
	if (code == ERR_OK)
		code = read_entries(material, b, err);
	if (code == ERR_OK)
		code = read_timestamps(material, b, err);
	return code == ERR_OK ? read_content(json, b, err) : code;
}

enum err_code sigstore_bundle_read(const void *text, size_t len, const char *name, struct sigstore_bundle *ret_bundle,
				   struct err *err)
{
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { .message_hash = TRUST_HASHES };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code;

	if (len > LIMIT_SIGSTORE_BYTES)
		return err_set(err, ERR_LIMIT, "%s: a sigstore bundle of more than %llu MiB", name,
			       (unsigned long long)(LIMIT_SIGSTORE_BYTES / MIB));
	code = js_read(text, len, name, &json, err);
	if (code != ERR_OK)
		return code;
	code = read_all(json, &b, err);
	if (code != ERR_OK)
		return err_add(err, "%s", name);
	*ret_bundle = b;
	b = (struct sigstore_bundle){ 0 };
	return ERR_OK;
}

static void release_list(struct buf *list, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf_release(&list[i]);
	free(list);
}

void sigstore_bundle_release(struct sigstore_bundle *b)
{
	size_t i;

	release_list(b->certificates, b->certificates_len);
	release_list(b->timestamps, b->timestamps_len);
	for (i = 0; i < b->entries_len; i++)
		sigstore_entry_release(&b->entries[i]);
	free(b->entries);
	buf_release(&b->signature);
	buf_release(&b->payload);
	buf_release(&b->envelope);
	free(b->payload_type);
	*b = (struct sigstore_bundle){ 0 };
}
