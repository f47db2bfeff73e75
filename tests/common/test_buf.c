#include "common/buf.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name;
	uint64_t max;
	size_t chunk, times; /* add so many bytes, so often */
	enum err_code want;  /* of the last time */
} adds[] = {
	{ "nothing into nothing", 0, 0, 1, ERR_OK },
	{ "one into nothing", 0, 1, 1, ERR_LIMIT },
	{ "exactly full", 10, 10, 1, ERR_OK },
	{ "one over at once", 10, 11, 1, ERR_LIMIT },
	{ "one over in steps", 10, 1, 11, ERR_LIMIT },
	{ "last step too long", 10, 3, 4, ERR_LIMIT },
	{ "past the first room", 1000, 1, 257, ERR_OK },
	{ "full at the first room", 256, 1, 256, ERR_OK },
	{ "one over the first room", 256, 1, 257, ERR_LIMIT },
	{ "large at once", 1000000, 1000000, 1, ERR_OK },
	{ "no limit", UINT64_MAX, 1000, 100, ERR_OK },
};

START_TEST(add)
{
	CLEANUP(buf_release) struct buf b;
	CLEANUP(free_ptr) char *bytes = malloc(adds[_i].chunk + 1);
	struct err err = { 0 };
	enum err_code got = ERR_OK;
	size_t i, want_len = 0;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', adds[_i].chunk + 1);
	buf_init(&b, adds[_i].max);
	for (i = 0; i < adds[_i].times; i++) {
		ck_assert_msg(got == ERR_OK, "%s: full after %zu", adds[_i].name, i);
		got = buf_add(&b, bytes, adds[_i].chunk, &err);
		want_len += got == ERR_OK ? adds[_i].chunk : 0;
	}
	ck_assert_msg(got == adds[_i].want, "%s: %d, %s", adds[_i].name, got, err.msg);
	ck_assert_uint_eq(b.len, want_len); /* what does not fit is not added in part */
	ck_assert_uint_eq(strlen(buf_text(&b)), want_len);
}
END_TEST

START_TEST(text)
{
	struct buf b;
	struct err err = { 0 };

	buf_init(&b, 20);
	ck_assert_str_eq(buf_text(&b), "");
	ck_assert_int_eq(buf_puts(&b, "one", &err), ERR_OK);
	ck_assert_int_eq(buf_printf(&b, &err, " %s %d", "two", 3), ERR_OK);
	ck_assert_str_eq(buf_text(&b), "one two 3");
	ck_assert_int_eq(buf_printf(&b, &err, "%20d", 1), ERR_LIMIT);
	ck_assert_str_eq(buf_text(&b), "one two 3");
	ck_assert_int_eq(buf_add(&b, "a\0b", 3, &err), ERR_OK);
	ck_assert_uint_eq(b.len, 12);
	buf_clear(&b);
	ck_assert_str_eq(buf_text(&b), "");
	ck_assert_uint_gt(b.cap, 0);
	buf_release(&b);
	ck_assert_ptr_null(b.data);
	ck_assert_int_eq(buf_puts(&b, "again", &err), ERR_OK); /* release keeps the maximum */
	buf_release(&b);
	buf_release(&b);
	buf_clear(&b);
}
END_TEST

START_TEST(zeroed)
{
	struct buf b = { 0 };

	ck_assert_int_eq(buf_puts(&b, "x", NULL), ERR_LIMIT);
	ck_assert_str_eq(buf_text(&b), "");
	buf_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("buf");
	TCase *t = tcase_create("buf");

	tcase_add_loop_test(t, add, 0, (int)COUNT_OF(adds));
	tcase_add_test(t, text);
	tcase_add_test(t, zeroed);
	suite_add_tcase(s, t);
	return test_run(s);
}
