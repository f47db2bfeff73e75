#include "common/credentials.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define SECRET "c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3N3b3Jk" /* secret-user:secret-password */
#define AUTHS(host, rest) "{\"auths\":{\"" host "\":{" rest "}}}"

/* A config.json in a folder of its own, found by $DOCKER_CONFIG. */
static char *config(const char *text)
{
	char *folder = folder_new();

	if (text != NULL)
		folder_put(folder, "config.json", text, strlen(text));
	ck_assert_int_eq(setenv("DOCKER_CONFIG", folder, 1), 0);
	return folder;
}

static const struct {
	const char *name, *host, *text; /* text NULL: no file */
	enum err_code want;
	const char *user, *password;
} cases[] = {
	{ "auth", "ghcr.io", AUTHS("ghcr.io", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, "user", "pass" },
	{ "with a port", "localhost:5000", AUTHS("localhost:5000", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, "user",
	  "pass" },
	{ "Docker Hub", "docker.io", AUTHS("https://index.docker.io/v1/", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, "user",
	  "pass" },
	{ "colon in the password", "x", AUTHS("x", "\"auth\":\"dTpwOnE=\""), ERR_OK, "u", "p:q" },
	{ "empty password", "x", AUTHS("x", "\"auth\":\"dTo=\""), ERR_OK, "u", "" },
	{ "NULs at the end", "x", AUTHS("x", "\"auth\":\"dTpwAAAA\""), ERR_OK, "u", "p" },
	{ "user and password", "x", AUTHS("x", "\"username\":\"u\",\"password\":\"p\""), ERR_OK, "u", "p" },
	{ "auth before user and password", "x",
	  AUTHS("x", "\"auth\":\"dXNlcjpwYXNz\",\"username\":\"u\",\"password\":\"p\""), ERR_OK, "user", "pass" },
	{ "empty auth, user and password", "x", AUTHS("x", "\"auth\":\"\",\"username\":\"u\",\"password\":\"p\""),
	  ERR_OK, "u", "p" },
	{ "user alone", "x", AUTHS("x", "\"username\":\"u\""), ERR_OK, "u", NULL },
	{ "password alone", "x", AUTHS("x", "\"password\":\"p\""), ERR_OK, NULL, NULL },
	{ "empty entry, as docker login with a helper leaves it", "x", AUTHS("x", ""), ERR_OK, NULL, NULL },
	{ "another host", "ghcr.io", AUTHS("quay.io", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, NULL, NULL },
	{ "a host that begins alike", "ghcr.io", AUTHS("ghcr.io.evil.example", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK,
	  NULL, NULL },
	{ "Docker Hub under its short name", "docker.io", AUTHS("docker.io", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, NULL,
	  NULL },
	{ "no auths", "x", "{\"credsStore\":\"desktop\"}", ERR_OK, NULL, NULL },
	{ "auths is no object", "x", "{\"auths\":[\"x\"]}", ERR_OK, NULL, NULL },
	{ "entry is no object", "x", "{\"auths\":{\"x\":\"" SECRET "\"}}", ERR_OK, NULL, NULL },
	{ "auth is no text", "x", AUTHS("x", "\"auth\":7"), ERR_OK, NULL, NULL },
	{ "no file", "x", NULL, ERR_OK, NULL, NULL },
	{ "no base64", "x", AUTHS("x", "\"auth\":\"" SECRET "!\""), ERR_FORMAT, NULL, NULL },
	{ "no colon", "x", AUTHS("x", "\"auth\":\"c2VjcmV0\""), ERR_FORMAT, NULL, NULL },
	{ "no JSON", "x", "auths: " SECRET, ERR_FORMAT, NULL, NULL },
	{ "an empty file", "x", "", ERR_FORMAT, NULL, NULL },
	{ "cut", "x", "{\"auths\":{\"x\":{\"auth\":\"" SECRET, ERR_FORMAT, NULL, NULL },
};

START_TEST(find)
{
	char *folder = config(cases[_i].text);
	struct credentials c = { 0 };
	struct err err = { 0 };
	enum err_code got = credentials_find(cases[_i].host, &c, &err);

	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	ck_assert_pstr_eq(c.user, cases[_i].user);
	ck_assert_pstr_eq(c.password, cases[_i].password);
	if (got != ERR_OK) {
		ck_assert_ptr_nonnull(strstr(err.msg, "config.json"));
		ck_assert_msg(strstr(err.msg, "c2Vjc") == NULL && strstr(err.msg, "secret") == NULL,
			      "%s shows a secret: %s", cases[_i].name, err.msg);
	}
	credentials_release(&c);
	ck_assert_int_eq(credentials_find(cases[_i].host, &c, NULL), got); /* whoever reads it */
	credentials_release(&c);
	credentials_release(&c);
	folder_remove(folder);
}
END_TEST

/* $DOCKER_CONFIG first, then ~/.docker, then nothing. */
START_TEST(places)
{
	static const char text[] = AUTHS("x", "\"auth\":\"dXNlcjpwYXNz\"");
	char *folder = config(NULL), *home = folder_new();
	struct credentials c = { 0 };

	folder_make_in(home, ".docker");
	folder_put(home, ".docker/config.json", text, strlen(text));
	ck_assert_int_eq(setenv("HOME", home, 1), 0);
	ck_assert_int_eq(credentials_find("x", &c, NULL), ERR_OK);
	ck_assert_ptr_null(c.user); /* DOCKER_CONFIG is set, and has none */
	ck_assert_int_eq(setenv("DOCKER_CONFIG", "", 1), 0);
	ck_assert_int_eq(credentials_find("x", &c, NULL), ERR_OK);
	ck_assert_str_eq(c.user, "user");
	credentials_release(&c);
	ck_assert_int_eq(unsetenv("DOCKER_CONFIG"), 0);
	ck_assert_int_eq(credentials_find("x", &c, NULL), ERR_OK);
	ck_assert_str_eq(c.user, "user");
	credentials_release(&c);
	ck_assert_int_eq(unsetenv("HOME"), 0);
	memset(&c, 0xff, sizeof(c));
	ck_assert_int_eq(credentials_find("x", &c, NULL), ERR_OK);
	ck_assert(c.user == NULL && c.password == NULL); /* anonymous, and said so */
	folder_remove(folder);
	folder_remove(home);
}
END_TEST

START_TEST(unreadable)
{
	char *folder = config(NULL);
	struct credentials c = { 0 };
	struct err err = { 0 };

	folder_make_in(folder, "config.json");
	ck_assert_int_eq(credentials_find("x", &c, &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, folder));
	ck_assert_ptr_null(c.user);
	folder_remove(folder);
}
END_TEST

START_TEST(too_large)
{
	CLEANUP(free_ptr) char *text = malloc(LIMIT_ANSWER_BYTES + 2);
	char *folder;
	struct credentials c = { 0 };
	struct err err = { 0 };

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', LIMIT_ANSWER_BYTES + 1);
	text[LIMIT_ANSWER_BYTES + 1] = '\0';
	folder = config(text);
	ck_assert_int_eq(credentials_find("x", &c, &err), ERR_LIMIT);
	folder_remove(folder);
}
END_TEST

static const struct {
	const char *user, *password, *want;
} basics[] = {
	{ "user", "pass", "Basic dXNlcjpwYXNz" },
	{ "u", "", "Basic dTo=" },
	{ "u", NULL, "Basic dTo=" },
	{ "u", "p:q", "Basic dTpwOnE=" },
	{ "\xc3\xbc", "\xc3\xa4", "Basic w7w6w6Q=" },
};

START_TEST(basic)
{
	CLEANUP(credentials_release) struct credentials c = { 0 };
	CLEANUP(free_ptr) char *header = NULL;

	ck_assert_int_eq(str_copy(basics[_i].user, &c.user, NULL), ERR_OK);
	ck_assert_int_eq(str_copy(basics[_i].password, &c.password, NULL), ERR_OK);
	ck_assert_int_eq(credentials_basic(&c, &header, NULL), ERR_OK);
	ck_assert_str_eq(header, basics[_i].want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("credentials");
	TCase *t = tcase_create("credentials");

	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, places);
	tcase_add_test(t, unreadable);
	tcase_add_test(t, too_large);
	tcase_add_loop_test(t, basic, 0, (int)COUNT_OF(basics));
	suite_add_tcase(s, t);
	return test_run(s);
}
