#include "bundles/seal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/slot.h"
#include "common/mem.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sealed.h"
#include "tests/lib/test_main.h"

#define TEXT "{\"hello\":\"bundle\"}\n"
#define TYPE "\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\""
#define HINT "Hcvbd5RTNGkVINnR13YcNJ/TdPUW5FaHszuTnsaicVk="
#define KEY "\"verificationMaterial\":{\"publicKey\":{\"hint\":\"" HINT "\"}}"
#define DIGEST "nv1/Ck+Ou3UrIPMI8dyJeA10NEo60doITtFIHGmW5tg="
#define OVER "\"messageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"" DIGEST "\"}"
#define SIGNATURE                                                                                                      \
	"\"signature\":\"MEUCIQCNf5TRGBUK64JVGKjirM9L6c8DIjJav7T8NqCE6tp9ZgIgPJ6GqZ+p1+laYzNCtkPZeJdWWKTcjUyaCxeQAFe+" \
	"l9I=\""
/* A seal over TEXT by cosign 3.1.1, and its key. */
#define SEAL "{" TYPE "," KEY ",\"messageSignature\":{" OVER "," SIGNATURE "}}"
#define COSIGN_PUB                                                                                                     \
	"-----BEGIN PUBLIC KEY-----\n"                                                                                 \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzyfpnqbFODft87ghdFj2Yrt1q6ma\n"                                           \
	"nRuzQWgaYqzwrWU47gLvngA6rgSC03S7O+1OEGOchHEJlNEYq6qv4mhesA==\n"                                               \
	"-----END PUBLIC KEY-----\n"

START_TEST(by_cosign)
{
	struct seal_key *key = sealed_key(COSIGN_PUB, false), *other = sealed_key(key_p256_pub, false);
	struct buf text = { .max = SEAL_TEXT_MAX };
	struct err err = { .code = ERR_OK };
	struct seal s;

	ck_assert_msg(seal_read(SEAL, strlen(SEAL), "seal", &s, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(s.hint, HINT);
	ck_assert_str_eq(s.hint, seal_key_hint(key));
	ck_assert_int_eq(seal_check(&s, key, TEXT, strlen(TEXT), &err), ERR_OK);
	ck_assert_int_eq(seal_check(&s, other, TEXT, strlen(TEXT), &err), ERR_UNPROVED);
	ck_assert_int_eq(seal_check(&s, key, TEXT " ", strlen(TEXT) + 1, &err), ERR_UNPROVED);
	ck_assert_ptr_nonnull(strstr(err.msg, "another bundle"));
	s.has_digest = false; /* then the signature alone says it */
	ck_assert_int_eq(seal_check(&s, key, TEXT, strlen(TEXT), &err), ERR_OK);
	ck_assert_int_eq(seal_check(&s, key, TEXT " ", strlen(TEXT) + 1, &err), ERR_UNPROVED);
	ck_assert_int_eq(seal_write(&s, &text, &err), ERR_OK);
	ck_assert_str_eq(text.data, SEAL); /* ours has the same form, to the byte */
	buf_release(&text);
	seal_key_free(key);
	seal_key_free(other);
}
END_TEST

static const struct {
	const char *name, *pem, *pub;
} keys[] = {
	{ "Ed25519", key_ed25519, key_ed25519_pub },
	{ "P-256", key_p256, key_p256_pub },
	{ "P-384", key_p384, key_p384_pub },
	{ "RSA", key_rsa2048, key_rsa2048_pub },
};

/* Sealed, written, put into a slot, read and checked. */
START_TEST(whole_way)
{
	struct seal_key *private = sealed_key(keys[_i].pem, true), *public = sealed_key(keys[_i].pub, false);
	struct buf text = { .max = SLOT_TEXT_MAX };
	unsigned char slot[SLOT_BYTES];
	struct err err = { .code = ERR_OK };
	struct seal made, read;
	size_t len = 0;

	ck_assert_msg(seal_sign(private, TEXT, strlen(TEXT), &made, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(seal_write(&made, &text, &err), ERR_OK);
	ck_assert_int_eq(slot_fill(text.data, text.len, slot, &err), ERR_OK);
	ck_assert_int_eq(slot_check(slot, &len, &err), ERR_OK);
	ck_assert_uint_eq(len, text.len);
	ck_assert_msg(seal_read(slot, len, "slot", &read, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(read.hint, seal_key_hint(public));
	ck_assert_int_eq(seal_check(&read, public, TEXT, strlen(TEXT), &err), ERR_OK);
	ck_assert_int_eq(seal_check(&read, public, "{}", 2, &err), ERR_UNPROVED);
	ck_assert_int_eq(seal_of(public, TEXT, strlen(TEXT), read.signature, read.signature_len, &made, &err), ERR_OK);
	ck_assert_int_eq(seal_of(public, "{}", 2, read.signature, read.signature_len, &made, &err), ERR_UNPROVED);
	ck_assert_int_eq(seal_of(public, TEXT, strlen(TEXT), slot, SLOT_BYTES, &made, &err), ERR_LIMIT);
	buf_release(&text);
	seal_key_free(private);
	seal_key_free(public);
}
END_TEST

#define SIGNED ",\"messageSignature\":{" OVER "," SIGNATURE "}"
#define LONG_HINT                                                                                                      \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"         \
	"0123456789012345678901234567"

static const struct {
	const char *name, *text;
	enum err_code want;
} texts[] = {
	{ "as cosign writes it", SEAL, ERR_OK },
	{ "no hint", "{" TYPE SIGNED "}", ERR_OK },
	{ "a certificate", "{" TYPE ",\"verificationMaterial\":{\"certificate\":{\"rawBytes\":\"AA==\"}}" SIGNED "}",
	  ERR_OK },
	{ "unknown members", "{" TYPE "," KEY SIGNED ",\"more\":[1,2]}", ERR_OK },
	{ "empty digest", "{" TYPE "," KEY ",\"messageSignature\":{\"messageDigest\":{}," SIGNATURE "}}", ERR_OK },
	{ "no digest", "{" TYPE "," KEY ",\"messageSignature\":{" SIGNATURE "}}", ERR_OK },
	{ "version 0.1", "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.1\"" SIGNED "}", ERR_OK },
	{ "version 0.4", "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.4+json\"" SIGNED "}",
	  ERR_UNSUPPORTED },
	{ "longest hint", "{" TYPE ",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"" LONG_HINT "\"}}" SIGNED "}",
	  ERR_OK },
	{ "hint too long",
	  "{" TYPE ",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"" LONG_HINT "x\"}}" SIGNED "}", ERR_LIMIT },
	{ "nothing", "", ERR_FORMAT },
	{ "an empty object", "{}", ERR_FORMAT },
	{ "an array", "[]", ERR_FORMAT },
	{ "half", "{" TYPE, ERR_FORMAT },
	{ "something behind", SEAL "{}", ERR_FORMAT },
	{ "a member twice", "{" TYPE "," TYPE SIGNED "}", ERR_FORMAT },
	{ "no type", "{\"a\":1" SIGNED "}", ERR_FORMAT },
	{ "another type", "{\"mediaType\":\"application/json\"" SIGNED "}", ERR_FORMAT },
	{ "cosign's old form", "{\"base64Signature\":\"AA==\",\"cert\":\"\"}", ERR_FORMAT },
	{ "a statement", "{" TYPE ",\"dsseEnvelope\":{}}", ERR_UNSUPPORTED },
	{ "a statement too", "{" TYPE ",\"dsseEnvelope\":{}" SIGNED "}", ERR_UNSUPPORTED },
	{ "no signature", "{" TYPE "}", ERR_FORMAT },
	{ "signature of another type", "{" TYPE ",\"messageSignature\":\"AA==\"}", ERR_FORMAT },
	{ "no bytes", "{" TYPE ",\"messageSignature\":{" OVER "}}", ERR_FORMAT },
	{ "empty bytes", "{" TYPE ",\"messageSignature\":{" OVER ",\"signature\":\"\"}}", ERR_FORMAT },
	{ "a number", "{" TYPE ",\"messageSignature\":{" OVER ",\"signature\":1}}", ERR_FORMAT },
	{ "no base64", "{" TYPE ",\"messageSignature\":{" OVER ",\"signature\":\"A*==\"}}", ERR_FORMAT },
	{ "URL base64", "{" TYPE ",\"messageSignature\":{" OVER ",\"signature\":\"A_==\"}}", ERR_FORMAT },
	{ "unknown hash",
	  "{" TYPE ",\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA3_256\",\"digest\":\"" DIGEST
	  "\"}," SIGNATURE "}}",
	  ERR_UNSUPPORTED },
	{ "a hash by a name of others",
	  "{" TYPE ",\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"sha256\",\"digest\":\"" DIGEST
	  "\"}," SIGNATURE "}}",
	  ERR_UNSUPPORTED },
	{ "hash without name",
	  "{" TYPE ",\"messageSignature\":{\"messageDigest\":{\"digest\":\"" DIGEST "\"}," SIGNATURE "}}",
	  ERR_UNSUPPORTED },
	{ "name without hash",
	  "{" TYPE ",\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\"}," SIGNATURE "}}",
	  ERR_FORMAT },
	{ "hash too short",
	  "{" TYPE
	  ",\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"AAAA\"}," SIGNATURE "}}",
	  ERR_FORMAT },
	{ "hash of another length",
	  "{" TYPE ",\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_384\",\"digest\":\"" DIGEST
	  "\"}," SIGNATURE "}}",
	  ERR_FORMAT },
};

START_TEST(form)
{
	struct err err = { .code = ERR_OK };
	struct seal s;
	enum err_code got;

	memset(&s, 0x55, sizeof(s));
	got = seal_read(texts[_i].text, strlen(texts[_i].text), "the seal", &s, &err);
	ck_assert_msg(got == texts[_i].want, "%s: %d (%s)", texts[_i].name, got, err.msg);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, "the seal") != NULL, "%s", err.msg);
		ck_assert_int_eq(s.signature_len & 0xff, 0x55); /* untouched */
	}
}
END_TEST

/* A signature of the longest length, one more, and a text of the longest length, and one more. */
START_TEST(bounds)
{
	char *letters = malloc(SEAL_TEXT_MAX + 2), *text;
	struct err err = { .code = ERR_OK };
	struct seal s;

	memset(letters, 'A', SEAL_TEXT_MAX + 1);
	letters[SEAL_TEXT_MAX + 1] = '\0';
	ck_assert_int_ge(asprintf(&text, "{" TYPE ",\"messageSignature\":{\"signature\":\"%.2728sAAA=\"}}", letters),
			 0);
	ck_assert_msg(seal_read(text, strlen(text), "seal", &s, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(s.signature_len, LIMIT_SIGNATURE_BYTES);
	free(text);
	ck_assert_int_ge(asprintf(&text, "{" TYPE ",\"messageSignature\":{\"signature\":\"%.2728sAAAA\"}}", letters),
			 0);
	ck_assert_int_eq(seal_read(text, strlen(text), "seal", &s, &err), ERR_LIMIT);
	free(text);
	memset(letters, ' ', SEAL_TEXT_MAX + 1);
	memcpy(letters, SEAL, strlen(SEAL));
	ck_assert_int_eq(seal_read(letters, SEAL_TEXT_MAX, "seal", &s, &err), ERR_OK);
	ck_assert_int_eq(seal_read(letters, SEAL_TEXT_MAX + 1, "seal", &s, &err), ERR_LIMIT);
	free(letters);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("seal");
	TCase *t = tcase_create("seals");

	tcase_add_test(t, by_cosign);
	tcase_add_loop_test(t, whole_way, 0, (int)COUNT_OF(keys));
	tcase_add_loop_test(t, form, 0, (int)COUNT_OF(texts));
	tcase_add_test(t, bounds);
	suite_add_tcase(s, t);
	return test_run(s);
}
