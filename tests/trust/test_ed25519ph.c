#include "trust/ed25519ph.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/key.h"

#define KEYS 12

/* RFC 8032, section 7.3. */
#define KEY                                                                                                            \
	"\xec\x17\x2b\x93\xad\x5e\x56\x3b\xf4\x93\x2c\x70\xe1\x24\x50\x34\xc3\x54\x67\xef\x2e\xfd\x4d\x64"             \
	"\xeb\xf8\x19\x68\x34\x67\xe2\xbf"
#define SIGNATURE                                                                                                      \
	"\x98\xa7\x02\x22\xf0\xb8\x12\x1a\xa9\xd3\x0f\x81\x3d\x68\x3f\x80\x9e\x46\x2b\x46\x9c\x7f\xf8\x76\x39\x49\x9b" \
	"\xb9\x4e\x6d\xae\x41\x31\xf8\x50\x42\x46\x3c\x2a\x35\x5a\x20\x03\xd0\x62\xad\xf5\xaa\xa1\x0b\x8c\x61\xe6\x36" \
	"\x06\x2a\xaa\xd1\x1c\x2a\x26\x08\x34\x06"

struct sample {
	unsigned char key[32], signature[64], hash[64];
};

static void of_rfc(struct sample *s)
{
	memcpy(s->key, KEY, sizeof(s->key));
	memcpy(s->signature, SIGNATURE, sizeof(s->signature));
	ck_assert_int_eq(trust_hash_of(TRUST_SHA512, "abc", 3, s->hash, NULL), ERR_OK);
}

static void set_key(struct sample *s, unsigned char first, unsigned char middle, unsigned char last)
{
	memset(s->key, middle, sizeof(s->key));
	s->key[0] = first;
	s->key[31] = last;
}

static void other_hash(struct sample *s)
{
	s->hash[63] ^= 1;
}

static void other_nonce(struct sample *s)
{
	s->signature[0] ^= 1;
}

static void other_scalar(struct sample *s)
{
	s->signature[32] ^= 1;
}

/* The same number, as far as the curve is concerned: S + L. */
static void scalar_and_order(struct sample *s)
{
	static const unsigned char order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
						 0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
						 0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10 };
	unsigned carry = 0;
	size_t i;

	for (i = 0; i < 32; i++) {
		carry += (unsigned)s->signature[32 + i] + order[i];
		s->signature[32 + i] = (unsigned char)carry;
		carry >>= 8;
	}
}

static void no_signature(struct sample *s)
{
	memset(s->signature, 0, sizeof(s->signature));
}

static void largest_scalar(struct sample *s)
{
	memset(s->signature + 32, 0xff, 32);
}

static void negated_key(struct sample *s)
{
	s->key[31] ^= 0x80;
}

static void key_that_is_no_point(struct sample *s)
{
	set_key(s, 2, 0, 0);
}

/* y = 1 + p, which is no number of the field. */
static void key_above_the_field(struct sample *s)
{
	set_key(s, 0xee, 0xff, 0x7f);
}

static void key_minus_zero(struct sample *s)
{
	set_key(s, 1, 0, 0x80);
}

static const struct {
	void (*change)(struct sample *s);
	enum err_code want;
} cases[] = {
	{ NULL, ERR_OK },
	{ other_hash, ERR_UNPROVED },
	{ other_nonce, ERR_UNPROVED },
	{ other_scalar, ERR_UNPROVED },
	{ scalar_and_order, ERR_UNPROVED },
	{ no_signature, ERR_UNPROVED },
	{ largest_scalar, ERR_UNPROVED },
	{ negated_key, ERR_UNPROVED },
	{ key_that_is_no_point, ERR_UNPROVED },
	{ key_above_the_field, ERR_UNPROVED },
	{ key_minus_zero, ERR_UNPROVED },
};

START_TEST(rfc8032)
{
	struct sample s = { 0 };
	struct err err = { 0 };

	of_rfc(&s);
	if (cases[_i].change != NULL)
		cases[_i].change(&s);
	ck_assert_int_eq(ed25519ph_check(s.key, s.hash, s.signature, &err), cases[_i].want);
	ck_assert_int_eq(err.code, cases[_i].want);
}
END_TEST

/* SHA-512 of R, the key and what is signed: the plain form's. */
static bool holds(const struct sample *s, const char *bytes)
{
	unsigned char text[256], k[ED25519_HASH_BYTES];
	size_t len = strlen(bytes);
	bool holds = false;

	memcpy(text, s->signature, 32);
	memcpy(text + 32, s->key, 32);
	memcpy(text + 64, bytes, len);
	ck_assert_int_eq(trust_hash_of(TRUST_SHA512, text, 64 + len, k, NULL), ERR_OK);
	ck_assert_int_eq(ed25519_equation(s->key, k, s->signature, &holds, NULL), ERR_OK);
	return holds;
}

/* The equation of the plain form is the same, and OpenSSL knows that one: both say the same of keys as they come, and
 * of the same signature with a bit changed. */
START_TEST(as_openssl)
{
	static const char bytes[] = "what is signed";
	struct mock_signed signed_bytes = mock_sign(MOCK_ED25519, TRUST_HASHES, bytes, strlen(bytes));
	struct trust_key *k = NULL;
	struct sample s;
	size_t bit;

	ck_assert_int_eq(trust_key_of_der(signed_bytes.key, signed_bytes.key_len, NULL, "key", &k, NULL), ERR_OK);
	ck_assert(trust_key_raw(k, s.key));
	memcpy(s.signature, signed_bytes.signature, sizeof(s.signature));
	ck_assert(holds(&s, bytes));
	for (bit = (size_t)_i; bit < 8 * sizeof(s.signature); bit += 61) {
		s.signature[bit / 8] ^= (unsigned char)(1U << bit % 8);
		ck_assert_int_eq(trust_key_check_bytes(k, TRUST_HASHES, bytes, strlen(bytes), s.signature, 64, NULL),
				 ERR_UNPROVED);
		ck_assert(!holds(&s, bytes));
		s.signature[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
	ck_assert(!holds(&s, "what is not signed"));
	trust_key_free(k);
	mock_signed_release(&signed_bytes);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ed25519ph");
	TCase *t = tcase_create("ed25519ph");

	tcase_add_loop_test(t, rfc8032, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, as_openssl, 0, KEYS);
	suite_add_tcase(s, t);
	return test_run(s);
}
