#include "common/intern.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

START_TEST(one_copy_of_each)
{
	CLEANUP(intern_release) struct intern t = { 0 };
	const char *kept[1000], *again = NULL;
	char text[32];
	size_t i;

	for (i = 0; i < COUNT_OF(kept); i++) {
		snprintf(text, sizeof(text), "text %zu", i);
		ck_assert_int_eq(intern_text(&t, text, &kept[i], NULL), ERR_OK);
	}
	for (i = 0; i < COUNT_OF(kept); i++) {
		snprintf(text, sizeof(text), "text %zu", i);
		ck_assert_str_eq(kept[i], text);
		ck_assert_int_eq(intern_text(&t, text, &again, NULL), ERR_OK);
		ck_assert_ptr_eq(again, kept[i]);
	}
}
END_TEST

START_TEST(bounds)
{
	CLEANUP(intern_release) struct intern t = { 0 };
	CLEANUP(free_ptr) char *longest = calloc(1, LIMIT_TEXT_BYTES + 2);
	const char *again = NULL;

	memset(longest, 'x', LIMIT_TEXT_BYTES);
	ck_assert_int_eq(intern_text(&t, longest, &again, NULL), ERR_OK);
	longest[LIMIT_TEXT_BYTES] = 'x';
	ck_assert_int_eq(intern_text(&t, longest, &again, NULL), ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intern");
	TCase *t = tcase_create("intern");

	tcase_add_test(t, one_copy_of_each);
	tcase_add_test(t, bounds);
	suite_add_tcase(s, t);
	return test_run(s);
}
