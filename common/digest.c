#include "common/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/hex.h"
#include "common/mem.h"

static const struct algorithm {
	const char *name;
	size_t name_len, hex_len;
	const EVP_MD *(*md)(void);
} algorithms[] = {
	{ "sha256", 6, 64, EVP_sha256 },
	{ "sha512", 6, 128, EVP_sha512 },
};

static const struct algorithm *algorithm_of(const char *text)
{
	size_t i;

	for (i = 0; i < COUNT_OF(algorithms); i++) {
		const struct algorithm *a = &algorithms[i];

		if (strncmp(text, a->name, a->name_len) == 0 && text[a->name_len] == ':')
			return a;
	}
	return NULL;
}

enum err_code digest_parse(const char *text, struct digest *ret_digest, struct err *err)
{
	const struct algorithm *a = algorithm_of(text);
	const char *hex;

	if (a == NULL)
		return err_set(err, ERR_FORMAT, "\"%.140s\" is no digest: it must start with sha256: or sha512:", text);
	hex = text + a->name_len + 1;
	if (strspn(hex, "0123456789abcdef") != a->hex_len || hex[a->hex_len] != '\0')
		return err_set(err, ERR_FORMAT, "\"%.140s\" is no digest: %s takes %zu lowercase hex digits", text,
			       a->name, a->hex_len);
	*ret_digest = (struct digest){ 0 };
	memcpy(ret_digest->text, text, a->name_len + 1 + a->hex_len);
	return ERR_OK;
}

const char *digest_hex(const struct digest *d)
{
	const char *colon = strchr(d->text, ':');

	return colon != NULL ? colon + 1 : "";
}

const char *digest_algorithm(const struct digest *d)
{
	const struct algorithm *a = algorithm_of(d->text);

	return a != NULL ? a->name : "";
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return a->text[0] != '\0' && strcmp(a->text, b->text) == 0;
}

static void digest_write(const struct algorithm *a, const unsigned char *raw, struct digest *ret_digest)
{
	*ret_digest = (struct digest){ 0 };
	memcpy(ret_digest->text, a->name, a->name_len);
	ret_digest->text[a->name_len] = ':';
	hex_encode(ret_digest->text + a->name_len + 1, raw, a->hex_len / 2);
}

void digest_pack(const struct digest *d, struct digest_packed *ret_packed)
{
	const char *hex = digest_hex(d);
	struct digest_packed p = { .len = (unsigned char)(strlen(hex) / 2) };
	size_t i;

	for (i = 0; i < p.len; i++)
		p.bytes[i] = (unsigned char)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
	*ret_packed = p;
}

struct digest digest_unpack(const struct digest_packed *p)
{
	struct digest d = { 0 };
	size_t i;

	for (i = 0; i < COUNT_OF(algorithms); i++) {
		if (algorithms[i].hex_len == (size_t)2 * p->len)
			digest_write(&algorithms[i], p->bytes, &d);
	}
	return d;
}

int digest_packed_compare(const struct digest_packed *a, const struct digest_packed *b)
{
	return a->len != b->len ? (a->len > b->len) - (a->len < b->len) : memcmp(a->bytes, b->bytes, a->len);
}

enum err_code digest_of(const void *bytes, size_t len, const struct digest *like, struct digest *ret_digest,
			struct err *err)
{
	const struct algorithm *a = like != NULL ? algorithm_of(like->text) : &algorithms[0];
	unsigned char raw[EVP_MAX_MD_SIZE];

	assert(a != NULL);
	if (EVP_Digest(bytes, len, raw, NULL, a->md(), NULL) != 1)
		return err_set(err, ERR_CRYPTO, "%s is not available", a->name);
	digest_write(a, raw, ret_digest);
	return ERR_OK;
}

enum err_code digest_check(const void *bytes, size_t len, const struct digest *want, uint64_t size_bytes,
			   struct err *err)
{
	CLEANUP(digest_stream_release) struct digest_stream d = { 0 };
	enum err_code code = digest_stream_init(&d, want, size_bytes, err);

	if (code == ERR_OK)
		code = digest_stream_update(&d, bytes, len, err);
	return code == ERR_OK ? digest_stream_final(&d, err) : code;
}

static enum err_code fail(struct digest_stream *d, enum err_code code)
{
	d->failed = code;
	return code;
}

enum err_code digest_stream_init(struct digest_stream *d, const struct digest *want, uint64_t size_bytes,
				 struct err *err)
{
	const struct algorithm *a = algorithm_of(want->text);

	assert(a != NULL); /* caller bug: a digest that was never parsed */
	*d = (struct digest_stream){ .left_bytes = size_bytes, .want = *want };
	d->hash = EVP_MD_CTX_new();
	if (d->hash == NULL)
		return fail(d, err_nomem(err));
	if (EVP_DigestInit_ex(d->hash, a->md(), NULL) != 1)
		return fail(d, err_set(err, ERR_CRYPTO, "%s is not available", a->name));
	return ERR_OK;
}

enum err_code digest_stream_due(struct digest_stream *d, size_t len, struct err *err)
{
	if (d->failed != ERR_OK)
		return err_set(err, d->failed, "%s: the stream has already failed its check", d->want.text);
	assert(d->hash != NULL); /* caller bug: before init or after final */
	if (len > d->left_bytes)
		return fail(d, err_set(err, ERR_SIZE, "%s: more bytes than its declared size", d->want.text));
	d->left_bytes -= len;
	return ERR_OK;
}

void digest_stream_hash(struct digest_stream *d, const void *chunk, size_t len)
{
	if (EVP_DigestUpdate(d->hash, chunk, len) != 1)
		d->failed = ERR_CRYPTO;
}

enum err_code digest_stream_update(struct digest_stream *d, const void *chunk, size_t len, struct err *err)
{
	enum err_code code = digest_stream_due(d, len, err);

	if (code != ERR_OK)
		return code;
	digest_stream_hash(d, chunk, len);
	return d->failed == ERR_OK ? ERR_OK : err_set(err, d->failed, "%s: hashing failed", d->want.text);
}

enum err_code digest_stream_final(struct digest_stream *d, struct err *err)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	struct digest got;

	if (d->failed != ERR_OK)
		return err_set(err, d->failed, "%s: the stream has already failed its check", d->want.text);
	assert(d->hash != NULL);
	if (d->left_bytes != 0)
		return fail(d, err_set(err, ERR_SIZE, "%s: the content ends %" PRIu64 " bytes early", d->want.text,
				       d->left_bytes));
	if (EVP_DigestFinal_ex(d->hash, raw, NULL) != 1)
		return fail(d, err_set(err, ERR_CRYPTO, "%s: hashing failed", d->want.text));
	digest_stream_release(d);
	digest_write(algorithm_of(d->want.text), raw, &got);
	if (!digest_equal(&got, &d->want))
		return fail(d, err_set(err, ERR_DIGEST, "content is %s, not %s", got.text, d->want.text));
	return ERR_OK;
}

void digest_stream_release(struct digest_stream *d)
{
	EVP_MD_CTX_free(d->hash);
	d->hash = NULL;
}
