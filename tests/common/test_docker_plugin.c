#include "common/docker_plugin.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

START_TEST(name)
{
	ck_assert(docker_plugin_is("docker-bundle"));
	ck_assert(docker_plugin_is("/usr/libexec/docker/cli-plugins/docker-bundle"));
	ck_assert(!docker_plugin_is("bundle"));
	ck_assert(!docker_plugin_is("docker-bundle/bundle"));
	ck_assert(!docker_plugin_is("docker-bundles"));
	ck_assert(!docker_plugin_is(""));
	ck_assert(!docker_plugin_is(NULL));
}
END_TEST

static const struct {
	const char *argv[8];
	int at; /* 0: refused */
	const char *variable, *value;
} cases[] = {
	{ { "bundle" }, 2, NULL, NULL },
	{ { "bundle", "import", "x" }, 2, NULL, NULL },
	{ { "bundle", "--host", "x" }, 2, "DOCKER_HOST", "before" },
	{ { "--host", "unix:///x", "bundle", "import" }, 4, "DOCKER_HOST", "unix:///x" },
	{ { "--host=unix:///x", "bundle" }, 3, "DOCKER_HOST", "unix:///x" },
	{ { "-H", "unix:///x", "bundle" }, 4, "DOCKER_HOST", "unix:///x" },
	{ { "-Hunix:///x", "bundle" }, 3, "DOCKER_HOST", "unix:///x" },
	{ { "-H=unix:///x", "bundle" }, 3, "DOCKER_HOST", "unix:///x" },
	{ { "--context", "site", "bundle" }, 4, "DOCKER_CONTEXT", "site" },
	{ { "--context", "site", "bundle" }, 4, "DOCKER_HOST", NULL },
	{ { "-c", "bundle", "bundle" }, 4, "DOCKER_CONTEXT", "bundle" },
	{ { "-D", "-l", "debug", "--config", "/c", "bundle" }, 7, "DOCKER_CONFIG", "/c" },
	{ { "--tlsverify", "bundle" }, 3, "DOCKER_TLS_VERIFY", "1" },
	{ { "--tlscacert", "x", "bundle" }, 0, NULL, NULL },
	{ { "--hosts", "x", "bundle" }, 0, NULL, NULL },
	{ { "-x", "bundle" }, 0, NULL, NULL },
	{ { "--host" }, 0, NULL, NULL },
	{ { "--host", "bundle" }, 0, NULL, NULL },
	{ { "export" }, 0, NULL, NULL },
	{ { NULL }, 0, NULL, NULL },
};

START_TEST(arguments)
{
	char *argv[10] = { strdup("docker-bundle") };
	struct err err = { 0 };
	int argc = 1, at = 0, i;
	enum err_code got;

	ck_assert_int_eq(setenv("DOCKER_HOST", "before", 1), 0);
	for (; argc < 9 && cases[_i].argv[argc - 1] != NULL; argc++)
		argv[argc] = strdup(cases[_i].argv[argc - 1]);
	got = docker_plugin_args(argc, argv, &at, &err);
	ck_assert_int_eq(got, cases[_i].at > 0 ? ERR_OK : ERR_USAGE);
	ck_assert_int_eq(at, cases[_i].at);
	if (cases[_i].variable != NULL)
		ck_assert_pstr_eq(getenv(cases[_i].variable), cases[_i].value);
	for (i = 0; i < argc; i++)
		free(argv[i]);
}
END_TEST

START_TEST(asks)
{
	char program[] = "docker-bundle", what[] = "docker-cli-plugin-metadata";
	char *argv[] = { program, what, NULL };

	ck_assert(docker_plugin_asks(2, argv));
	ck_assert(!docker_plugin_asks(1, argv));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("docker_plugin");
	TCase *t = tcase_create("docker_plugin");

	tcase_add_test(t, name);
	tcase_add_loop_test(t, arguments, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, asks);
	suite_add_tcase(s, t);
	return test_run(s);
}
