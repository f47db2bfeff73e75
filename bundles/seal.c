#include "bundles/seal.h"

#include <string.h>

#include "common/base64.h"
#include "common/js.h"
#include "common/mem.h"
#include "common/text.h"

#define FAMILY "application/vnd.dev.sigstore.bundle"
#define MEDIA_TYPE FAMILY ".v0.3+json"

static bool is_known_version(const char *media_type)
{
	static const char *const known[] = {
		MEDIA_TYPE,
		FAMILY "+json;version=0.3",
		FAMILY "+json;version=0.2",
		FAMILY "+json;version=0.1",
	};
	size_t i;

	for (i = 0; i < COUNT_OF(known); i++) {
		if (strcmp(media_type, known[i]) == 0)
			return true;
	}
	return false;
}

static enum err_code check_type(const struct json_t *json, const char *what, struct err *err)
{
	const char *type = js_string(json, "mediaType");

	if (type == NULL || !text_starts(type, FAMILY))
		return err_set(err, ERR_FORMAT, "%s: no sigstore bundle: its mediaType is not " MEDIA_TYPE, what);
	if (!is_known_version(type))
		return err_set(err, ERR_UNSUPPORTED, "%s: a sigstore bundle of another version (%.100s)", what, type);
	if (js_has(json, "dsseEnvelope"))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: signs a statement (dsseEnvelope), but a seal signs bundle.json itself "
			       "(messageSignature), as cosign sign-blob does",
			       what);
	if (js_object(json, "messageSignature") == NULL)
		return err_set(err, ERR_FORMAT, "%s: a sigstore bundle without messageSignature", what);
	return ERR_OK;
}

static enum err_code read_hint(const struct json_t *json, const char *what, struct seal *s, struct err *err)
{
	const char *hint = js_string(js_object(js_object(json, "verificationMaterial"), "publicKey"), "hint");

	if (hint == NULL)
		return ERR_OK;
	if (strlen(hint) > SEAL_HINT_MAX)
		return err_set(err, ERR_LIMIT, "%s: a key hint of more than %d bytes", what, SEAL_HINT_MAX);
	strcpy(s->hint, hint);
	text_clean(s->hint);
	return ERR_OK;
}

/* Bytes of a member in base64, at most cap of them. */
static enum err_code read_bytes(const struct json_t *object, const char *key, const char *what, unsigned char *out,
				size_t cap, size_t *ret_len, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = cap };
	const char *text = js_string(object, key);
	enum err_code code;

	if (text == NULL)
		return err_set(err, ERR_FORMAT, "%s: no %s", what, key);
	code = base64_decode(text, &bytes, err);
	if (code != ERR_OK)
		return err_add(err, "%s: %s", what, key);
	memcpy(out, buf_text(&bytes), bytes.len);
	*ret_len = bytes.len;
	return ERR_OK;
}

static enum err_code read_digest(const struct json_t *digest, const char *what, struct seal *s, struct err *err)
{
	const char *name = js_string(digest, "algorithm");
	size_t len = 0;
	enum err_code code;

	if (!js_has(digest, "algorithm") && !js_has(digest, "digest"))
		return ERR_OK;
	for (s->hash = 0; s->hash < TRUST_HASHES; s->hash++) {
		if (name != NULL && strcmp(name, trust_hash_name(s->hash)) == 0)
			break;
	}
	if (s->hash == TRUST_HASHES)
		return err_set(err, ERR_UNSUPPORTED, "%s: a digest by %.40s, which is not known here", what,
			       name != NULL ? name : "nothing");
	code = read_bytes(digest, "digest", what, s->digest, sizeof(s->digest), &len, err);
	if (code == ERR_OK && len != trust_hash_bytes(s->hash))
		return err_set(err, ERR_FORMAT, "%s: a digest of %zu bytes by %s", what, len, name);
	s->has_digest = true;
	return code;
}

enum err_code seal_read(const void *text, size_t len, const char *what, struct seal *ret_seal, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const struct json_t *signature;
	struct seal s = { .hash = TRUST_SHA256 };
	enum err_code code = ERR_OK;

	if (len > SEAL_TEXT_MAX)
		return err_set(err, ERR_LIMIT, "%s: a seal of more than %d bytes", what, SEAL_TEXT_MAX);
	code = js_read(text, len, what, &json, err);
	if (code == ERR_OK)
		code = check_type(json, what, err);
	if (code == ERR_OK)
		code = read_hint(json, what, &s, err);
	signature = js_object(json, "messageSignature");
	if (code == ERR_OK)
		code = read_digest(js_object(signature, "messageDigest"), what, &s, err);
	if (code == ERR_OK)
		code = read_bytes(signature, "signature", what, s.signature, sizeof(s.signature), &s.signature_len,
				  err);
	if (code == ERR_OK && s.signature_len == 0)
		code = err_set(err, ERR_FORMAT, "%s: an empty signature", what);
	if (code == ERR_OK)
		*ret_seal = s;
	return code;
}

static enum err_code put_base64(struct js_out *o, const char *key, const void *bytes, size_t len, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = SEAL_TEXT_MAX };
	enum err_code code = base64_encode(bytes, len, &text, err);

	if (code == ERR_OK)
		js_member(o, key, text.data);
	return code;
}

enum err_code seal_write(const struct seal *s, struct buf *out, struct err *err)
{
	struct buf_stage stage;
	struct js_out o;
	enum err_code code;

	buf_stage_init(&stage, out);
	js_out_init(&o, &stage.out, false);
	js_begin(&o, '{');
	js_member(&o, "mediaType", MEDIA_TYPE);
	js_key(&o, "verificationMaterial");
	js_begin(&o, '{');
	js_key(&o, "publicKey");
	js_begin(&o, '{');
	js_member(&o, "hint", s->hint);
	js_end(&o, '}');
	js_end(&o, '}');
	js_key(&o, "messageSignature");
	js_begin(&o, '{');
	js_key(&o, "messageDigest");
	js_begin(&o, '{');
	js_member(&o, "algorithm", trust_hash_name(s->hash));
	code = put_base64(&o, "digest", s->digest, trust_hash_bytes(s->hash), err);
	js_end(&o, '}');
	if (code == ERR_OK)
		code = put_base64(&o, "signature", s->signature, s->signature_len, err);
	js_end(&o, '}');
	js_end(&o, '}');
	return code == ERR_OK ? js_end_document(&o, err) : code;
}

enum err_code seal_of(const struct seal_key *k, const void *bytes, size_t len, const void *signature,
		      size_t signature_len, struct seal *ret_seal, struct err *err)
{
	struct seal s = { .hash = TRUST_SHA256, .has_digest = true, .signature_len = signature_len };
	enum err_code code;

	if (signature_len > LIMIT_SIGNATURE_BYTES)
		return err_set(err, ERR_LIMIT, "a signature of %zu bytes", signature_len);
	code = seal_key_check(k, s.hash, bytes, len, signature, signature_len, err);
	if (code == ERR_OK)
		code = trust_hash_of(s.hash, bytes, len, s.digest, err);
	if (code != ERR_OK)
		return code;
	memcpy(s.signature, signature, signature_len);
	strcpy(s.hint, seal_key_hint(k));
	*ret_seal = s;
	return ERR_OK;
}

enum err_code seal_sign(const struct seal_key *k, const void *bytes, size_t len, struct seal *ret_seal, struct err *err)
{
	unsigned char signature[LIMIT_SIGNATURE_BYTES];
	size_t signature_len = 0;
	enum err_code code = seal_key_sign(k, bytes, len, signature, &signature_len, err);

	/* which checks it: a fault made in signing would be found far away */
	return code == ERR_OK ? seal_of(k, bytes, len, signature, signature_len, ret_seal, err) : code;
}

enum err_code seal_is_over(const struct seal *s, const void *bytes, size_t len, struct err *err)
{
	unsigned char digest[TRUST_HASH_MAX];
	enum err_code code;

	if (!s->has_digest)
		return ERR_OK;
	code = trust_hash_of(s->hash, bytes, len, digest, err);
	if (code == ERR_OK && memcmp(digest, s->digest, trust_hash_bytes(s->hash)) != 0)
		code = err_set(err, ERR_UNPROVED,
			       "it seals another bundle: the digest in it is not that of bundle.json");
	return code;
}

enum err_code seal_check(const struct seal *s, const struct seal_key *k, const void *bytes, size_t len, struct err *err)
{
	enum err_code code = seal_is_over(s, bytes, len, err);

	if (code == ERR_OK)
		code = seal_key_check(k, s->hash, bytes, len, s->signature, s->signature_len, err);
	return code;
}
