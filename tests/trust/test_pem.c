#include "trust/pem.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/fingerprint.h"

#define PARAMETERS "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
#define OFF_CURVE                                                                                                      \
	"-----BEGIN PUBLIC KEY-----\n"                                                                                 \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExRRST79+PsrRBnGAI4cMu6Omz2Jh\n"                                           \
	"fwlMW+gIutNKVRaMyS4rQKvgngc5p8UbLj55pVHhIoAxi/++++wrongkey==\n"                                               \
	"-----END PUBLIC KEY-----\n"

/* Texts of one part or two. */
static const struct {
	const char *name, *first, *second;
	enum err_code want;
	const char *says;
} cases[] = {
	{ "a key", key_p256_pub, "", ERR_OK, "" },
	{ "of a kind that nobody takes", key_rsa1024_pub, "", ERR_OK, "" },
	{ "with a text in front", "Scope: example.com\n", key_p256_pub, ERR_OK, "" },
	{ "with a text behind", key_p256_pub, "hello\n", ERR_OK, "" },
	{ "two keys", key_p256_pub, key_ed25519_pub, ERR_FORMAT, "more than one thing" },
	{ "one key twice", key_p256_pub, key_p256_pub, ERR_FORMAT, "more than one thing" },
	{ "both halves", key_p256, key_p256_pub, ERR_FORMAT, "more than one thing" },
	{ "with parameters", PARAMETERS, key_p256_pub, ERR_FORMAT, "more than one thing" },
	{ "a private key", key_p256, "", ERR_FORMAT, "but a private one: openssl pkey" },
	{ "SEC 1", key_p256_sec1, "", ERR_FORMAT, "but a private one: openssl pkey" },
	{ "cosign's", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "", ERR_FORMAT, "cosign public-key --key" },
	{ "cosign's, older", "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\n", "", ERR_FORMAT,
	  "cosign public-key --key" },
	{ "a broken one", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "", ERR_FORMAT,
	  "holds no public key that can be read: the one in it is cut or changed" },
	{ "a point that is not on its curve", OFF_CURVE, "", ERR_FORMAT, "is cut or changed" },
	{ "without an end", "-----BEGIN PUBLIC KEY-----\nAAAA\n", "", ERR_FORMAT, "is cut or changed" },
	{ "empty", "", "", ERR_FORMAT, "holds no public key in PEM" },
	{ "text", "hello\n", "", ERR_FORMAT, "holds no public key in PEM" },
};

/* Keys are read by pem_read_public, whoever asks for what. */
START_TEST(public)
{
	CLEANUP(free_ptr) char *text = NULL;
	struct err err = { .code = ERR_OK };
	struct digest fingerprint = { .text = "" };
	enum err_code got;

	ck_assert_int_eq(str_format(&text, NULL, "%s%s", cases[_i].first, cases[_i].second), ERR_OK);
	got = fingerprint_of_pem(text, "a.pub", &fingerprint, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d (%s)", cases[_i].name, got, err.msg);
	ck_assert((fingerprint.text[0] != '\0') == (got == ERR_OK));
	if (got != ERR_OK) {
		ck_assert_msg(strncmp(err.msg, "a.pub: ", 7) == 0, "%s", err.msg);
		ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, err.msg);
	}
}
END_TEST

START_TEST(says_what_is_wanted)
{
	struct err err = { .code = ERR_OK };

	ck_assert_int_eq(pem_check_single(key_p256, "private", "a", &err), ERR_OK);
	ck_assert_int_eq(pem_check_single("", "private", "a", &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg, "a: holds no private key in PEM");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pem");
	TCase *t = tcase_create("pem");

	tcase_add_loop_test(t, public, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, says_what_is_wanted);
	suite_add_tcase(s, t);
	return test_run(s);
}
