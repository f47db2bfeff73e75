#include "bundles/checksum.h"

#include <check.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define CONTENT_BYTES ((size_t)4999)

/* As xxHash 0.8.1 has them. */
static const struct {
	size_t len;
	uint32_t sum;
} sums[] = {
	{ 0, 0x51D8E999 },
	{ 1, 0xDB052768 },
	{ 3, 0x7DAF8CA4 },
	{ 4, 0x64692595 },
	{ 7, 0x652A2C2D },
	{ 8, 0x3C03E187 },
	{ 12, 0x9196BADF },
	{ 31, 0x4258B20D },
	{ 32, 0x89A5BDBA },
	{ 33, 0xBB49F4D0 },
	{ 63, 0xDE4CDE45 },
	{ 64, 0x95E4CF5B },
	{ 127, 0xDD16785C },
	{ 128, 0x96358489 },
	{ 129, 0xBBDAF697 },
	{ 1000, 0x45FCFD86 },
	{ CONTENT_BYTES, 0xE6CB8BC2 },
};

/* How the content comes: pieces of two sizes in turns. */
static const struct {
	const char *name;
	size_t first, second;
} pieces[] = {
	{ "one piece", CONTENT_BYTES, 1 },
	{ "byte by byte", 1, 1 },
	{ "stripes", 32, 32 },
	{ "one short of a stripe", 31, 31 },
	{ "one over a stripe", 33, 33 },
	{ "turns", 128, 128 },
	{ "one short of a turn", 127, 127 },
	{ "one over a turn", 129, 129 },
	{ "turns behind a rest", 5, 1024 },
	{ "a rest behind turns", 1024, 5 },
	{ "two halves of a stripe", 16, 16 },
};

static unsigned char content[CONTENT_BYTES];

static void content_make(void)
{
	size_t i;

	for (i = 0; i < CONTENT_BYTES; i++)
		content[i] = (unsigned char)(i * i >> 3);
}

static size_t piece(int i, size_t at, bool odd)
{
	size_t left = CONTENT_BYTES - at, len = odd ? pieces[i].second : pieces[i].first;

	return len < left ? len : left;
}

START_TEST(known)
{
	ck_assert_uint_eq(checksum_of(content, sums[_i].len), sums[_i].sum);
}
END_TEST

/* However it comes, the sum is the same. */
START_TEST(in_pieces)
{
	struct checksum c;
	bool odd = false;
	size_t at, len;

	checksum_reset(&c);
	for (at = 0; at < CONTENT_BYTES; at += len, odd = !odd) {
		ck_assert_uint_eq(checksum_value(&c), checksum_of(content, at));
		len = piece(_i, at, odd);
		checksum_add(&c, content + at, len);
	}
	ck_assert_msg(checksum_value(&c) == sums[COUNT_OF(sums) - 1].sum, "%s", pieces[_i].name);
}
END_TEST

static void proof_init(struct digest_stream *d)
{
	struct digest digest;

	ck_assert_int_eq(digest_of(content, CONTENT_BYTES, NULL, &digest, NULL), ERR_OK);
	ck_assert_int_eq(digest_stream_init(d, &digest, CONTENT_BYTES, NULL), ERR_OK);
	ck_assert_int_eq(digest_stream_due(d, CONTENT_BYTES, NULL), ERR_OK);
}

/* A digest is given every byte, in order. */
START_TEST(hashed)
{
	CLEANUP(digest_stream_release) struct digest_stream proof = { 0 };
	struct checksum c;
	bool odd = false;
	size_t at, len;

	proof_init(&proof);
	checksum_reset(&c);
	for (at = 0; at < CONTENT_BYTES; at += len, odd = !odd) {
		len = piece(_i, at, odd);
		checksum_add_hashed(&c, &proof, content + at, len);
	}
	ck_assert_msg(checksum_value(&c) == sums[COUNT_OF(sums) - 1].sum, "%s", pieces[_i].name);
	ck_assert_int_eq(digest_stream_final(&proof, NULL), ERR_OK);
}
END_TEST

/* Two at once, which come in other pieces, and end one before the other. */
START_TEST(both)
{
	struct digest_stream proofs[2] = { 0 };
	struct checksum c[2];
	size_t at[2] = { 0, 0 }, turns, i;

	for (i = 0; i < 2; i++) {
		proof_init(&proofs[i]);
		checksum_reset(&c[i]);
	}
	for (turns = 0; at[0] < CONTENT_BYTES || at[1] < CONTENT_BYTES; turns++) {
		struct checksum_turn turn[2];

		for (i = 0; i < 2; i++) {
			size_t len = piece(_i, at[i], (turns + i) % 2 == 1);

			turn[i] = (struct checksum_turn){ &c[i], &proofs[i], content + at[i], len };
			at[i] += len;
		}
		checksum_add_both(&turn[0], &turn[1]);
	}
	for (i = 0; i < 2; i++) {
		ck_assert_msg(checksum_value(&c[i]) == sums[COUNT_OF(sums) - 1].sum, "%s", pieces[_i].name);
		ck_assert_int_eq(digest_stream_final(&proofs[i], NULL), ERR_OK);
		digest_stream_release(&proofs[i]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("checksum");
	TCase *t = tcase_create("checksum");

	content_make();
	tcase_add_loop_test(t, known, 0, (int)COUNT_OF(sums));
	tcase_add_loop_test(t, in_pieces, 0, (int)COUNT_OF(pieces));
	tcase_add_loop_test(t, hashed, 0, (int)COUNT_OF(pieces));
	tcase_add_loop_test(t, both, 0, (int)COUNT_OF(pieces));
	suite_add_tcase(s, t);
	return test_run(s);
}
