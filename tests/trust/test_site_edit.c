#include "trust/site_edit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

static char *folder, *site;

static void setup(void)
{
	folder = folder_new();
	site = folder_path(folder, "site");
	ck_assert_int_eq(setenv(SITE_VARIABLE, site, 1), 0);
}

static void teardown(void)
{
	unsetenv(SITE_VARIABLE);
	free(site);
	folder_remove(folder);
}

#define TEN "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name;
	bool is_name;
} names[] = {
	{ "acme", true },   { "acme-2026_b.pem", true },
	{ "0", true },      { "", false },
	{ ".acme", false }, { "-acme", false },
	{ "_acme", false }, { "a/b", false },
	{ "..", false },    { "a b", false },
	{ "a\n", false },   { "\xc3\xa4", false },
	{ HUNDRED, true },  { HUNDRED "k", false },
	{ "a*", false },    { "acme.part", true },
};

START_TEST(tells_names)
{
	ck_assert_msg(site_is_name(names[_i].name) == names[_i].is_name, "%s", names[_i].name);
}
END_TEST

static const struct {
	const char *name;
	size_t stem;
} stems[] = { { "acme.pem", 4 },     { "acme.pub", 4 }, { "acme.list", 4 }, { "acme", 4 },
	      { "acme.pem.pub", 8 }, { ".pem", 0 },     { "acme.PEM", 8 },  { "acme.txt", 8 } };

START_TEST(cuts_ends)
{
	ck_assert_uint_eq(site_stem_len(stems[_i].name), stems[_i].stem);
}
END_TEST

/* The first change makes the folder, and it is nobody else's to write to. */
START_TEST(puts_and_removes)
{
	CLEANUP(close_fd) int lock = -1;
	CLEANUP(free_ptr) char *first = NULL;
	CLEANUP(free_ptr) char *second = NULL;
	struct err err = { 0 };
	struct stat st;

	umask(0);
	ck_assert_int_eq(site_lock(true, &lock, NULL), ERR_OK);
	ck_assert_int_eq(site_put(SITE_KEYS, "a.pem", "a much longer text", 18, NULL), ERR_OK);
	first = folder_read(site, SITE_KEYS "/a.pem", NULL);
	ck_assert_str_eq(first, "a much longer text");
	ck_assert_int_eq(site_put(SITE_KEYS, "a.pem", "short", 5, NULL), ERR_OK);
	second = folder_read(site, SITE_KEYS "/a.pem", NULL);
	ck_assert_str_eq(second, "short");
	ck_assert_int_eq(stat(site, &st), 0);
	ck_assert_uint_eq(st.st_mode & 022, 0);
	ck_assert_int_eq(site_remove(SITE_KEYS, "a.pem", NULL), ERR_OK);
	ck_assert(!folder_has(site, SITE_KEYS "/a.pem"));
	ck_assert_int_eq(site_remove(SITE_KEYS, "a.pem", &err), ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "a.pem"));
}
END_TEST

START_TEST(one_at_a_time)
{
	CLEANUP(close_fd) int first = -1;
	CLEANUP(close_fd) int second = -1;
	struct err err = { 0 };

	ck_assert_int_eq(site_lock(true, &first, NULL), ERR_OK);
	ck_assert_int_eq(site_lock(true, &second, &err), ERR_CONFLICT);
	ck_assert_int_eq(second, -1);
	close(first);
	first = -1;
	ck_assert_int_eq(site_lock(true, &second, NULL), ERR_OK);
}
END_TEST

/* A link in its place is replaced; what it leads to stays as it is. */
START_TEST(follows_no_link)
{
	CLEANUP(free_ptr) char *link = NULL;
	CLEANUP(free_ptr) char *text = NULL;

	folder_put(folder, "elsewhere", "kept", 4);
	ck_assert_int_eq(site_put(SITE_KEYS, "b.pem", "b", 1, NULL), ERR_OK);
	link = folder_path(site, SITE_KEYS "/a.pem");
	ck_assert_int_eq(symlink("../../elsewhere", link), 0);
	ck_assert_int_eq(site_put(SITE_KEYS, "a.pem", "new", 3, NULL), ERR_OK);
	text = folder_read(folder, "elsewhere", NULL);
	ck_assert_str_eq(text, "kept");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("site_edit");
	TCase *t = tcase_create("site_edit");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, tells_names, 0, (int)COUNT_OF(names));
	tcase_add_loop_test(t, cuts_ends, 0, (int)COUNT_OF(stems));
	tcase_add_test(t, puts_and_removes);
	tcase_add_test(t, one_at_a_time);
	tcase_add_test(t, follows_no_link);
	suite_add_tcase(s, t);
	return test_run(s);
}
