#include "trust/scope.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct {
	const char *patterns[3], *name;
	bool want;
} cases[] = {
	{ {}, "docker.io/library/alpine:3", false },
	{ { "*" }, "docker.io/library/alpine:3", true },
	{ { "docker.io/*" }, "docker.io/library/alpine:3", true },
	{ { "docker.io/*" }, "docker.iox/library/alpine:3", false },
	{ { "docker.io/*" }, "docker.io.evil.example/library/alpine:3", false },
	{ { "docker.io/library/*" }, "docker.io/library/alpine@" DIGEST, true },
	{ { "docker.io/library/*" }, "docker.io/library/a/b/c:1", true },
	{ { "docker.io/library/*" }, "docker.io/librarian/alpine:3", false },
	{ { "docker.io/library/*" }, "docker.io/library:3", false },
	{ { "docker.io/library/alpine" }, "docker.io/library/alpine:3", true },
	{ { "docker.io/library/alpine" }, "docker.io/library/alpine@" DIGEST, true },
	{ { "docker.io/library/alpine" }, "docker.io/library/alpine2:3", false },
	{ { "docker.io/library/alpine" }, "docker.io/library/alpine/x:3", false },
	{ { "r.test:5000/*" }, "r.test:5000/a:1", true },
	{ { "r.test/*" }, "r.test:5000/a:1", false },
	{ { "r.test:5000/*" }, "r.test/a:1", false },
	{ { "R.test/*" }, "r.test/a:1", false },
	{ { "[::1]:5000/*" }, "[::1]:5000/a:1", true },
	{ { "a.test/*", "b.test/x" }, "b.test/x:1", true },
	{ { "a.test/*", "b.test/x" }, "b.test/y:1", false },
};

START_TEST(covers)
{
	CLEANUP(scope_release) struct scope s = { 0 };
	size_t i;

	for (i = 0; i < 3 && cases[_i].patterns[i] != NULL; i++)
		ck_assert_int_eq(scope_add(&s, cases[_i].patterns[i], NULL), ERR_OK);
	ck_assert_msg(scope_covers(&s, cases[_i].name) == cases[_i].want, "%s: %s", cases[_i].patterns[0],
		      cases[_i].name);
	scope_release(&s);
}
END_TEST

#define IMAGE_BY_DIGEST "docker.io/a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *const bad[] = {
	"",
	"/*",
	"**",
	"alpine",
	"library/*",
	"library/alpine",
	"docker.io",
	"docker.io/",
	"docker.io/*/alpine",
	"docker.io/lib*",
	"*.example.com/*",
	"docker.io/alpine",      /* its full name is docker.io/library/alpine */
	"index.docker.io/*",     /* and that of this registry docker.io */
	"docker.io/library/a:1", /* an image */
	"docker.io/library/a/",
	"docker.io/Library/*",
	"docker.io/library/*/*",
	IMAGE_BY_DIGEST,
	"https://r.test/*",
	" r.test/*",
	"r.test/* ",
};

START_TEST(refuses)
{
	CLEANUP(scope_release) struct scope s = { 0 };
	struct err err = { .code = ERR_OK };

	ck_assert_msg(scope_add(&s, bad[_i], &err) == ERR_FORMAT, "\"%s\"", bad[_i]);
	ck_assert_ptr_nonnull(strstr(err.msg, bad[_i]));
	ck_assert_uint_eq(s.len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scope");
	TCase *t = tcase_create("names");

	tcase_add_loop_test(t, covers, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, refuses, 0, (int)COUNT_OF(bad));
	suite_add_tcase(s, t);
	return test_run(s);
}
