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

/* A proof is given every byte, in order. */
START_TEST(proved)
{
	CLEANUP(digest_stream_release) struct digest_stream proof = { 0 };
	struct digest digest;
	struct checksum c;
	bool odd = false;
	size_t at, len;

	ck_assert_int_eq(digest_of(content, CONTENT_BYTES, NULL, &digest, NULL), ERR_OK);
	ck_assert_int_eq(digest_stream_init(&proof, &digest, CONTENT_BYTES, NULL), ERR_OK);
	checksum_reset(&c);
	for (at = 0; at < CONTENT_BYTES; at += len, odd = !odd) {
		len = piece(_i, at, odd);
		ck_assert_int_eq(checksum_add_proved(&c, &proof, content + at, len, NULL), ERR_OK);
	}
	ck_assert_msg(checksum_value(&c) == sums[COUNT_OF(sums) - 1].sum, "%s", pieces[_i].name);
	ck_assert_int_eq(digest_stream_final(&proof, NULL), ERR_OK);
}
END_TEST

/* What the proof refuses is refused, wherever in the bytes that is. */
START_TEST(refused)
{
	static const size_t sizes[] = { 0, 1, 127, 128, 129, CONTENT_BYTES - 1 };
	CLEANUP(digest_stream_release) struct digest_stream proof = { 0 };
	struct digest digest;
	struct checksum c;

	ck_assert_int_eq(digest_of(content, CONTENT_BYTES, NULL, &digest, NULL), ERR_OK);
	ck_assert_int_eq(digest_stream_init(&proof, &digest, sizes[_i], NULL), ERR_OK);
	checksum_reset(&c);
	ck_assert_int_eq(checksum_add_proved(&c, &proof, content, CONTENT_BYTES, NULL), ERR_SIZE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("checksum");
	TCase *t = tcase_create("checksum");

	content_make();
	tcase_add_loop_test(t, known, 0, (int)COUNT_OF(sums));
	tcase_add_loop_test(t, in_pieces, 0, (int)COUNT_OF(pieces));
	tcase_add_loop_test(t, proved, 0, (int)COUNT_OF(pieces));
	tcase_add_loop_test(t, refused, 0, 6);
	suite_add_tcase(s, t);
	return test_run(s);
}
