#include "export/notes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name;
	const char *annotations[3];
	const char *stream, *serial;
	enum err_code want;
	const char *message;
} cases[] = {
	{ "nothing", { NULL }, NULL, NULL, ERR_OK, NULL },
	{ "one", { "ticket=OPS-1" }, NULL, NULL, ERR_OK, NULL },
	{ "a value with an equals sign", { "query=a=b" }, NULL, NULL, ERR_OK, NULL },
	{ "two, the larger first", { "b=2", "a=1" }, NULL, NULL, ERR_OK, NULL },
	{ "a stream", { NULL }, "release", "20261124001", ERR_OK, NULL },
	{ "no equals sign", { "ticket" }, NULL, NULL, ERR_USAGE, "KEY=VALUE" },
	{ "no key", { "=x" }, NULL, NULL, ERR_USAGE, "KEY=VALUE" },
	{ "no value", { "x=" }, NULL, NULL, ERR_USAGE, "KEY=VALUE" },
	{ "no UTF-8", { "x=\xff" }, NULL, NULL, ERR_USAGE, "UTF-8" },
	{ "twice", { "a=1", "a=2" }, NULL, NULL, ERR_USAGE, "twice" },
	{ "a stream without a serial", { NULL }, "release", NULL, ERR_USAGE, "go together" },
	{ "a serial without a stream", { NULL }, NULL, "1", ERR_USAGE, "go together" },
	{ "a stream without a name", { NULL }, "", "1", ERR_USAGE, "a name" },
	{ "serial 0", { NULL }, "release", "0", ERR_USAGE, "whole number" },
	{ "a negative serial", { NULL }, "release", "-1", ERR_USAGE, "whole number" },
	{ "no number", { NULL }, "release", "1x", ERR_USAGE, "whole number" },
	{ "no digits", { NULL }, "release", "", ERR_USAGE, "whole number" },
	{ "a space", { NULL }, "release", " 1", ERR_USAGE, "whole number" },
	{ "over 63 bits", { NULL }, "release", "9223372036854775808", ERR_USAGE, "whole number" },
	{ "over 64 bits", { NULL }, "release", "99999999999999999999", ERR_USAGE, "whole number" },
};

START_TEST(reading)
{
	const char *items[COUNT_OF(cases[0].annotations)];
	struct opt_list list = { .items = items };
	CLEANUP(notes_release) struct notes n = { 0 };
	struct err err = { .code = ERR_OK };
	enum err_code got;
	size_t i;

	for (; list.len < COUNT_OF(items) && cases[_i].annotations[list.len] != NULL; list.len++)
		items[list.len] = cases[_i].annotations[list.len];
	got = notes_read(&list, cases[_i].stream, cases[_i].serial, &n, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d %s", cases[_i].name, got, err.msg);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, cases[_i].message) != NULL, "%s", err.msg);
		return;
	}
	ck_assert_uint_eq(n.notes.annotations_len, list.len);
	for (i = 1; i < list.len; i++)
		ck_assert_str_lt(n.notes.annotations[i - 1].key, n.notes.annotations[i].key);
	if (cases[_i].serial != NULL)
		ck_assert_uint_eq(n.notes.serial, strtoull(cases[_i].serial, NULL, 10));
}
END_TEST

static const struct {
	const char *path;
	enum err_code want;
} roots[] = {
	{ "tests/fixtures/sigstore/trusted_root_public.json", ERR_OK },
	{ "tests/fixtures/cosign.pub", ERR_FORMAT },
	{ "tests/fixtures/none.json", ERR_NOT_FOUND },
};

START_TEST(includes_a_root)
{
	CLEANUP(notes_release) struct notes n = { 0 };
	struct err err = { .code = ERR_OK };
	enum err_code got = notes_include_root(&n, roots[_i].path, &err);

	ck_assert_msg(got == roots[_i].want, "%s: %d %s", roots[_i].path, got, err.msg);
	ck_assert((n.notes.trusted_root != NULL) == (got == ERR_OK));
	ck_assert(got == ERR_OK || strstr(err.msg, roots[_i].path) != NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("notes");
	TCase *t = tcase_create("notes");

	tcase_add_loop_test(t, reading, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, includes_a_root, 0, (int)COUNT_OF(roots));
	suite_add_tcase(s, t);
	return test_run(s);
}
