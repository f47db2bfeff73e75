#include "export/references.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

#define TEXT(s) .text = (s), .len = sizeof(s) - 1

static const struct {
	const char *name, *text;
	size_t len;
	enum err_code want;
	const char *says; /* the references, each with its line; or a part of the message */
} cases[] = {
	{ "one", TEXT("a.example/b:1\n"), ERR_OK, "a.example/b:1@1 " },
	{ "no feed at the end", TEXT("a:1\nb:2"), ERR_OK, "a:1@1 b:2@2 " },
	{ "comments and empty lines", TEXT("# ours\n\n  a:1  \n\t# theirs\nb:2 # why\n"), ERR_OK, "a:1@3 b:2@5 " },
	{ "a # inside", TEXT("a#b\n"), ERR_OK, "a#b@1 " },
	{ "lines of another system", TEXT("a:1\r\nb:2\r\n"), ERR_OK, "a:1@1 b:2@2 " },
	{ "a mark that nobody sees", TEXT("\xef\xbb\xbfg:1\nb:2\n"), ERR_OK, "g:1@1 b:2@2 " },
	{ "that mark and a comment", TEXT("\xef\xbb\xbf# ours\na:1\n"), ERR_OK, "a:1@2 " },
	{ "that mark alone", TEXT("\xef\xbb\xbf"), ERR_USAGE, "no reference in it" },
	{ "a tag and a digest", TEXT("a:1@sha256:00\n"), ERR_OK, "a:1@sha256:00@1 " },
	{ "the same twice", TEXT("a\na\n"), ERR_OK, "a@1 a@2 " },
	{ "nothing", TEXT(""), ERR_USAGE, "no reference in it" },
	{ "comments alone", TEXT("# a\n\n"), ERR_USAGE, "no reference in it" },
	{ "a NUL", TEXT("a\nb\0c\n"), ERR_USAGE, ":2: a line with a NUL byte" },
};

static enum err_code read_text(struct references *r, const char *text, size_t len, struct err *err)
{
	char *path = file_new();
	enum err_code code;

	file_put(path, text, len);
	code = references_read(r, path, err);
	file_remove(path);
	return code;
}

START_TEST(reading)
{
	CLEANUP(references_release) struct references r = { 0 };
	struct err err = { 0 };
	enum err_code got = read_text(&r, cases[_i].text, cases[_i].len, &err);
	char all[256] = "";
	size_t i;

	ck_assert_msg(got == cases[_i].want, "%s: %d %s", cases[_i].name, got, err.msg);
	for (i = 0; i < r.len; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s@%zu ", r.items[i].text, r.items[i].line);
	if (got == ERR_OK)
		ck_assert_str_eq(all, cases[_i].says);
	else
		ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%s", err.msg);
}
END_TEST

/* The longest line is taken, one byte more is not. */
START_TEST(long_lines)
{
	char line[LIMIT_TEXT_BYTES + 1];
	int more;

	memset(line, 'a', sizeof(line));
	for (more = 0; more <= 1; more++) {
		CLEANUP(references_release) struct references r = { 0 };
		struct err err = { 0 };

		ck_assert_int_eq(read_text(&r, line, (size_t)(LIMIT_TEXT_BYTES + more), &err),
				 more ? ERR_LIMIT : ERR_OK);
		ck_assert(!more || strstr(err.msg, ":1: ") != NULL);
	}
}
END_TEST

START_TEST(without_end)
{
	CLEANUP(references_release) struct references r = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(references_read(&r, "/dev/zero", &err), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "/dev/zero"));
	ck_assert_int_eq(references_read(&r, "/nothing/here", &err), ERR_NOT_FOUND);
	ck_assert_uint_eq(r.len, 0);
}
END_TEST

START_TEST(places)
{
	CLEANUP(references_release) struct references r = { 0 };
	const char *operands[] = { "a", "b" };
	struct opt_list list = { .items = operands, .len = 2 };
	struct err err = { 0 };

	ck_assert_int_eq(references_add(&r, &list, &err), ERR_OK);
	ck_assert_int_eq(read_text(&r, "\nc\n", 3, &err), ERR_OK);
	ck_assert_uint_eq(r.len, 3);
	err_set(&err, ERR_USAGE, "wrong");
	ck_assert_int_eq(references_where(&r.items[0], &err), ERR_USAGE);
	ck_assert_str_eq(err.msg, "wrong");
	ck_assert_int_eq(references_where(&r.items[2], &err), ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, ":2: wrong"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("references");
	TCase *t = tcase_create("references");

	tcase_add_loop_test(t, reading, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, long_lines);
	tcase_add_test(t, without_end);
	tcase_add_test(t, places);
	suite_add_tcase(s, t);
	return test_run(s);
}
