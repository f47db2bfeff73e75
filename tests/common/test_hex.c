#include "common/hex.h"

#include <check.h>

#include "tests/lib/test_main.h"

START_TEST(encode)
{
	static const unsigned char bytes[] = { 0x00, 0x09, 0xaf, 0xff };
	char out[2 * sizeof(bytes) + 1];

	hex_encode(out, bytes, sizeof(bytes));
	ck_assert_str_eq(out, "0009afff");
	hex_encode(out, bytes, 0);
	ck_assert_str_eq(out, "");
}
END_TEST

/* Every byte: the digits have their value, in either case, and nothing else has one. */
START_TEST(value)
{
	int byte = _i, want = -1;

	if (byte >= '0' && byte <= '9')
		want = byte - '0';
	else if ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'))
		want = (byte | 0x20) - 'a' + 10;
	ck_assert_int_eq(hex_value((char)byte), want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hex");
	TCase *t = tcase_create("hex");

	tcase_add_test(t, encode);
	tcase_add_loop_test(t, value, 0, 256);
	suite_add_tcase(s, t);
	return test_run(s);
}
