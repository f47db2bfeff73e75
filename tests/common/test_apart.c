#include "common/apart.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

static char *folder;

static void setup(void)
{
	folder = folder_new();
	ck_assert_int_eq(chdir(folder), 0);
	folder_put(folder, "key", "key", 3);
	folder_put(folder, "list", "list", 4);
	folder_put(folder, "other", "key", 3);
	folder_put(folder, "-", "odd", 3);
	ck_assert_int_eq(symlink("key", "link"), 0);
	ck_assert_int_eq(link("list", "hard"), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
}

static const struct {
	const char *name, *output, *what; /* NULL where it is none of them */
} cases[] = {
	{ "nothing there", "new", NULL },
	{ "another file with the same content", "other", NULL },
	{ "the one that is named", "key", "the key" },
	{ "spelt otherwise", "./key", "the key" },
	{ "through a link", "link", "the key" },
	{ "one of a list", "list", "a list" },
	{ "by another name", "hard", "a list" },
	{ "below a file", "key/new", NULL },
	{ "standard output, and a file of that name", "-", NULL },
};

START_TEST(apart)
{
	const char *items[] = { "none", "list" };
	const struct opt_list lists = { items, 2, 2 }, empty = { 0 };
	const struct apart inputs[] = {
		{ "a thing that is not given", NULL, NULL },
		{ "the key", "key", NULL },
		{ "nothing", NULL, &empty },
		{ "a list", NULL, &lists },
		{ "a file of an odd name", "-", NULL },
	};
	struct err err = { 0 };
	enum err_code code = apart_check(cases[_i].output, inputs, COUNT_OF(inputs), &err);

	ck_assert_msg(code == (cases[_i].what != NULL ? ERR_USAGE : ERR_OK), "%s: %s", cases[_i].name, err.msg);
	if (cases[_i].what != NULL) {
		ck_assert_ptr_nonnull(strstr(err.msg, cases[_i].what));
		ck_assert_ptr_nonnull(strstr(err.msg, cases[_i].output));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("apart");
	TCase *t = tcase_create("apart");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, apart, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
