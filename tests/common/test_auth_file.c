#include "common/auth_file.h"

#include <check.h>
#include <string.h>

#include "common/js.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

#define SECRET "c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3N3b3Jk" /* secret-user:secret-password */
#define USER "\"auth\":\"dXNlcjpwYXNz\""              /* user:pass */
#define OTHER "\"auth\":\"b3RoZXI6b3RoZXI=\""         /* other:other */
#define AUTHS(host, rest) "{\"auths\":{\"" host "\":{" rest "}}}"

static const struct {
	const char *name, *host, *text; /* of the repository acme/team/app */
	enum err_code want;
	const char *user, *password, *identity_token;
} cases[] = {
	{ "auth", "ghcr.io", AUTHS("ghcr.io", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, "user", "pass", NULL },
	{ "with a port", "localhost:5000", AUTHS("localhost:5000", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, "user", "pass",
	  NULL },
	{ "Docker Hub", "docker.io", AUTHS("https://index.docker.io/v1/", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, "user",
	  "pass", NULL },
	{ "colon in the password", "x", AUTHS("x", "\"auth\":\"dTpwOnE=\""), ERR_OK, "u", "p:q", NULL },
	{ "empty password", "x", AUTHS("x", "\"auth\":\"dTo=\""), ERR_OK, "u", "", NULL },
	{ "NULs at the end", "x", AUTHS("x", "\"auth\":\"dTpwAAAA\""), ERR_OK, "u", "p", NULL },
	{ "user and password", "x", AUTHS("x", "\"username\":\"u\",\"password\":\"p\""), ERR_OK, "u", "p", NULL },
	{ "auth before user and password", "x",
	  AUTHS("x", "\"auth\":\"dXNlcjpwYXNz\",\"username\":\"u\",\"password\":\"p\""), ERR_OK, "user", "pass", NULL },
	{ "empty auth, user and password", "x", AUTHS("x", "\"auth\":\"\",\"username\":\"u\",\"password\":\"p\""),
	  ERR_OK, "u", "p", NULL },
	{ "user alone", "x", AUTHS("x", "\"username\":\"u\""), ERR_OK, "u", NULL, NULL },
	{ "password alone", "x", AUTHS("x", "\"password\":\"p\""), ERR_OK, NULL, NULL, NULL },
	{ "empty entry, as docker login with a helper leaves it", "x", AUTHS("x", ""), ERR_OK, NULL, NULL, NULL },
	{ "another host", "ghcr.io", AUTHS("quay.io", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK, NULL, NULL, NULL },
	{ "a host that begins alike", "ghcr.io", AUTHS("ghcr.io.evil.example", "\"auth\":\"dXNlcjpwYXNz\""), ERR_OK,
	  NULL, NULL, NULL },
	{ "Docker Hub under its short name", "docker.io", AUTHS("docker.io", USER), ERR_OK, "user", "pass", NULL },
	{ "Docker Hub under the name of its registry", "docker.io", AUTHS("registry-1.docker.io", USER), ERR_OK, "user",
	  "pass", NULL },
	{ "Docker Hub as a mirror's file calls it", "registry-1.docker.io", AUTHS("https://index.docker.io/v1/", USER),
	  ERR_OK, "user", "pass", NULL },
	{ "a host that ends like Docker Hub", "docker.io", AUTHS("notdocker.io", USER), ERR_OK, NULL, NULL, NULL },
	{ "a URL for its host", "ghcr.io", AUTHS("https://ghcr.io/v2/", USER), ERR_OK, "user", "pass", NULL },
	{ "a URL without TLS", "ghcr.io", AUTHS("http://ghcr.io", USER), ERR_OK, "user", "pass", NULL },
	{ "the host of a URL in other letters", "ghcr.io", AUTHS("https://GHCR.io", USER), ERR_OK, "user", "pass",
	  NULL },
	{ "a URL of a host that begins alike", "ghcr.io", AUTHS("https://ghcr.io.evil.example/", USER), ERR_OK, NULL,
	  NULL, NULL },
	{ "a URL with a user that looks like the host", "ghcr.io", AUTHS("https://ghcr.io@evil.example/", USER), ERR_OK,
	  NULL, NULL, NULL },
	{ "another port", "x:5000", AUTHS("x:5001", USER), ERR_OK, NULL, NULL, NULL },
	{ "without the port", "x:5000", AUTHS("x", USER), ERR_OK, NULL, NULL, NULL },
	{ "the host as it is written before a URL", "x", "{\"auths\":{\"https://x\":{" OTHER "},\"x\":{" USER "}}}",
	  ERR_OK, "user", "pass", NULL },
	{ "an empty entry before a URL that has one", "x", "{\"auths\":{\"x\":{},\"https://x\":{" USER "}}}", ERR_OK,
	  "user", "pass", NULL },
	{ "the whole path", "x", AUTHS("x/acme/team/app", USER), ERR_OK, "user", "pass", NULL },
	{ "a path above", "x", AUTHS("x/acme", USER), ERR_OK, "user", "pass", NULL },
	{ "the longest path first", "x",
	  "{\"auths\":{\"x\":{" OTHER "},\"x/acme\":{" OTHER "},\"x/acme/team\":{" USER "}}}", ERR_OK, "user", "pass",
	  NULL },
	{ "a path before the host", "x", "{\"auths\":{\"x\":{" OTHER "},\"x/acme\":{" USER "}}}", ERR_OK, "user",
	  "pass", NULL },
	{ "another path, and the host", "x", "{\"auths\":{\"x\":{" USER "},\"x/other\":{" OTHER "}}}", ERR_OK, "user",
	  "pass", NULL },
	{ "a path that begins alike", "x", AUTHS("x/acm", USER), ERR_OK, NULL, NULL, NULL },
	{ "a path below", "x", AUTHS("x/acme/team/app/more", USER), ERR_OK, NULL, NULL, NULL },
	{ "a path with a slash at its end", "x", AUTHS("x/acme/", USER), ERR_OK, NULL, NULL, NULL },
	{ "a path on Docker Hub", "docker.io", AUTHS("docker.io/acme", USER), ERR_OK, "user", "pass", NULL },
	{ "an identity token", "x", AUTHS("x", "\"identitytoken\":\"secret-it\""), ERR_OK, NULL, NULL, "secret-it" },
	{ "an identity token and its user, as docker login leaves them", "x",
	  AUTHS("x", "\"auth\":\"dXNlcjo=\",\"identitytoken\":\"secret-it\""), ERR_OK, "user", "", "secret-it" },
	{ "an empty identity token", "x", AUTHS("x", "\"identitytoken\":\"\""), ERR_OK, NULL, NULL, NULL },
	{ "a NUL inside", "x", AUTHS("x", "\"auth\":\"dTpwAHE=\""), ERR_FORMAT, NULL, NULL, NULL },
	{ "nothing but NULs", "x", AUTHS("x", "\"auth\":\"AAAA\""), ERR_FORMAT, NULL, NULL, NULL },
	{ "no auths", "x", "{\"credsStore\":\"desktop\"}", ERR_OK, NULL, NULL, NULL },
	{ "auths is no object", "x", "{\"auths\":[\"x\"]}", ERR_OK, NULL, NULL, NULL },
	{ "entry is no object", "x", "{\"auths\":{\"x\":\"" SECRET "\"}}", ERR_OK, NULL, NULL, NULL },
	{ "auth is no text", "x", AUTHS("x", "\"auth\":7"), ERR_OK, NULL, NULL, NULL },
	{ "no base64", "x", AUTHS("x", "\"auth\":\"" SECRET "!\""), ERR_FORMAT, NULL, NULL, NULL },
	{ "no colon", "x", AUTHS("x", "\"auth\":\"c2VjcmV0\""), ERR_FORMAT, NULL, NULL, NULL },
};

START_TEST(find)
{
	CLEANUP(js_free_ptr) struct json_t *config = NULL;
	CLEANUP(credentials_release) struct credentials c = { 0 };
	const char *text = cases[_i].text;
	struct err err = { 0 };
	enum err_code got;

	ck_assert_msg(js_read(text, strlen(text), "config", &config, &err) == ERR_OK, "%s: %s", cases[_i].name,
		      err.msg);
	got = auth_file_find(config, cases[_i].host, "acme/team/app", &c, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	ck_assert_msg((c.user != NULL) == (cases[_i].user != NULL), "%s", cases[_i].name);
	ck_assert_pstr_eq(c.user, cases[_i].user);
	ck_assert_pstr_eq(c.password, cases[_i].password);
	ck_assert_pstr_eq(c.identity_token, cases[_i].identity_token);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, "entry of x") != NULL, "%s", err.msg);
		ck_assert_msg(strstr(err.msg, "c2Vjc") == NULL && strstr(err.msg, "secret") == NULL,
			      "%s shows a secret: %s", cases[_i].name, err.msg);
	}
}
END_TEST

static const struct {
	const char *name, *host, *text;
	const char *of_host, *store;
} helpers[] = {
	{ "none", "x", "{}", NULL, NULL },
	{ "for all", "x", "{\"credsStore\":\"pass\"}", NULL, "pass" },
	{ "for the host", "x", "{\"credHelpers\":{\"x\":\"ecr-login\"},\"credsStore\":\"pass\"}", "ecr-login", "pass" },
	{ "for another host", "x", "{\"credHelpers\":{\"y\":\"gcr\"}}", NULL, NULL },
	{ "for a URL", "x", "{\"credHelpers\":{\"https://x/v2/\":\"gcr\"}}", "gcr", NULL },
	{ "for a path: helpers know hosts only", "x", "{\"credHelpers\":{\"x/acme\":\"gcr\"}}", NULL, NULL },
	{ "for Docker Hub", "docker.io", "{\"credHelpers\":{\"https://index.docker.io/v1/\":\"h\"}}", "h", NULL },
	{ "for Docker Hub by its short name", "docker.io", "{\"credHelpers\":{\"docker.io\":\"h\"}}", "h", NULL },
	{ "empty names", "x", "{\"credHelpers\":{\"x\":\"\"},\"credsStore\":\"\"}", NULL, NULL },
	{ "no texts", "x", "{\"credHelpers\":{\"x\":7},\"credsStore\":[\"pass\"]}", NULL, NULL },
};

START_TEST(helper)
{
	CLEANUP(js_free_ptr) struct json_t *config = NULL;
	const char *text = helpers[_i].text;

	ck_assert_int_eq(js_read(text, strlen(text), "config", &config, NULL), ERR_OK);
	ck_assert_pstr_eq(auth_file_helper(config, helpers[_i].host, 0), helpers[_i].of_host);
	ck_assert_pstr_eq(auth_file_helper(config, helpers[_i].host, 1), helpers[_i].store);
}
END_TEST

START_TEST(server)
{
	ck_assert_str_eq(auth_file_server("ghcr.io"), "ghcr.io");
	ck_assert_str_eq(auth_file_server("docker.io"), "https://index.docker.io/v1/");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("auth_file");
	TCase *t = tcase_create("auth_file");

	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, helper, 0, (int)COUNT_OF(helpers));
	tcase_add_test(t, server);
	suite_add_tcase(s, t);
	return test_run(s);
}
