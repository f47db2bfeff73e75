#include "trust/certificate.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"

#define TEN_MINUTES INT64_C(600)

/* Whom it names, and who vouches. */
static const struct {
	struct mock_wish wish;
	size_t names;
	const char *last_name, *issuer; /* NULL: none */
	bool is_email;                  /* the last one */
	bool is_for_use;
} cases[] = {
	{ { 0 }, 1, MOCK_IDENTITY, MOCK_ISSUER, true, true },
	{ { .names = "URI:https://a.example/b" }, 1, "https://a.example/b", MOCK_ISSUER, false, true },
	{ { .names = "DNS:a.example" }, 1, "a.example", MOCK_ISSUER, false, true },
	{ { .names = "otherName:1.3.6.1.4.1.57264.1.7;UTF8:user!a" }, 1, "user!a", MOCK_ISSUER, false, true },
	{ { .names = "email:a@b.example,URI:https://a.example/b" },
	  2,
	  "https://a.example/b",
	  MOCK_ISSUER,
	  false,
	  true },
	{ { .names = "IP:192.0.2.1,email:a@b.example" }, 1, "a@b.example", MOCK_ISSUER, true, true },
	{ { .names = "IP:192.0.2.1" }, 0, NULL, MOCK_ISSUER, false, true },
	{ { .names = "otherName:1.3.6.1.4.1.57264.1.9;UTF8:user!a" }, 0, NULL, MOCK_ISSUER, false, true },
	{ { .names = "otherName:1.3.6.1.4.1.57264.1.7;IA5:user!a" }, 0, NULL, MOCK_ISSUER, false, true },
	{ { .names = "RID:1.2.3" }, 0, NULL, MOCK_ISSUER, false, true },
	{ { .older_issuer = true }, 1, MOCK_IDENTITY, MOCK_ISSUER, true, true },
	{ { .another_older_one = true }, 1, MOCK_IDENTITY, MOCK_ISSUER, true, true },
	{ { .no_issuer = true }, 1, MOCK_IDENTITY, NULL, true, true },
	{ { .no_code_signing = true }, 1, MOCK_IDENTITY, MOCK_ISSUER, true, false },
	{ { .is_ca = true }, 1, MOCK_IDENTITY, MOCK_ISSUER, true, false },
};

START_TEST(says)
{
	struct mock *m = mock_new();
	CLEANUP(buf_release) struct buf der = mock_certificate(m, &cases[_i].wish);
	CLEANUP(certificate_release) struct certificate c = { 0 };
	struct err err = { 0 };

	ck_assert_msg(certificate_read(der.data, der.len, &c, &err) == ERR_OK, "%d: %s", _i, err.msg);
	ck_assert_uint_eq(c.names_len, cases[_i].names);
	ck_assert(cases[_i].last_name == NULL || strcmp(c.names[c.names_len - 1].text, cases[_i].last_name) == 0);
	ck_assert(c.names_len == 0 || c.names[c.names_len - 1].is_email == cases[_i].is_email);
	ck_assert_int_eq(c.issuer != NULL, cases[_i].issuer != NULL);
	ck_assert(c.issuer == NULL || strcmp(c.issuer, cases[_i].issuer) == 0);
	ck_assert_int_eq(certificate_check_use(&c, &err), cases[_i].is_for_use ? ERR_OK : ERR_UNPROVED);
	mock_free(m);
}
END_TEST

/* Who vouches can be read in one way alone. */
static const struct mock_wish refused[] = {
	{ .another_issuer = true },
	{ .older_issuer = true, .another_older_one = true },
	{ .loose_issuer = true },
};

START_TEST(issuer)
{
	struct mock *m = mock_new();
	CLEANUP(buf_release) struct buf der = mock_certificate(m, &refused[_i]);
	CLEANUP(certificate_release) struct certificate c = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(certificate_read(der.data, der.len, &c, &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, "issuer of identities") != NULL, "%d: %s", _i, err.msg);
	mock_free(m);
}
END_TEST

/* In DER there is one way to write it, and nothing stands behind it. */
START_TEST(bytes)
{
	struct mock *m = mock_new();
	CLEANUP(buf_release) struct buf der = mock_certificate(m, &(struct mock_wish){ 0 });
	CLEANUP(certificate_release) struct certificate c = { 0 };
	size_t len = der.len;

	ck_assert_int_eq(buf_add(&der, "\0\0", 2, NULL), ERR_OK);
	ck_assert_int_eq(certificate_read(der.data, len + 1, &c, NULL), ERR_FORMAT);
	ck_assert_int_eq(certificate_read(der.data, len - 1, &c, NULL), ERR_FORMAT);
	ck_assert_int_eq(certificate_read(der.data, 0, &c, NULL), ERR_FORMAT);
	ck_assert_int_eq(certificate_read("\x30\x00", 2, &c, NULL), ERR_FORMAT);
	ck_assert_int_eq(certificate_read(der.data, 64 * 1024 + 1, &c, NULL), ERR_LIMIT);
	ck_assert_ptr_null(c.x509);
	mock_free(m);
}
END_TEST

static const struct {
	int64_t at;
	bool holds;
} times[] = {
	{ MOCK_TIME - 1, false },
	{ MOCK_TIME, true },
	{ MOCK_TIME + TEN_MINUTES, true },
	{ MOCK_TIME + TEN_MINUTES + 1, false },
	{ 0, false },
	{ -1, false },
	{ INT64_C(1) << 40, false },
};

START_TEST(valid)
{
	struct mock *m = mock_new();
	CLEANUP(buf_release) struct buf der = mock_certificate(m, &(struct mock_wish){ 0 });
	CLEANUP(certificate_release) struct certificate c = { 0 };

	ck_assert_int_eq(certificate_read(der.data, der.len, &c, NULL), ERR_OK);
	ck_assert_int_eq(certificate_holds_at(c.x509, times[_i].at), times[_i].holds);
	mock_free(m);
}
END_TEST

/* Whatever its own key and its issuer's are, of one kind or of two, both do what they are for. */
static const struct {
	const char *name, *pub, *signer;
} kinds[] = {
	{ "P-256 by P-256", key_p256_pub, key_p256 },
	{ "P-256 by P-384", key_p256_pub, key_p384 },
	{ "P-521 by P-384", key_p521_pub, key_p384 },
	{ "P-256 by RSA", key_p256_pub, key_rsa2048 },
	{ "P-256 by Ed25519", key_p256_pub, key_ed25519 },
	{ "RSA by P-256", key_rsa2048_pub, key_p256 },
	{ "RSA by RSA", key_rsa2048_pub, key_rsa2048 },
	{ "RSA for PSS alone by P-256", key_rsa2048_pub_pss, key_p256 },
	{ "Ed25519 by P-256", key_ed25519_pub, key_p256 },
	{ "Ed25519 by Ed25519", key_ed25519_pub, key_ed25519 },
};

START_TEST(kind)
{
	CLEANUP(buf_release) struct buf der = mock_certified(kinds[_i].pub, kinds[_i].signer);
	CLEANUP(certificate_release) struct certificate c = { 0 };
	CLEANUP(buf_release) struct buf spki = { 0 };
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	const char *name = kinds[_i].name;
	struct err err = { 0 };

	ck_assert_msg(certificate_read(der.data, der.len, &c, &err) == ERR_OK, "%s: %s", name, err.msg);
	ck_assert_msg(mock_is_certified_by(c.x509, kinds[_i].signer), "%s", name);
	spki = mock_certified_key(c.x509);
	ck_assert_int_eq(trust_key_of_der(spki.data, spki.len, NULL, name, &k, NULL), ERR_OK);
	ck_assert_msg(trust_key_equal(c.key, k), "%s", name);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("certificate");
	TCase *t = tcase_create("certificate");

	tcase_add_loop_test(t, says, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, issuer, 0, (int)COUNT_OF(refused));
	tcase_add_test(t, bytes);
	tcase_add_loop_test(t, kind, 0, (int)COUNT_OF(kinds));
	tcase_add_loop_test(t, valid, 0, (int)COUNT_OF(times));
	suite_add_tcase(s, t);
	return test_run(s);
}
