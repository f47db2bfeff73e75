#include "trust/site.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define OTHER 65534 /* a user who is neither root nor whoever runs this */

static char *folder;

static void set_up(void)
{
	folder = folder_new();
	folder_make_in(folder, "keys.d");
	folder_put(folder, "keys.d/b.pem", "b", 1);
	folder_put(folder, "keys.d/a.pem", "a", 1);
	folder_put(folder, "policy.json", "{}", 2);
	ck_assert_int_eq(setenv(SITE_VARIABLE, folder, 1), 0);
}

static void tear_down(void)
{
	folder_remove(folder);
}

static bool any(const char *name)
{
	return name[0] != '.';
}

START_TEST(reads)
{
	CLEANUP(site_files_release) struct site_files files = { 0 };
	CLEANUP(site_files_release) struct site_files none = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = 10 };
	struct err err = { .code = ERR_OK };

	ck_assert_msg(site_list(SITE_KEYS, any, &files, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(files.len, 2);
	ck_assert_str_eq(files.names[0], "a.pem");
	ck_assert_str_eq(files.names[1], "b.pem");
	ck_assert_int_eq(site_list(SITE_REVOKED, any, &none, &err), ERR_OK);
	ck_assert_uint_eq(none.len, 0);
	ck_assert_int_eq(site_read(SITE_KEYS, "a.pem", &text, &err), ERR_OK);
	ck_assert_int_eq(site_read(NULL, SITE_POLICY, &text, &err), ERR_OK);
	ck_assert_str_eq(buf_text(&text), "a{}");
	ck_assert_int_eq(site_read(SITE_KEYS, "c.pem", &text, &err), ERR_NOT_FOUND);
	ck_assert_int_eq(site_read(SITE_REVOKED, "c.pem", &text, &err), ERR_NOT_FOUND);
	ck_assert_int_eq(site_read(NULL, SITE_KEYS, &text, &err), ERR_IO);
}
END_TEST

/* Who else could have written what is read. */
static const struct {
	const char *path;
	mode_t mode; /* 0: it belongs to somebody else */
	bool read_fails, list_fails;
} loose[] = {
	{ ".", 0777, true, true },
	{ ".", 01777, true, true },
	{ ".", 0770, true, true },
	{ ".", 0755, false, false },
	{ "keys.d", 0757, true, true },
	{ "keys.d", 0775, true, true },
	{ "keys.d/a.pem", 0666, true, false },
	{ "keys.d/a.pem", 0464, true, false },
	{ "keys.d/a.pem", 0444, false, false },
	{ ".", 0, true, true },
	{ "keys.d", 0, true, true },
	{ "keys.d/a.pem", 0, true, false },
};

START_TEST(others)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, loose[_i].path);
	CLEANUP(site_files_release) struct site_files files = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = 10 };
	struct err err = { .code = ERR_OK };
	enum err_code got;

	if (loose[_i].mode == 0 && geteuid() != 0)
		return; /* only root can give a file away */
	if (loose[_i].mode != 0)
		ck_assert_int_eq(chmod(path, loose[_i].mode), 0);
	else
		ck_assert_int_eq(chown(path, OTHER, (gid_t)-1), 0);
	got = site_read(SITE_KEYS, "a.pem", &text, &err);
	ck_assert_msg(got == (loose[_i].read_fails ? ERR_UNPROVED : ERR_OK), "%s %o: %d (%s)", loose[_i].path,
		      loose[_i].mode, got, err.msg);
	ck_assert_uint_eq(text.len, loose[_i].read_fails ? 0 : 1);
	if (got != ERR_OK)
		ck_assert_msg(strstr(err.msg, folder) != NULL, "%s", err.msg);
	got = site_list(SITE_KEYS, any, &files, &err);
	ck_assert_msg(got == (loose[_i].list_fails ? ERR_UNPROVED : ERR_OK), "%s %o: %d (%s)", loose[_i].path,
		      loose[_i].mode, got, err.msg);
	ck_assert_int_eq(chmod(folder, 0700), 0);
}
END_TEST

/* A mistake in a name must not mean that anything goes. */
START_TEST(no_folder)
{
	CLEANUP(free_ptr) char *missing = folder_path(folder, "missing");
	CLEANUP(site_files_release) struct site_files files = { 0 };
	struct err err = { .code = ERR_OK };

	ck_assert_int_eq(setenv(SITE_VARIABLE, missing, 1), 0);
	ck_assert_int_eq(site_list(SITE_KEYS, any, &files, &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, missing));
	ck_assert_int_eq(setenv(SITE_VARIABLE, "", 1), 0);
	if (access(SITE_FOLDER, F_OK) != 0)
		ck_assert_int_eq(site_list(SITE_KEYS, any, &files, &err), ERR_OK);
}
END_TEST

START_TEST(too_many)
{
	CLEANUP(site_files_release) struct site_files files = { 0 };
	struct err err = { .code = ERR_OK };
	char name[64];
	size_t i;

	for (i = 0; i < LIMIT_TRUST_FILES; i++) {
		snprintf(name, sizeof(name), "keys.d/%zu", i);
		folder_put(folder, name, "", 0);
	}
	ck_assert_int_eq(site_list(SITE_KEYS, any, &files, &err), ERR_LIMIT);
	ck_assert_msg(strstr(err.msg, "files in keys.d: more than") == err.msg, "%s", err.msg);
}
END_TEST

/* A link that leads nowhere is no file that is missing: whoever made it meant something to count. */
static const char *const linked[] = { SITE_POLICY, "keys.d/a.pem", "keys.d", "." };

START_TEST(dangling)
{
	const char *name = linked[_i];
	bool is_all = strcmp(name, ".") == 0, is_policy = strcmp(name, SITE_POLICY) == 0;
	CLEANUP(free_ptr) char *path = folder_path(folder, is_all ? "link" : name);
	CLEANUP(site_files_release) struct site_files files = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = 10 };
	CLEANUP(free_ptr) char *aside = folder_path(folder, "aside");
	struct err err = { .code = ERR_OK };

	if (!is_all)
		ck_assert_int_eq(rename(path, aside), 0);
	ck_assert_int_eq(symlink("gone", path), 0);
	if (is_all)
		ck_assert_int_eq(setenv(SITE_VARIABLE, path, 1), 0);
	ck_assert_int_eq(site_read(is_policy ? NULL : SITE_KEYS, is_policy ? SITE_POLICY : "a.pem", &text, &err),
			 ERR_IO);
	ck_assert_msg(strstr(err.msg, "is a link to what is not there") != NULL, "%s", err.msg);
	if (is_all || strcmp(name, SITE_KEYS) == 0)
		ck_assert_int_eq(site_list(SITE_KEYS, any, &files, &err), ERR_IO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("site");
	TCase *t = tcase_create("folders");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, reads);
	tcase_add_loop_test(t, others, 0, (int)COUNT_OF(loose));
	tcase_add_test(t, no_folder);
	tcase_add_test(t, too_many);
	tcase_add_loop_test(t, dangling, 0, (int)COUNT_OF(linked));
	suite_add_tcase(s, t);
	return test_run(s);
}
