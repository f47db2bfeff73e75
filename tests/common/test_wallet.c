#include "common/wallet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

static char *root;
static struct login login_;
static struct wallet *wallet;

/* An environment in which nothing is set but a home folder. */
static void start(void)
{
	static const char *const variables[] = { "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR",
						 "XDG_CONFIG_HOME", "DOCKER_CONFIG" };
	size_t i;

	root = folder_new();
	for (i = 0; i < COUNT_OF(variables); i++)
		unsetenv(variables[i]);
	ck_assert_int_eq(setenv("HOME", root, 1), 0);
	login_ = (struct login){ 0 };
	ck_assert_int_eq(wallet_new(&login_, &wallet, NULL), ERR_OK);
}

static void stop(void)
{
	wallet_free(wallet);
	folder_remove(root);
}

static void put(const char *name, const char *text)
{
	char *at = strrchr(name, '/');
	char *above = at != NULL ? strndup(name, (size_t)(at - name)) : NULL;
	char *slash;

	for (slash = above; slash != NULL; slash = slash != NULL ? slash + 1 : NULL) {
		slash = strchr(slash, '/');
		if (slash != NULL)
			*slash = '\0';
		if (!folder_has(root, above))
			folder_make_in(root, above);
		if (slash == NULL)
			break;
		*slash = '/';
	}
	free(above);
	folder_put(root, name, text, strlen(text));
}

/* A variable with the path of something in the folder. */
static void set(const char *variable, const char *name)
{
	CLEANUP(free_ptr) char *path = folder_path(root, name);

	ck_assert_int_eq(setenv(variable, path, 1), 0);
}

/* Who is it for registry x?  "" for nobody. */
static const char *who(struct err *err)
{
	static char user[100];
	CLEANUP(credentials_release) struct credentials c = { 0 };
	enum err_code code = wallet_find(wallet, "x", "a/b", &c, err);

	snprintf(user, sizeof(user), "%s", code != ERR_OK ? "failed" : c.user != NULL ? c.user : "");
	return user;
}

#define FOR_X(auth) "{\"auths\":{\"x\":{\"auth\":\"" auth "\"}}}"
#define ONE FOR_X("b25lOnA=") /* one:p */
#define TWO FOR_X("dHdvOnA=") /* two:p */
#define OTHER "{\"auths\":{\"other\":{\"auth\":\"b3RoZXI6cA==\"}}}"

/* From the last to the first: each place counts before those in front of it in this test. */
START_TEST(order)
{
	start();
	ck_assert_str_eq(who(NULL), "");
	put(".docker/config.json", ONE);
	ck_assert_str_eq(who(NULL), "one");
	set("DOCKER_CONFIG", "docker");
	ck_assert_str_eq(who(NULL), ""); /* it is set, and there is none */
	put("docker/config.json", TWO);
	ck_assert_str_eq(who(NULL), "two");
	put(".config/containers/auth.json", ONE);
	ck_assert_str_eq(who(NULL), "one");
	set("XDG_CONFIG_HOME", "config");
	ck_assert_str_eq(who(NULL), "two");
	put("config/containers/auth.json", ONE);
	ck_assert_str_eq(who(NULL), "one");
	set("XDG_RUNTIME_DIR", "run");
	ck_assert_str_eq(who(NULL), "one");
	put("run/containers/auth.json", TWO);
	ck_assert_str_eq(who(NULL), "two");
	set("REGISTRY_AUTH_FILE", "registry.json");
	ck_assert_str_eq(who(NULL), "two");
	put("registry.json", ONE);
	ck_assert_str_eq(who(NULL), "one");
	put("registry.json", "");
	ck_assert_str_eq(who(NULL), "two");
	put("registry.json", OTHER); /* it says nothing of x */
	ck_assert_str_eq(who(NULL), "two");
	ck_assert_int_eq(setenv("DOCKER_AUTH_CONFIG", ONE, 1), 0);
	ck_assert_str_eq(who(NULL), "one");
	ck_assert_int_eq(setenv("DOCKER_AUTH_CONFIG", "", 1), 0);
	ck_assert_str_eq(who(NULL), "two");
	stop();
}
END_TEST

START_TEST(nowhere)
{
	start();
	ck_assert_int_eq(unsetenv("HOME"), 0);
	ck_assert_str_eq(who(NULL), "");
	stop();
}
END_TEST

/* --authfile: that file and no other; --username before it. */
START_TEST(command_line)
{
	CLEANUP(free_ptr) char *path = NULL;
	char host[] = "X", user[] = "three", password[] = "p";
	struct login_user users[] = { { .host = host, .user = user, .password = password } };
	struct err err = { 0 };

	start();
	put(".docker/config.json", ONE);
	ck_assert_int_eq(setenv("DOCKER_AUTH_CONFIG", ONE, 1), 0);
	path = folder_path(root, "auth.json");
	login_.authfile = path;
	ck_assert_str_eq(who(&err), "failed");
	ck_assert(err.code == ERR_NOT_FOUND && strstr(err.msg, path) != NULL);
	put("auth.json", OTHER);
	ck_assert_str_eq(who(NULL), "");
	put("auth.json", TWO);
	ck_assert_str_eq(who(NULL), "two");
	ck_assert(!wallet_has_login(wallet, "x"));
	login_.users = users;
	login_.users_len = 1;
	ck_assert_str_eq(who(NULL), "three");
	ck_assert(wallet_has_login(wallet, "x") && !wallet_has_login(wallet, "y"));
	stop();
}
END_TEST

static const struct {
	const char *name, *text;
	enum err_code want;
} broken[] = {
	{ "no JSON", "auths: s3cret", ERR_FORMAT },
	{ "cut in a secret", "{\"auths\":{\"x\":{\"auth\":\"s3cret", ERR_FORMAT },
	{ "a secret that is no text", "{\"auths\":{\"x\":{\"auth\":s3cret}}}", ERR_FORMAT },
	{ "a key twice", "{\"auths\":{\"x\":{\"auth\":\"s3cret\",\"auth\":\"s3cret\"}}}", ERR_FORMAT },
	{ "a list", "[\"s3cret\"]", ERR_FORMAT },
	{ "a text", "\"s3cret\"", ERR_FORMAT },
	{ "a wrong entry", "{\"auths\":{\"x\":{\"auth\":\"s3cret!\"}}}", ERR_FORMAT },
	{ "a helper that is no name", "{\"credsStore\":\"/bin/sh\"}", ERR_FORMAT },
	{ "a helper that is not there", "{\"credsStore\":\"nowhere\"}", ERR_DENIED },
};

START_TEST(broken_file)
{
	struct err err = { 0 };

	start();
	put(".docker/config.json", broken[_i].text);
	ck_assert_msg(strcmp(who(&err), "failed") == 0, "%s", broken[_i].name);
	ck_assert_msg(err.code == broken[_i].want, "%s: %d, %s", broken[_i].name, err.code, err.msg);
	ck_assert_msg(strstr(err.msg, "config.json") != NULL, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, "s3c") == NULL, "%s shows a secret: %s", broken[_i].name, err.msg);
	put(".docker/config.json", "{}");
	ck_assert_int_eq(setenv("DOCKER_AUTH_CONFIG", broken[_i].text, 1), 0);
	err = (struct err){ 0 };
	ck_assert_str_eq(who(&err), "failed");
	ck_assert_msg(strstr(err.msg, "$DOCKER_AUTH_CONFIG") != NULL, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, "s3c") == NULL, "%s shows a secret: %s", broken[_i].name, err.msg);
	stop();
}
END_TEST

START_TEST(unreadable)
{
	struct err err = { 0 };

	start();
	put(".docker/config.json/x", "");
	ck_assert_str_eq(who(&err), "failed");
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, root));
	stop();
}
END_TEST

START_TEST(too_large)
{
	CLEANUP(free_ptr) char *text = calloc(1, LIMIT_ANSWER_BYTES + 2);
	struct err err = { 0 };

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', LIMIT_ANSWER_BYTES + 1);
	start();
	put(".docker/config.json", text);
	ck_assert_str_eq(who(&err), "failed");
	ck_assert_int_eq(err.code, ERR_LIMIT);
	stop();
}
END_TEST

/* A helper in PATH that notes whom it was asked for. */
static void install(const char *name, const char *script)
{
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *bin = NULL;
	CLEANUP(free_ptr) char *search = NULL;

	put(name, script);
	path = folder_path(root, name);
	bin = folder_path(root, "bin");
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(str_format(&search, NULL, "%s:/usr/bin:/bin", bin), ERR_OK);
	ck_assert_int_eq(setenv("PATH", search, 1), 0);
}

#define HELPER                                                                                                         \
	"#!/bin/sh\nread -r server; echo \"$server\" >>\"$HOME/asked\"\n"                                              \
	"[ \"$server\" = none ] && echo credentials not found in native keychain && exit 1\n"                          \
	"echo '{\"Username\":\"helped\",\"Secret\":\"p\"}'\n"

static const struct {
	const char *config, *host, *user, *asked;
} helped[] = {
	{ "{\"credHelpers\":{\"x\":\"one\"},\"auths\":{\"x\":{\"auth\":\"dHdvOnA=\"}}}", "x", "helped", "x\n" },
	{ "{\"credsStore\":\"one\",\"auths\":{\"x\":{}}}", "x", "helped", "x\n" },
	{ "{\"credsStore\":\"one\"}", "docker.io", "helped", "https://index.docker.io/v1/\n" },
	{ "{\"credHelpers\":{\"none\":\"one\"},\"auths\":{\"none\":{\"auth\":\"dHdvOnA=\"}}}", "none", "two",
	  "none\n" },
	{ "{\"credsStore\":\"one\",\"auths\":{\"none\":{\"auth\":\"dHdvOnA=\"}}}", "none", "two", "none\n" },
	{ "{\"credHelpers\":{\"none\":\"one\"},\"credsStore\":\"one\"}", "none", NULL, "none\n" },
	{ "{\"credHelpers\":{\"y\":\"one\"},\"auths\":{\"x\":{\"auth\":\"dHdvOnA=\"}}}", "x", "two", NULL },
};

START_TEST(helper)
{
	size_t again;

	start();
	install("bin/docker-credential-one", HELPER);
	put(".docker/config.json", helped[_i].config);
	for (again = 0; again < 3; again++) {
		CLEANUP(credentials_release) struct credentials c = { 0 };
		struct err err = { 0 };

		ck_assert_msg(wallet_find(wallet, helped[_i].host, "a/b", &c, &err) == ERR_OK, "%s", err.msg);
		ck_assert_pstr_eq(c.user, helped[_i].user);
	}
	if (helped[_i].asked != NULL) {
		CLEANUP(free_ptr) char *asked = folder_read(root, "asked", NULL);

		ck_assert_str_eq(asked, helped[_i].asked); /* once, however often it is wanted */
	} else {
		ck_assert(!folder_has(root, "asked"));
	}
	stop();
}
END_TEST

/* Who reads of a refusal should know whose credentials were refused. */
START_TEST(advice)
{
	CLEANUP(free_ptr) char *file = NULL;
	CLEANUP(free_ptr) char *of_file = NULL;
	struct login_user user = { .host = (char[]){ "x" }, .user = (char[]){ "u" }, .password = (char[]){ "p" } };
	char out[WALLET_ADVICE_MAX];

	start();
	ck_assert_str_eq(wallet_advice(NULL, "x", "a/b", out), "docker login may help");
	ck_assert_str_eq(wallet_advice(wallet, "x", "a/b", out),
			 "no credentials for x were found; docker login may help");
	put(".docker/config.json", ONE);
	file = folder_path(root, ".docker/config.json");
	ck_assert_int_eq(str_format(&of_file, NULL, "with the credentials of %s; docker login may help", file), ERR_OK);
	ck_assert_str_eq(wallet_advice(wallet, "x", "a/b", out), of_file);
	ck_assert_int_eq(setenv("DOCKER_AUTH_CONFIG", ONE, 1), 0);
	ck_assert_str_eq(wallet_advice(wallet, "x", "a/b", out),
			 "with the credentials of $DOCKER_AUTH_CONFIG; docker login may help");
	install("bin/docker-credential-one", HELPER);
	ck_assert_int_eq(setenv("DOCKER_AUTH_CONFIG", "{\"credsStore\":\"one\"}", 1), 0);
	ck_assert_str_eq(wallet_advice(wallet, "x", "a/b", out),
			 "with the credentials of docker-credential-one; docker login may help");
	login_.users = &user;
	login_.users_len = 1;
	ck_assert_str_eq(wallet_advice(wallet, "x", "a/b", out), "with the credentials of --username");
	stop();
}
END_TEST

/* Which logins are said to be for nobody, once some hosts are known. */
static const struct {
	const char *hosts[3], *unused;
} expected[] = {
	{ { NULL }, "docker.io x:5000 " },
	{ { "x:5000", "index.docker.io" }, "" },
	{ { "X:5000", "other.example" }, "docker.io " },
	{ { "x", "registry-1.docker.io.example" }, "docker.io x:5000 " },
};

START_TEST(expects)
{
	struct login_user users[] = { { .host = (char[]){ "docker.io" }, .user = (char[]){ "u" } },
				      { .host = (char[]){ "x:5000" }, .user = (char[]){ "u" } } };
	CLEANUP(free_ptr) char *said = NULL;
	struct progress progress;
	size_t said_len = 0, i;
	FILE *to = open_memstream(&said, &said_len);
	char text[100];

	start();
	login_.users = users;
	login_.users_len = COUNT_OF(users);
	for (i = 0; expected[_i].hosts[i] != NULL; i++)
		wallet_expect(wallet, expected[_i].hosts[i]);
	progress_init(&progress, PROGRESS_QUIET, to, NULL);
	login_note_unused(&login_, &progress);
	fclose(to);
	for (i = 0; i < COUNT_OF(users); i++) {
		snprintf(text, sizeof(text), "--username %s=u: nothing is asked for at", users[i].host);
		ck_assert_int_eq(strstr(said, text) != NULL, strstr(expected[_i].unused, users[i].host) != NULL);
	}
	stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("wallet");
	TCase *t = tcase_create("wallet");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, order);
	tcase_add_test(t, nowhere);
	tcase_add_test(t, command_line);
	tcase_add_loop_test(t, broken_file, 0, (int)COUNT_OF(broken));
	tcase_add_test(t, unreadable);
	tcase_add_test(t, too_large);
	tcase_add_test(t, advice);
	tcase_add_loop_test(t, expects, 0, (int)COUNT_OF(expected));
	tcase_add_loop_test(t, helper, 0, (int)COUNT_OF(helped));
	suite_add_tcase(s, t);
	return test_run(s);
}
