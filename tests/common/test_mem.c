#include "common/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test_main.h"

static const struct {
	const char *name;
	size_t cap, need, max;
	enum err_code want;
	size_t want_cap;
} grows[] = {
	{ "nothing", 0, 0, 0, ERR_OK, 0 },           { "first", 0, 1, 100, ERR_OK, 8 },
	{ "there is room", 8, 8, 100, ERR_OK, 8 },   { "one more", 8, 9, 100, ERR_OK, 12 },
	{ "many more", 8, 50, 100, ERR_OK, 60 },     { "up to the limit", 60, 61, 70, ERR_OK, 70 },
	{ "exactly the limit", 0, 3, 3, ERR_OK, 3 }, { "one over", 0, 4, 3, ERR_LIMIT, 0 },
	{ "none allowed", 0, 1, 0, ERR_LIMIT, 0 },   { "far over", 8, SIZE_MAX, 100, ERR_LIMIT, 8 },
};

START_TEST(grow)
{
	uint32_t *items = NULL;
	size_t cap = 0, i;
	struct err err = { 0 };
	enum err_code got;

	if (grows[_i].cap > 0) {
		items = calloc(grows[_i].cap, sizeof(*items));
		ck_assert_ptr_nonnull(items);
		cap = grows[_i].cap;
		memset(items, 0xff, cap * sizeof(*items));
	}
	got = vec_grow(&items, &cap, grows[_i].need, sizeof(*items), grows[_i].max, &err);
	ck_assert_msg(got == grows[_i].want, "%s: %d, %s", grows[_i].name, got, err.msg);
	ck_assert_uint_eq(cap, grows[_i].want_cap);
	for (i = 0; i < cap; i++) /* what was there stays, what is new is zero */
		ck_assert_uint_eq(items[i], i < grows[_i].cap ? UINT32_MAX : 0);
	free(items);
}
END_TEST

/* One by one up to the limit, as every caller does it. */
START_TEST(grow_one_by_one)
{
	uint64_t *items = NULL;
	size_t cap = 0, len;
	struct err err = { 0 };

	for (len = 0; vec_grow(&items, &cap, len + 1, sizeof(*items), 1000, &err) == ERR_OK; len++)
		items[len] = len;
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_str_eq(err.msg, "more than 1000 items");
	ck_assert_uint_eq(len, 1000);
	while (len-- > 0)
		ck_assert_uint_eq(items[len], len);
	free(items);
}
END_TEST

static int released;

static void count_release(int *value)
{
	released += *value;
}

START_TEST(cleanup)
{
	{
		CLEANUP(count_release) int a = 1;
		CLEANUP(free_ptr) char *text = strdup("freed here"), *none = NULL;

		ck_assert_ptr_nonnull(text);
		ck_assert_ptr_null(none);
		ck_assert_int_eq(a, 1);
	}
	ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(take)
{
	CLEANUP(free_ptr) char *from = strdup("moved");
	CLEANUP(free_ptr) char *to = take_ptr(&from);

	ck_assert_ptr_null(from);
	ck_assert_str_eq(to, "moved");
	ck_assert_ptr_null(take_ptr(&from));
}
END_TEST

struct outer {
	int before;
	struct inner {
		int value;
	} inner;
};

START_TEST(outer_of)
{
	struct outer o = { .before = 1, .inner.value = 2 };
	struct inner *in = &o.inner;

	ck_assert_ptr_eq(OUTER_OF(in, struct outer, inner), &o);
}
END_TEST

START_TEST(copies)
{
	CLEANUP(free_ptr) char *copy = NULL, *formatted = NULL, *empty = NULL;
	const char *text = "text";
	char *none = &(char){ 'x' };

	ck_assert_int_eq(str_copy(text, &copy, NULL), ERR_OK);
	ck_assert_str_eq(copy, text);
	ck_assert_ptr_ne(copy, text);
	ck_assert_int_eq(str_copy("", &empty, NULL), ERR_OK);
	ck_assert_str_eq(empty, "");
	ck_assert_int_eq(str_copy(NULL, &none, NULL), ERR_OK);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(str_format(&formatted, NULL, "%s-%d", "a", 7), ERR_OK);
	ck_assert_str_eq(formatted, "a-7");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mem");
	TCase *t = tcase_create("mem");

	tcase_add_loop_test(t, grow, 0, (int)COUNT_OF(grows));
	tcase_add_test(t, grow_one_by_one);
	tcase_add_test(t, cleanup);
	tcase_add_test(t, take);
	tcase_add_test(t, outer_of);
	tcase_add_test(t, copies);
	suite_add_tcase(s, t);
	return test_run(s);
}
