#include "common/login.h"

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

#define MAX 3

static char *folder;

/* Standard input holds this. */
static void give(const char *text)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
	close(ends[1]);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
}

static enum err_code add(struct opt_list *list, const char *item)
{
	enum err_code code = vec_grow(&list->items, &list->cap, list->len + 1, sizeof(*list->items), MAX, NULL);

	if (code == ERR_OK)
		list->items[list->len++] = item;
	return code;
}

/* The files one, two, … hold the passwords. */
static const struct {
	const char *name;
	const char *users[MAX], *passwords[MAX]; /* password: of its file */
	const char *stdin_text;                  /* NULL: no --password-stdin */
	enum err_code want;
	const char *user, *password; /* for the host "x" */
	const char *says;
} cases[] = {
	{ "nothing", { NULL }, { NULL }, NULL, ERR_OK, NULL, NULL, NULL },
	{ "from standard input", { "x=u" }, { NULL }, "p", ERR_OK, "u", "p", NULL },
	{ "with a line end", { "x=u" }, { NULL }, "p\n", ERR_OK, "u", "p", NULL },
	{ "of Windows", { "x=u" }, { NULL }, "p\r\n", ERR_OK, "u", "p", NULL },
	{ "blanks are of the password", { "x=u" }, { NULL }, " p \n", ERR_OK, "u", " p ", NULL },
	{ "a key in several lines",
	  { "x=_json_key" },
	  { NULL },
	  "{\n\"a\":1\n}\n",
	  ERR_OK,
	  "_json_key",
	  "{\n\"a\":1\n}",
	  NULL },
	{ "from a file", { "x=u" }, { "p\n" }, NULL, ERR_OK, "u", "p", NULL },
	{ "each from its file", { "y=v", "x=u" }, { "q\n", "p\n" }, NULL, ERR_OK, "u", "p", NULL },
	{ "equals in the user's name", { "x=u=v" }, { "p" }, NULL, ERR_OK, "u=v", "p", NULL },
	{ "a host with a port", { "x:5000=u" }, { "p" }, NULL, ERR_OK, NULL, NULL, NULL },
	{ "no password", { "x=u" }, { NULL }, NULL, ERR_USAGE, NULL, NULL, "--password-stdin" },
	{ "no user", { NULL }, { "s3cret" }, NULL, ERR_USAGE, NULL, NULL, "0 --username and 1 --password-file" },
	{ "no user for standard input", { NULL }, { NULL }, "s3cret", ERR_USAGE, NULL, NULL, "one --username" },
	{ "two users for one password",
	  { "x=u", "y=v" },
	  { NULL },
	  "s3cret",
	  ERR_USAGE,
	  NULL,
	  NULL,
	  "use --password-file" },
	{ "two users for one file", { "x=u", "y=v" }, { "s3cret" }, NULL, ERR_USAGE, NULL, NULL, "same order" },
	{ "both sources", { "x=u" }, { "s3cret" }, "s3cret", ERR_USAGE, NULL, NULL, "one of them" },
	{ "an empty password", { "x=u" }, { NULL }, "", ERR_USAGE, NULL, NULL, "no password in standard input" },
	{ "an empty file", { "x=u" }, { "\n" }, NULL, ERR_USAGE, NULL, NULL, "no password" },
	{ "no host", { "=u" }, { "s3cret" }, NULL, ERR_USAGE, NULL, NULL, "HOST=USER" },
	{ "no name", { "x=" }, { "s3cret" }, NULL, ERR_USAGE, NULL, NULL, "HOST=USER" },
	{ "a user alone", { "u" }, { "s3cret" }, NULL, ERR_USAGE, NULL, NULL, "HOST=USER" },
	{ "a scheme", { "https://x=u" }, { "s3cret" }, NULL, ERR_USAGE, NULL, NULL, "host alone" },
	{ "a path", { "x/y=u" }, { "s3cret" }, NULL, ERR_USAGE, NULL, NULL, "host alone" },
	{ "a password on the command line", { "x=u:s3cret" }, { "p" }, NULL, ERR_USAGE, NULL, NULL, "colon" },
	{ "a host twice", { "x=u", "X=v" }, { "p", "q" }, NULL, ERR_USAGE, NULL, NULL, "twice" },
	{ "Docker Hub twice",
	  { "docker.io=u", "index.docker.io=v" },
	  { "p", "q" },
	  NULL,
	  ERR_USAGE,
	  NULL,
	  NULL,
	  "twice" },
};

START_TEST(read_)
{
	static const char *const files[] = { "one", "two", "three" };
	CLEANUP(login_release) struct login l = { 0 };
	struct login_options options = { .password_stdin = cases[_i].stdin_text != NULL };
	char *paths[MAX] = { NULL };
	struct err err = { 0 };
	const struct login_user *u;
	enum err_code got;
	size_t i;

	folder = folder_new();
	if (cases[_i].stdin_text != NULL)
		give(cases[_i].stdin_text);
	for (i = 0; i < MAX; i++) {
		if (cases[_i].users[i] != NULL)
			ck_assert_int_eq(add(&options.usernames, cases[_i].users[i]), ERR_OK);
		if (cases[_i].passwords[i] == NULL)
			continue;
		folder_put(folder, files[i], cases[_i].passwords[i], strlen(cases[_i].passwords[i]));
		paths[i] = folder_path(folder, files[i]);
		ck_assert_int_eq(add(&options.password_files, paths[i]), ERR_OK);
	}
	got = login_read(&options, &l, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	u = login_find(&l, "x");
	ck_assert_pstr_eq(u != NULL ? u->user : NULL, cases[_i].user);
	ck_assert_pstr_eq(u != NULL ? u->password : NULL, cases[_i].password);
	ck_assert_msg(got == ERR_OK || strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, "s3cret") == NULL, "%s", err.msg);
	for (i = 0; i < MAX; i++)
		free(paths[i]);
	opt_list_release(&options.usernames);
	opt_list_release(&options.password_files);
	folder_remove(folder);
}
END_TEST

static const struct {
	const char *name;
	mode_t mode;
	size_t len; /* of the password */
	enum err_code want;
	bool warned;
} files[] = {
	{ "for its owner", 0600, 1, ERR_OK, false },
	{ "for its group", 0640, 1, ERR_OK, false },
	{ "for everybody", 0644, 1, ERR_OK, true },
	{ "the longest", 0600, LIMIT_SECRET_BYTES, ERR_OK, false },
	{ "one over", 0600, LIMIT_SECRET_BYTES + 1, ERR_LIMIT, false },
	{ "not there", 0, 0, ERR_NOT_FOUND, false },
};

START_TEST(file)
{
	CLEANUP(login_release) struct login l = { 0 };
	CLEANUP(free_ptr) char *password = malloc(files[_i].len + 1);
	CLEANUP(free_ptr) char *path = NULL;
	struct login_options options = { 0 };
	struct progress progress;
	struct err err = { 0 };
	char *said = NULL;
	size_t said_len = 0;
	FILE *to = open_memstream(&said, &said_len);

	ck_assert(password != NULL && to != NULL);
	memset(password, 'p', files[_i].len + 1);
	folder = folder_new();
	path = folder_path(folder, "password");
	if (files[_i].mode != 0) {
		folder_put(folder, "password", password, files[_i].len);
		ck_assert_int_eq(chmod(path, files[_i].mode), 0);
	}
	ck_assert_int_eq(add(&options.usernames, "x=u"), ERR_OK);
	ck_assert_int_eq(add(&options.password_files, path), ERR_OK);
	ck_assert_msg(login_read(&options, &l, &err) == files[_i].want, "%s: %s", files[_i].name, err.msg);
	ck_assert(files[_i].want == ERR_OK || strstr(err.msg, path) != NULL);
	progress_init(&progress, PROGRESS_QUIET, to, NULL);
	login_warn(&l, &progress);
	fclose(to);
	ck_assert_int_eq(strstr(said, path) != NULL, files[_i].warned);
	free(said);
	opt_list_release(&options.usernames);
	opt_list_release(&options.password_files);
	folder_remove(folder);
}
END_TEST

/* What <(…) of a shell gives. */
START_TEST(pipe_)
{
	CLEANUP(login_release) struct login l = { 0 };
	struct login_options options = { 0 };

	give("p\n");
	ck_assert_int_eq(add(&options.usernames, "x=u"), ERR_OK);
	ck_assert_int_eq(add(&options.password_files, "/dev/fd/0"), ERR_OK);
	ck_assert_int_eq(login_read(&options, &l, NULL), ERR_OK);
	ck_assert_str_eq(login_find(&l, "x")->password, "p");
	ck_assert_ptr_null(login_find(&l, "y"));
	opt_list_release(&options.usernames);
	opt_list_release(&options.password_files);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("login");
	TCase *t = tcase_create("login");

	tcase_add_loop_test(t, read_, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, file, 0, (int)COUNT_OF(files));
	tcase_add_test(t, pipe_);
	suite_add_tcase(s, t);
	return test_run(s);
}
