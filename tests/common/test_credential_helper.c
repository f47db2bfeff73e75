#include "common/credential_helper.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define SHELL "#!/bin/sh\n"
#define ANSWER "{\"ServerURL\":\"x\",\"Username\":\"user\",\"Secret\":\"s3cret\"}"
#define LONG_MS 20000

static char *folder;

/* A program of this name in a folder that stands first in PATH; NULL for none. */
static void install(const char *name, const char *script)
{
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *search = NULL;

	folder = folder_new();
	ck_assert_int_eq(str_format(&search, NULL, "%s:/usr/bin:/bin", folder), ERR_OK);
	ck_assert_int_eq(setenv("PATH", search, 1), 0);
	if (script == NULL)
		return;
	folder_put(folder, name, script, strlen(script));
	path = folder_path(folder, name);
	ck_assert_int_eq(chmod(path, 0755), 0);
}

static const struct {
	const char *name, *script; /* script NULL: there is no such program */
	enum err_code want;
	const char *user, *password, *identity_token, *says;
} cases[] = {
	{ "user and secret", SHELL "echo '" ANSWER "'", ERR_OK, "user", "s3cret", NULL, NULL },
	{ "an identity token", SHELL "echo '{\"Username\":\"<token>\",\"Secret\":\"s3cret\"}'", ERR_OK, NULL, NULL,
	  "s3cret", NULL },
	{ "it is asked for the server on its standard input",
	  SHELL "[ \"$1\" = get ] && [ $# = 1 ] && [ \"$(cat)\" = 'x$(id)' ] && echo '" ANSWER "'", ERR_OK, "user",
	  "s3cret", NULL, NULL },
	{ "it need not read that", SHELL "exec <&-; echo '" ANSWER "'", ERR_OK, "user", "s3cret", NULL, NULL },
	{ "it says more than it is asked", SHELL "echo noise >&2; echo '" ANSWER "'", ERR_OK, "user", "s3cret", NULL,
	  NULL },
	{ "it has none", SHELL "echo credentials not found in native keychain; exit 1", ERR_OK, NULL, NULL, NULL,
	  NULL },
	{ "it says so on the wrong stream", SHELL "echo credentials not found in native keychain >&2; exit 1",
	  ERR_DENIED, NULL, NULL, NULL, "status 1" },
	{ "it says so and succeeds", SHELL "echo credentials not found in native keychain", ERR_FORMAT, NULL, NULL,
	  NULL, "not valid JSON" },
	{ "it fails, and says a secret", SHELL "echo '" ANSWER "'; echo s3cret >&2; exit 3", ERR_DENIED, NULL, NULL,
	  NULL, "status 3" },
	{ "it is killed", SHELL "echo '" ANSWER "'; kill -9 $$", ERR_DENIED, NULL, NULL, NULL, "signal 9" },
	{ "nothing", SHELL "exit 0", ERR_FORMAT, NULL, NULL, NULL, "not valid JSON" },
	{ "no JSON", SHELL "echo s3cret", ERR_FORMAT, NULL, NULL, NULL, "not valid JSON" },
	{ "no secret", SHELL "echo '{\"Username\":\"s3cret\"}'", ERR_FORMAT, NULL, NULL, NULL, "Secret" },
	{ "no user", SHELL "echo '{\"Secret\":\"s3cret\"}'", ERR_FORMAT, NULL, NULL, NULL, "Username" },
	{ "a secret that is no text", SHELL "echo '{\"Username\":\"u\",\"Secret\":7}'", ERR_FORMAT, NULL, NULL, NULL,
	  "Secret" },
	{ "it never stops", SHELL "exec cat /dev/zero", ERR_LIMIT, NULL, NULL, NULL, "more than" },
	{ "no such program", NULL, ERR_DENIED, NULL, NULL, NULL, "PATH" },
};

START_TEST(get)
{
	CLEANUP(credentials_release) struct credentials c = { 0 };
	struct err err = { 0 };
	enum err_code got;

	install("docker-credential-test.one", cases[_i].script);
	got = credential_helper_get("test.one", "x$(id)", LONG_MS, &c, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	ck_assert_pstr_eq(c.user, cases[_i].user);
	ck_assert_pstr_eq(c.password, cases[_i].password);
	ck_assert_pstr_eq(c.identity_token, cases[_i].identity_token);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, "docker-credential-test.one") != NULL, "%s", err.msg);
		ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, err.msg);
	}
	ck_assert_msg(strstr(err.msg, "s3cret") == NULL, "%s shows a secret: %s", cases[_i].name, err.msg);
	folder_remove(folder);
}
END_TEST

/* It waits for ever, with its output open or closed: it is given up, and killed. */
static const char *const slow[] = {
	SHELL "exec sleep 600", SHELL "exec >&-; exec sleep 600",
	SHELL "sleep 600 & echo '" ANSWER "'", /* a child of it holds the output */
};

START_TEST(too_slow)
{
	CLEANUP(credentials_release) struct credentials c = { 0 };
	struct err err = { 0 };

	install("docker-credential-slow", slow[_i]);
	ck_assert_int_eq(credential_helper_get("slow", "x", 200, &c, &err), ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "in time"));
	ck_assert_ptr_null(c.user);
	folder_remove(folder);
}
END_TEST

static const struct {
	const char *name;
	enum err_code want;
} names[] = {
	{ "", ERR_FORMAT },
	{ "../x", ERR_FORMAT },
	{ "x/y", ERR_FORMAT },
	{ "x y", ERR_FORMAT },
	{ "x;id", ERR_FORMAT },
	{ "x\n", ERR_FORMAT },
	{ "\xc3\xa4", ERR_FORMAT },
	{ "secretservice", ERR_DENIED }, /* a name, and no program */
	{ "ecr-login", ERR_DENIED },
	{ "a.B_9", ERR_DENIED },
	{ "ten.letters.ten.letters.ten.letters.ten.letters.ten.letters.ten.letters.ten.letters.ten.letters.ten.letters."
	  "ten.letters.",
	  ERR_FORMAT },
};

START_TEST(name)
{
	struct credentials c = { 0 };

	install("none", NULL);
	ck_assert_int_eq(credential_helper_get(names[_i].name, "x", LONG_MS, &c, NULL), names[_i].want);
	folder_remove(folder);
}
END_TEST

START_TEST(long_server)
{
	CLEANUP(free_ptr) char *server = calloc(1, LIMIT_TEXT_BYTES + 2);
	CLEANUP(credentials_release) struct credentials c = { 0 };

	ck_assert_ptr_nonnull(server);
	install("docker-credential-x", SHELL "echo '" ANSWER "'");
	memset(server, 'x', LIMIT_TEXT_BYTES);
	ck_assert_int_eq(credential_helper_get("x", server, LONG_MS, &c, NULL), ERR_OK);
	server[LIMIT_TEXT_BYTES] = 'x';
	ck_assert_int_eq(credential_helper_get("x", server, LONG_MS, &c, NULL), ERR_LIMIT);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("credential_helper");
	TCase *t = tcase_create("credential_helper");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, get, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, too_slow, 0, (int)COUNT_OF(slow));
	tcase_add_loop_test(t, name, 0, (int)COUNT_OF(names));
	tcase_add_test(t, long_server);
	suite_add_tcase(s, t);
	return test_run(s);
}
