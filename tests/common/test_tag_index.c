#include "common/tag_index.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define TAGS 5

static const struct {
	const char *name;
	const char *wanted[TAGS];
	unsigned due_at; /* the manifest at which the list is due; 0 for never */
} due_cases[] = {
	{ "no tag to hold a list against", { NULL }, 0 },
	{ "one tag, many manifests", { "1" }, 9 },
	{ "one short of many tags", { "1", "2", "3" }, 9 },
	{ "many tags", { "1", "2", "3", "4" }, 1 },
};

START_TEST(due)
{
	CLEANUP(tag_index_release) struct tag_index t = { 0 };
	unsigned at = 0, i;

	for (i = 0; i < TAGS && due_cases[_i].wanted[i] != NULL; i++)
		ck_assert_int_eq(tag_index_want(&t, due_cases[_i].wanted[i], NULL), ERR_OK);
	for (i = 1; i < 20; i++) {
		if (!tag_index_is_due(&t))
			continue;
		ck_assert_uint_eq(at, 0); /* once */
		at = i;
	}
	ck_assert_uint_eq(at, due_cases[_i].due_at);
	ck_assert(tag_index_may_have(&t, "sha256-0.sig")); /* nothing is known yet */
}
END_TEST

static const struct {
	const char *name;
	const char *listed[TAGS];
	bool may_have_listed, may_have_other;
} belief_cases[] = {
	{ "all that was asked for", { "b", "sha256-1.sig", "a" }, true, false },
	{ "nothing else", { "a", "b" }, true, false },
	{ "without one that was asked for", { "a", "sha256-1.sig" }, true, true },
	{ "nothing", { NULL }, true, true },
};

START_TEST(belief)
{
	CLEANUP(tag_index_release) struct tag_index t = { 0 };
	size_t len = 0;

	while (len < TAGS && belief_cases[_i].listed[len] != NULL)
		len++;
	ck_assert_int_eq(tag_index_want(&t, "a", NULL), ERR_OK);
	ck_assert_int_eq(tag_index_want(&t, "b", NULL), ERR_OK);
	ck_assert_int_eq(tag_index_learn(&t, belief_cases[_i].listed, len, NULL), ERR_OK);
	if (len > 1)
		ck_assert(tag_index_may_have(&t, belief_cases[_i].listed[1]) == belief_cases[_i].may_have_listed);
	ck_assert(tag_index_may_have(&t, "sha256-2.sig") == belief_cases[_i].may_have_other);
}
END_TEST

START_TEST(no_list)
{
	CLEANUP(tag_index_release) struct tag_index t = { 0 };

	ck_assert_int_eq(tag_index_want(&t, "a", NULL), ERR_OK);
	tag_index_give_up(&t);
	ck_assert(tag_index_may_have(&t, "sha256-1.sig"));
	ck_assert(!tag_index_is_due(&t));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tag_index");
	TCase *t = tcase_create("tag_index");

	tcase_add_loop_test(t, due, 0, (int)COUNT_OF(due_cases));
	tcase_add_loop_test(t, belief, 0, (int)COUNT_OF(belief_cases));
	tcase_add_test(t, no_list);
	suite_add_tcase(s, t);
	return test_run(s);
}
