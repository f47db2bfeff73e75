#include "import/serve_names.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* By name, as strcmp has it. */
static const struct {
	const char *repository, *rest;
} made[] = {
	{ "Big.Test/app", ":1" },
	{ "[::1]:5000/six", ":1" },
	{ "docker.io/library/alpine", ":3.20" },
	{ "docker.io/library/busybox", "@" DIGEST },
	{ "docker.io/other/app", ":1" },
	{ "localhost-5000/app", ":dash" },
	{ "localhost-5000/one", ":1" },
	{ "localhost:5000/app", ":colon" },
	{ "localhost:5000/two", ":1" },
	{ "one.test/both", ":1" },
	{ "one.test/demo/app-x", ":1" },
	{ "one.test/demo/app", ":1" },
	{ "one.test/demo/app", ":2" },
	{ "one.test/demo/app", "@" DIGEST },
	{ "one.test/two.test/deep", ":1" },
	{ "two.test/alpine", ":1" },
	{ "two.test/both", ":1" },
	{ "two.test/deep", ":1" },
};

static struct catalog_image images[COUNT_OF(made)];
static const struct catalog_image *list[COUNT_OF(made)];
static char *texts[COUNT_OF(made)];
static struct serve_names names;

static void begin(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(made); i++) {
		ck_assert_int_eq(str_format(&texts[i], NULL, "%s%s", made[i].repository, made[i].rest), ERR_OK);
		ck_assert(i == 0 || strcmp(texts[i - 1], texts[i]) < 0);
		images[i] = (struct catalog_image){ .name = texts[i], .repository_len = strlen(made[i].repository) };
		list[i] = &images[i];
	}
	names = (struct serve_names){ list, COUNT_OF(made) };
}

static void end(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(made); i++)
		free(texts[i]);
}

static const struct {
	const char *name, *ns, *want;
	enum err_code code;
} cases[] = {
	{ "one.test/demo/app", NULL, "one.test/demo/app", ERR_OK },
	{ "demo/app", NULL, "one.test/demo/app", ERR_OK },
	{ "demo/app-x", NULL, "one.test/demo/app-x", ERR_OK },
	{ "demo/ap", NULL, NULL, ERR_NOT_FOUND },
	{ "demo", NULL, NULL, ERR_NOT_FOUND },
	{ "one.test/demo", NULL, NULL, ERR_NOT_FOUND },
	{ "one.test", NULL, NULL, ERR_NOT_FOUND },
	{ "both", NULL, NULL, ERR_CONFLICT },
	{ "two.test/both", NULL, "two.test/both", ERR_OK },
	{ "both", "one.test", "one.test/both", ERR_OK },
	{ "both", "three.test", NULL, ERR_NOT_FOUND },
	{ "one.test/both", "one.test", NULL, ERR_NOT_FOUND },
	/* A full name comes before a path that looks like one. */
	{ "two.test/deep", NULL, "two.test/deep", ERR_OK },
	{ "two.test/deep", "one.test", "one.test/two.test/deep", ERR_OK },
	{ "deep", NULL, "two.test/deep", ERR_OK },
	/* Docker Hub's, of which one is named by digest only. */
	{ "docker.io/library/alpine", NULL, "docker.io/library/alpine", ERR_OK },
	{ "docker.io/alpine", NULL, "docker.io/library/alpine", ERR_OK },
	{ "library/alpine", NULL, "docker.io/library/alpine", ERR_OK },
	{ "library/alpine", "docker.io", "docker.io/library/alpine", ERR_OK },
	{ "alpine", "docker.io", "docker.io/library/alpine", ERR_OK },
	{ "alpine", NULL, NULL, ERR_CONFLICT },
	{ "busybox", NULL, "docker.io/library/busybox", ERR_OK },
	{ "busybox", "one.test", NULL, ERR_NOT_FOUND },
	{ "other/app", NULL, "docker.io/other/app", ERR_OK },
	{ "library/both", NULL, NULL, ERR_NOT_FOUND },
	/* Ports and capitals. */
	{ "localhost:5000/app", NULL, "localhost:5000/app", ERR_OK },
	{ "localhost-5000/app", NULL, "localhost-5000/app", ERR_OK },
	{ "localhost-5000/two", NULL, "localhost:5000/two", ERR_OK },
	{ "localhost:5000/one", NULL, "localhost-5000/one", ERR_OK },
	{ "two", "localhost:5000", "localhost:5000/two", ERR_OK },
	{ "0--1-5000/six", NULL, "[::1]:5000/six", ERR_OK },
	{ "[::1]:5000/six", NULL, "[::1]:5000/six", ERR_OK },
	{ "six", "[::1]:5000", "[::1]:5000/six", ERR_OK },
	{ "Big.Test/app", NULL, "Big.Test/app", ERR_OK },
	{ "big.test/app", NULL, "Big.Test/app", ERR_OK },
	{ "app", NULL, NULL, ERR_CONFLICT },
	{ "", NULL, NULL, ERR_NOT_FOUND },
	{ "both", "", NULL, ERR_NOT_FOUND },
};

START_TEST(find)
{
	CLEANUP(free_ptr) char *got = NULL;
	struct err err = { 0 };
	enum err_code code = serve_names_find(names, cases[_i].name, cases[_i].ns, &got, &err);

	ck_assert_msg(code == cases[_i].code, "%s: %d %s", cases[_i].name, (int)code, got != NULL ? got : err.msg);
	if (cases[_i].want != NULL)
		ck_assert_str_eq(got, cases[_i].want);
	else
		ck_assert_ptr_null(got);
	if (code == ERR_CONFLICT)
		ck_assert_ptr_nonnull(strstr(err.msg, "full name"));
}
END_TEST

static const struct {
	const char *ns, *want;
} lists[] = {
	{ NULL, "0--1-5000/six big.test/app docker.io/library/alpine docker.io/library/busybox docker.io/other/app "
		"localhost-5000/app localhost-5000/one localhost-5000/two one.test/both one.test/demo/app "
		"one.test/demo/app-x one.test/two.test/deep two.test/alpine two.test/both two.test/deep " },
	{ "one.test", "both demo/app demo/app-x two.test/deep " },
	{ "localhost:5000", "app one two " },
	{ "three.test", "" },
};

START_TEST(all)
{
	CLEANUP(buf_release) struct buf got;
	char **items = NULL;
	size_t len = 0, i;

	buf_init(&got, 4 * KIB);
	ck_assert_int_eq(serve_names_list(names, lists[_i].ns, &items, &len, NULL), ERR_OK);
	for (i = 0; i < len; i++)
		ck_assert_int_eq(buf_printf(&got, NULL, "%s ", items[i]), ERR_OK);
	ck_assert_str_eq(buf_text(&got), lists[_i].want);
	serve_names_free(items, len);
}
END_TEST

START_TEST(none)
{
	struct serve_names empty = { 0 };
	char **items = NULL, *repository = NULL;
	size_t len = 1;

	ck_assert_int_eq(serve_names_list(empty, NULL, &items, &len, NULL), ERR_OK);
	ck_assert_uint_eq(len, 0);
	serve_names_free(items, len);
	ck_assert_int_eq(serve_names_find(empty, "app", NULL, &repository, NULL), ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_names");
	TCase *t = tcase_create("serve_names");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, all, 0, (int)COUNT_OF(lists));
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return test_run(s);
}
