#include "common/mapping.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TEN "aaaaaaaaaa"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name, *rules[3], *image, *want;
} maps[] = {
	{ "no rules", { NULL }, "docker.io/library/alpine:3.20", "docker.io/library/alpine:3.20" },
	{ "host", { "docker.io=r.test" }, "docker.io/library/alpine:3.20", "r.test/library/alpine:3.20" },
	{ "path", { "docker.io/library=r.test:5000/base" }, "docker.io/library/alpine:1", "r.test:5000/base/alpine:1" },
	{ "whole repository", { "docker.io/a/b=r.test/c" }, "docker.io/a/b:1", "r.test/c:1" },
	{ "whole repository by digest", { "docker.io/a/b=r.test/c" }, "docker.io/a/b@" DIGEST, "r.test/c@" DIGEST },
	{ "tag and digest", { "docker.io/a=r.test" }, "docker.io/a/b:1@" DIGEST, "r.test/b:1@" DIGEST },
	{ "half a component is none", { "docker.io/lib=r.test" }, "docker.io/library/a:1", "docker.io/library/a:1" },
	{ "half a host is none", { "docker.io=r.test" }, "docker.iox/a:1", "docker.iox/a:1" },
	{ "a port belongs to the host", { "localhost=r.test" }, "localhost:5000/a:1", "localhost:5000/a:1" },
	{ "host with port", { "localhost:5000=r.test" }, "localhost:5000/a:1", "r.test/a:1" },
	{ "IPv6", { "[::1]:5000=r.test" }, "[::1]:5000/a:1", "r.test/a:1" },
	{ "not in the middle", { "r.test/a=s.test" }, "docker.io/r.test/a:1", "docker.io/r.test/a:1" },
	{ "longest wins", { "a.b/c=x.y", "a.b=z.z", "a.b/c/d=l.l" }, "a.b/c/d/e:1", "l.l/e:1" },
	{ "longest wins, other order", { "a.b/c/d=l.l", "a.b=z.z" }, "a.b/c/d/e:1", "l.l/e:1" },
	{ "once only", { "a.b=c.d", "c.d=e.f" }, "a.b/x:1", "c.d/x:1" },
	{ "swap", { "a.b=c.d", "c.d=a.b" }, "c.d/x:1", "a.b/x:1" },
	{ "to itself, an exception", { "a.b=c.d", "a.b/x=a.b/x" }, "a.b/x/y:1", "a.b/x/y:1" },
	{ "into docker.io", { "a.b/c=docker.io" }, "a.b/c/x:1", "docker.io/library/x:1" },
	{ "longer", { "a.b=c.d/e/f" }, "a.b/x:1", "c.d/e/f/x:1" },
};

START_TEST(applies)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	CLEANUP(free_ptr) char *got = NULL, *again = NULL, *looked = NULL, *renamed = NULL;
	struct err err = { 0 };
	size_t i;

	for (i = 0; i < 3 && maps[_i].rules[i] != NULL; i++)
		ck_assert_msg(mapping_add(&m, maps[_i].rules[i], &err) == ERR_OK, "%s: %s", maps[_i].name, err.msg);
	ck_assert_msg(mapping_look(&m, maps[_i].image, &looked, &err) == ERR_OK, "%s: %s", maps[_i].name, err.msg);
	ck_assert_str_eq(looked, maps[_i].want);
	ck_assert(m.len == 0 || mapping_unused(&m) != NULL); /* looking uses none */
	ck_assert_msg(mapping_apply(&m, maps[_i].image, &got, &err) == ERR_OK, "%s: %s", maps[_i].name, err.msg);
	ck_assert_str_eq(got, maps[_i].want);
	ck_assert_int_eq(mapping_apply(&m, maps[_i].image, &again, &err), ERR_OK);
	ck_assert_str_eq(again, got);
	ck_assert_str_eq(mapping_origin(&m, got), maps[_i].image);
	ck_assert_int_eq(mapping_rename(&m, maps[_i].image, &renamed, &err), ERR_OK);
	ck_assert_str_eq(renamed, got);
}
END_TEST

static const struct {
	const char *name, *rule, *want;
} bad_rules[] = {
	{ "empty", "", "has no \"=\"" },
	{ "no =", "docker.io", "has no \"=\"" },
	{ "no OLD", "=r.test", "\"\" is no leading part" },
	{ "no NEW", "docker.io=", "\"\" is no leading part" },
	{ "two =", "docker.io=r.test=s.test", "\"r.test=s.test\" is no leading part" },
	{ "short OLD", "library=r.test", "\"library\" does not start with a registry" },
	{ "short NEW", "docker.io=mirror", "\"mirror\" does not start with a registry" },
	{ "index.docker.io", "index.docker.io=r.test", "does not start with a registry as full names do" },
	{ "slash at the end", "docker.io/library/=r.test", "is no leading part" },
	{ "slash in front", "/docker.io=r.test", "is no leading part" },
	{ "tag", "docker.io/library/alpine:3=r.test/a", "is no leading part" },
	{ "digest", "docker.io/a@" DIGEST "=r.test/a", "is no leading part" },
	{ "upper case", "docker.io=r.test/Base", "is no leading part" },
	{ "transport", "docker://docker.io=r.test", "is no leading part" },
	{ "OLD twice", "a.b=x.y", "there is a rule for a.b already, =c.d" },
};

START_TEST(refuses_rule)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(mapping_add(&m, "a.b=c.d", &err), ERR_OK);
	ck_assert_msg(mapping_add(&m, bad_rules[_i].rule, &err) == ERR_USAGE, "%s: accepted", bad_rules[_i].name);
	ck_assert_msg(strstr(err.msg, bad_rules[_i].want) != NULL, "%s: %s", bad_rules[_i].name, err.msg);
	ck_assert_uint_eq(m.len, 1);
}
END_TEST

static const struct {
	const char *name, *rule, *image, *want;
} spoiled[] = {
	{ "no repository is left", "docker.io/library/alpine=r.test", "docker.io/library/alpine:3", "no repository" },
	{ "by digest", "docker.io/a=r.test", "docker.io/a@" DIGEST, "no repository" },
	{ "too long", "docker.io=r.test/" LONG, "docker.io/library/alpine:3", "255 are the most" },
};

START_TEST(refuses_result)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	struct err err = { 0 };
	char *got = NULL;

	ck_assert_int_eq(mapping_add(&m, spoiled[_i].rule, &err), ERR_OK);
	ck_assert_msg(mapping_apply(&m, spoiled[_i].image, &got, &err) == ERR_USAGE, "%s: %s", spoiled[_i].name, got);
	ck_assert_int_eq(err.code, ERR_USAGE);
	ck_assert_msg(strstr(err.msg, spoiled[_i].want) != NULL, "%s: %s", spoiled[_i].name, err.msg);
	ck_assert_ptr_null(got);
}
END_TEST

static const struct {
	const char *name, *rule, *first, *second;
	enum err_code want;
} pairs[] = {
	{ "apart", "a.b=c.d", "a.b/x:1", "a.b/x:2", ERR_OK },
	{ "one image twice", "a.b=c.d", "a.b/x:1", "a.b/x:1", ERR_OK },
	{ "one mapped onto the other", "a.b=c.d", "a.b/x:1", "c.d/x:1", ERR_USAGE },
	{ "the other way round", "a.b=c.d", "c.d/x:1", "a.b/x:1", ERR_USAGE },
	{ "onto what docker.io means", "a.b=docker.io", "a.b/x:1", "docker.io/library/x:1", ERR_USAGE },
};

START_TEST(collides)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	CLEANUP(free_ptr) char *first = NULL, *second = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(mapping_add(&m, pairs[_i].rule, &err), ERR_OK);
	ck_assert_int_eq(mapping_apply(&m, pairs[_i].first, &first, &err), ERR_OK);
	ck_assert_msg(mapping_apply(&m, pairs[_i].second, &second, &err) == pairs[_i].want, "%s: %s", pairs[_i].name,
		      err.msg);
	if (pairs[_i].want == ERR_OK)
		return;
	ck_assert_ptr_nonnull(strstr(err.msg, pairs[_i].first));
	ck_assert_ptr_nonnull(strstr(err.msg, pairs[_i].second));
}
END_TEST

START_TEST(unused)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	char *got;

	ck_assert_ptr_null(mapping_unused(&m));
	ck_assert_int_eq(mapping_add(&m, "a.b=c.d", NULL), ERR_OK);
	ck_assert_int_eq(mapping_add(&m, "a.b/x=c.d/y", NULL), ERR_OK);
	ck_assert_str_eq(mapping_unused(&m)->from, "a.b");
	ck_assert_int_eq(mapping_apply(&m, "a.b/z:1", &got, NULL), ERR_OK);
	free(got);
	ck_assert_str_eq(mapping_unused(&m)->from, "a.b/x");
	ck_assert_int_eq(mapping_apply(&m, "a.b/x/z:1", &got, NULL), ERR_OK);
	free(got);
	ck_assert_ptr_null(mapping_unused(&m));
	mapping_release(&m);
}
END_TEST

#define FIFTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Below a place in a registry, after the rules. */
static const struct {
	const char *place;
	bool keep_host;
	const char *rule, *name, *want; /* NULL: a name that cannot be there */
} places[] = {
	{ "r.site:5000", false, NULL, "docker.io/library/alpine:3", "r.site:5000/library/alpine:3" },
	{ "r.site:5000", true, NULL, "docker.io/library/alpine:3", "r.site:5000/docker.io/library/alpine:3" },
	{ "r.site/mirror/x", false, NULL, "ghcr.io/a/b:1", "r.site/mirror/x/a/b:1" },
	{ "r.site/mirror", true, NULL, "localhost:5000/b:1", "r.site/mirror/localhost-5000/b:1" },
	{ "r.site", true, NULL, "Registry.EXAMPLE/b:1", "r.site/registry.example/b:1" },
	{ "r.site", true, NULL, "[::1]:5000/b:1", "r.site/0--1-5000/b:1" },
	{ "r.site", true, NULL, "[FE80::1]/b:1", "r.site/fe80--1/b:1" },
	{ "r.site", true, NULL, "[fe80::]/b:1", "r.site/fe80--0/b:1" },
	{ "r.site", false, NULL, "[::1]:5000/b:1", "r.site/b:1" },
	{ "r.site/" FIFTY FIFTY FIFTY FIFTY, true, NULL, "ghcr.io/" FIFTY ":1", NULL },
	{ "docker.io", false, NULL, "ghcr.io/b:1", "docker.io/library/b:1" },
	{ "r.site", false, "ghcr.io/a=quay.io/c", "ghcr.io/a/b:1", "r.site/c/b:1" },
	{ "r.site", true, "ghcr.io/a=quay.io/c", "ghcr.io/a/b:1", "r.site/quay.io/c/b:1" },
	{ "r.site", false, NULL, "ghcr.io/b@sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "r.site/b@sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
};

START_TEST(below_a_place)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	CLEANUP(free_ptr) char *got = NULL;
	struct err err = { 0 };

	if (places[_i].rule != NULL)
		ck_assert_int_eq(mapping_add(&m, places[_i].rule, NULL), ERR_OK);
	ck_assert_int_eq(mapping_check_place(places[_i].place, NULL), ERR_OK);
	ck_assert_int_eq(mapping_place(&m, places[_i].place, places[_i].keep_host, NULL), ERR_OK);
	if (places[_i].want == NULL) {
		ck_assert_int_eq(mapping_apply(&m, places[_i].name, &got, &err), ERR_USAGE);
		ck_assert_ptr_nonnull(strstr(err.msg, places[_i].name));
		return;
	}
	ck_assert_msg(mapping_apply(&m, places[_i].name, &got, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(got, places[_i].want);
}
END_TEST

static const char *const no_places[] = { "",           "/",        "nohost",    "nohost/x",      "r.site/",
					 "r.site/a:1", "r.site/A", "r.site//a", "http://r.site", "r.site/a@sha256:00" };

START_TEST(refuses_place)
{
	struct err err = { 0 };

	ck_assert_int_eq(mapping_check_place(no_places[_i], &err), ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "HOST[:PORT][/PREFIX]"));
}
END_TEST

/* Without their hosts two may be one. */
START_TEST(collides_at_a_place)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	struct err err = { 0 };
	char *got = NULL;

	ck_assert_int_eq(mapping_place(&m, "r.site", _i == 1, NULL), ERR_OK);
	ck_assert_int_eq(mapping_apply(&m, "ghcr.io/a/b:1", &got, NULL), ERR_OK);
	free(take_ptr(&got));
	ck_assert_int_eq(mapping_apply(&m, "quay.io/a/b:1", &got, &err), _i == 1 ? ERR_OK : ERR_USAGE);
	free(got);
	ck_assert(_i == 1 || strstr(err.msg, "--keep-host") != NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mapping");
	TCase *t = tcase_create("mapping");

	tcase_add_loop_test(t, applies, 0, (int)COUNT_OF(maps));
	tcase_add_loop_test(t, refuses_rule, 0, (int)COUNT_OF(bad_rules));
	tcase_add_loop_test(t, refuses_result, 0, (int)COUNT_OF(spoiled));
	tcase_add_loop_test(t, collides, 0, (int)COUNT_OF(pairs));
	tcase_add_test(t, unused);
	tcase_add_loop_test(t, below_a_place, 0, (int)COUNT_OF(places));
	tcase_add_loop_test(t, refuses_place, 0, (int)COUNT_OF(no_places));
	tcase_add_loop_test(t, collides_at_a_place, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
