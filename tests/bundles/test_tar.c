#include "bundles/tar.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define TEN "0123456789"
#define HEX64 TEN TEN TEN TEN TEN TEN "0123"
#define SHORT "blobs/sha256/" HEX64
#define LONG "blobs/sha512/" HEX64 HEX64
#define NAME_100 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define GIB8 ((uint64_t)1 << 33)

static const struct {
	const char *name, *member;
	uint64_t size_bytes;
	size_t want_bytes;
	const char *field_name, *field_size, *records;
} cases[] = {
	{ "plain", "oci-layout", 30, 512, "oci-layout", "00000000036", NULL },
	{ "no content", "index.json", 0, 512, "index.json", "00000000000", NULL },
	{ "sha256", SHORT, 1000, 512, SHORT, "00000001750", NULL },
	{ "longest name", NAME_100, 1, 512, NAME_100, "00000000001", NULL },
	{ "one over", NAME_100 "x", 1, 1536, NAME_100, "00000000001", "111 path=" NAME_100 "x\n" },
	{ "sha512", LONG, 1, 1536, NULL, "00000000001", "151 path=" LONG "\n" },
	{ "largest size", SHORT, GIB8 - 1, 512, SHORT, "77777777777", NULL },
	{ "8 GiB", SHORT, GIB8, 1536, SHORT, "00000000000", "19 size=8589934592\n" },
	{ "both", LONG, GIB8 + 1, 1536, NULL, "00000000000", "151 path=" LONG "\n19 size=8589934593\n" },
};

/* The sum of a header with spaces where the sum stands, as the header says and as it is. */
static void check_sum(const unsigned char *header)
{
	unsigned long sum = 8UL * ' ';
	size_t i;

	for (i = 0; i < TAR_BLOCK; i++)
		sum += i < 148 || i >= 156 ? header[i] : 0;
	ck_assert_uint_eq(strtoul((const char *)header + 148, NULL, 8), sum);
	ck_assert_int_eq(header[154], 0);
	ck_assert_int_eq(header[155], ' ');
}

START_TEST(header)
{
	unsigned char out[TAR_HEADER_MAX], *last;
	size_t len = tar_header(cases[_i].member, cases[_i].size_bytes, out);

	ck_assert_uint_eq(len, cases[_i].want_bytes);
	ck_assert_uint_eq(len, tar_header_bytes(cases[_i].member, cases[_i].size_bytes));
	last = out + len - TAR_BLOCK;
	check_sum(out);
	check_sum(last);
	ck_assert_int_eq(last[156], '0');
	ck_assert_mem_eq(last + 100, "0000644\0000000000\0000000000", 24);
	ck_assert_mem_eq(last + 136, "00000000000", 12);
	ck_assert_mem_eq(last + 257, "ustar\00000", 8);
	ck_assert_str_eq((char *)last + 124, cases[_i].field_size);
	if (cases[_i].field_name != NULL)
		ck_assert_mem_eq(last, cases[_i].field_name, strlen(cases[_i].field_name));
	if (cases[_i].records == NULL)
		return;
	ck_assert_int_eq(out[156], 'x');
	ck_assert_str_eq((char *)out, "PaxHeader");
	ck_assert_uint_eq(strtoul((char *)out + 124, NULL, 8), strlen(cases[_i].records));
	ck_assert_str_eq((char *)out + TAR_BLOCK, cases[_i].records);
}
END_TEST

static const struct {
	uint64_t size_bytes;
	size_t want;
} paddings[] = { { 0, 0 }, { 1, 511 }, { 511, 1 }, { 512, 0 }, { 513, 511 }, { GIB8 - 1, 1 } };

START_TEST(padding)
{
	ck_assert_uint_eq(tar_padding_bytes(paddings[_i].size_bytes), paddings[_i].want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tar");
	TCase *t = tcase_create("form");

	tcase_add_loop_test(t, header, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, padding, 0, (int)COUNT_OF(paddings));
	suite_add_tcase(s, t);
	return test_run(s);
}
