#include "trust/fingerprint.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/key.h"

static struct digest of(const char *pem)
{
	struct digest got = { .text = "" };
	struct err err = { .code = ERR_OK };

	ck_assert_msg(fingerprint_of_pem(pem, "key", &got, &err) == ERR_OK, "%s", err.msg);
	return got;
}

/* Whoever counts keys counts this one once. */
START_TEST(one_key)
{
	struct digest usual = of(key_p256_pub), compressed = of(key_p256_pub_compressed),
		      explicit = of(key_p256_pub_explicit), other = of(key_p384_pub);

	ck_assert_str_eq(usual.text, compressed.text);
	ck_assert_str_eq(usual.text, explicit.text);
	ck_assert_str_ne(usual.text, other.text);
	ck_assert_str_eq(of(key_rsa2048_pub).text, of(key_rsa2048_pub_pss).text);
}
END_TEST

/* And so does whoever asks whether the key of a policy is revoked. */
START_TEST(of_a_trust_key)
{
	static const char *const forms[] = { key_p256_pub, key_p256_pub_compressed, key_p256_pub_explicit };
	struct digest want = of(key_p256_pub);
	char want_text[FINGERPRINT_TEXT_MAX];
	struct err err = { .code = ERR_OK };
	size_t i;

	ck_assert_int_eq(fingerprint_text(&want, want_text, &err), ERR_OK);
	for (i = 0; i < COUNT_OF(forms); i++) {
		CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;

		ck_assert_msg(trust_key_of_pem(forms[i], strlen(forms[i]), "key", &k, &err) == ERR_OK, "%s", err.msg);
		ck_assert_str_eq(trust_key_id(k), want_text);
	}
}
END_TEST

/* What need not be made anew. */
static const struct {
	const char *pub;
	bool is_form;
} forms[] = {
	{ key_p256_pub, true },
	{ key_p384_pub, true },
	{ key_p521_pub, true },
	{ key_ed25519_pub, true },
	{ key_p256_pub_compressed, false },
	{ key_p256_pub_explicit, false },
	{ key_rsa2048_pub, false },
	{ key_rsa2048_pub_pss, false },
};

START_TEST(form)
{
	struct digest fingerprint = of(forms[_i].pub), got;
	struct x509_st *x509 = mock_certify(forms[_i].pub, false);
	CLEANUP(buf_release) struct buf der = mock_certified_key(x509);
	int at;

	mock_certified_free(x509);
	ck_assert_int_eq(fingerprint_is_form(der.data, der.len), forms[_i].is_form);
	if (!forms[_i].is_form)
		return;
	ck_assert_int_eq(digest_of(der.data, der.len, NULL, &got, NULL), ERR_OK);
	ck_assert_str_eq(got.text, fingerprint.text);
	ck_assert(!fingerprint_is_form(der.data, der.len - 1));
	ck_assert(!fingerprint_is_form(der.data, 0));
	for (at = 0; at < 12; at++) {
		der.data[at] ^= 1;
		ck_assert(!fingerprint_is_form(der.data, der.len));
		der.data[at] ^= 1;
	}
}
END_TEST

START_TEST(in_base64)
{
	struct digest want = of(key_ed25519_pub), got;
	char text[FINGERPRINT_TEXT_MAX];
	struct err err = { .code = ERR_OK };

	ck_assert_int_eq(fingerprint_text(&want, text, &err), ERR_OK);
	ck_assert_uint_eq(strlen(text), FINGERPRINT_TEXT_MAX - 1);
	ck_assert_int_eq(fingerprint_parse(text, &got, &err), ERR_OK);
	ck_assert_str_eq(got.text, want.text);
	text[FINGERPRINT_TEXT_MAX - 2] = '\0';
	ck_assert_int_eq(fingerprint_parse(text, &got, &err), ERR_FORMAT);
	ck_assert_int_eq(fingerprint_parse("", &got, &err), ERR_FORMAT);
	ck_assert_int_eq(fingerprint_parse("????????????????????????????????????????????", &got, &err), ERR_FORMAT);
}
END_TEST

START_TEST(no_key)
{
	struct digest got;
	struct err err = { .code = ERR_OK };

	ck_assert_int_eq(fingerprint_of_pem("hello", "acme", &got, &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "acme"));
	ck_assert_int_eq(fingerprint_of_pem(key_p256, "acme", &got, &err), ERR_FORMAT);
	/* OpenSSL reads the point at infinity, and does not write it. */
	ck_assert_int_eq(fingerprint_of_pem("-----BEGIN PUBLIC KEY-----\nMBkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDAgAA\n"
					    "-----END PUBLIC KEY-----\n",
					    "acme", &got, &err),
			 ERR_FORMAT);
	ck_assert_str_eq(err.msg, "acme: this key cannot be written as DER");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fingerprint");
	TCase *t = tcase_create("keys");

	tcase_add_test(t, one_key);
	tcase_add_test(t, of_a_trust_key);
	tcase_add_loop_test(t, form, 0, (int)COUNT_OF(forms));
	tcase_add_test(t, in_base64);
	tcase_add_test(t, no_key);
	suite_add_tcase(s, t);
	return test_run(s);
}
