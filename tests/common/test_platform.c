#include "common/platform.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define TEN "aaaaaaaaaa"
#define PART_31 TEN TEN TEN "a"

static const struct {
	const char *name, *text, *want;
} good[] = {
	{ "plain", "linux/amd64", "linux/amd64" },
	{ "variant", "linux/arm/v7", "linux/arm/v7" },
	{ "x86_64", "linux/x86_64", "linux/amd64" },
	{ "x86-64", "linux/x86-64", "linux/amd64" },
	{ "amd64/v1", "linux/amd64/v1", "linux/amd64" },
	{ "x86_64/v1", "linux/x86_64/v1", "linux/amd64" },
	{ "amd64/v3 stays", "linux/amd64/v3", "linux/amd64/v3" },
	{ "aarch64", "linux/aarch64", "linux/arm64" },
	{ "arm64/v8", "linux/arm64/v8", "linux/arm64" },
	{ "arm64/8", "linux/arm64/8", "linux/arm64" },
	{ "aarch64/v8", "linux/aarch64/v8", "linux/arm64" },
	{ "arm64/v9 stays", "linux/arm64/v9", "linux/arm64/v9" },
	{ "arm alone", "linux/arm", "linux/arm/v7" },
	{ "arm/5", "linux/arm/5", "linux/arm/v5" },
	{ "arm/6", "linux/arm/6", "linux/arm/v6" },
	{ "arm/7", "linux/arm/7", "linux/arm/v7" },
	{ "arm/8", "linux/arm/8", "linux/arm/v8" },
	{ "armhf", "linux/armhf", "linux/arm/v7" },
	{ "armhf knows better", "linux/armhf/v6", "linux/arm/v7" },
	{ "armel", "linux/armel", "linux/arm/v6" },
	{ "i386", "linux/i386", "linux/386" },
	{ "i386 has no variant", "linux/i386/v1", "linux/386" },
	{ "macos", "macOS/arm64", "darwin/arm64" },
	{ "upper case", "Linux/ARM/V7", "linux/arm/v7" },
	{ "unknown/unknown", "unknown/unknown", "unknown/unknown" },
	{ "not known to us", "plan9/vax/mk-2", "plan9/vax/mk-2" },
	{ "longest", PART_31 "/" PART_31 "/" PART_31, PART_31 "/" PART_31 "/" PART_31 },
};

static const struct {
	const char *name, *text, *want;
} bad[] = {
	{ "empty", "", "as in linux/amd64" },
	{ "architecture alone", "arm64", "as in linux/arm64" },
	{ "architecture with letters alone", "armhf", "as in linux/armhf" },
	{ "system alone", "linux", "as in linux/amd64" },
	{ "another system alone", "windows", "as in linux/amd64" },
	{ "a word of other commands", "host", "as in linux/amd64" },
	{ "a list", "linux/amd64,linux/arm64", "one platform at a time" },
	{ "no architecture", "linux/", "as in linux/amd64" },
	{ "no system", "/amd64", "as in linux/amd64" },
	{ "empty variant", "linux/arm/", "as in linux/amd64" },
	{ "slashes", "//", "as in linux/amd64" },
	{ "four parts", "linux/arm/v7/x", "\"v7/x\" is no variant" },
	{ "space", "linux/am d64", "\"am d64\" is no architecture" },
	{ "control character", "linux\x1b/amd64", "\"linux?\" is no operating system" },
	{ "system one over", PART_31 "a/amd64", "at most 31" },
	{ "architecture one over", "linux/" PART_31 "a", "at most 31" },
	{ "variant one over", "linux/arm/" PART_31 "a", "at most 31" },
	{ "far too long", PART_31 PART_31 PART_31 PART_31 "/x", "as in linux/amd64" },
};

START_TEST(accepts)
{
	struct platform p, again;
	struct err err = { 0 };
	char text[PLATFORM_TEXT_MAX];

	ck_assert_msg(platform_parse(good[_i].text, &p, &err) == ERR_OK, "%s: %s", good[_i].name, err.msg);
	ck_assert_str_eq(platform_format(&p, text), good[_i].want);
	ck_assert_int_eq(platform_parse(text, &again, &err), ERR_OK); /* normal is normal for ever */
	ck_assert_msg(platform_equal(&p, &again), "%s: %s", good[_i].name, text);
}
END_TEST

START_TEST(refuses)
{
	struct platform p = { .os = "untouched" };
	struct err err = { 0 };

	ck_assert_msg(platform_parse(bad[_i].text, &p, &err) == ERR_FORMAT, "%s: accepted", bad[_i].name);
	ck_assert_msg(strstr(err.msg, bad[_i].want) != NULL, "%s: %s", bad[_i].name, err.msg);
	ck_assert_str_eq(p.os, "untouched");
}
END_TEST

static const struct {
	const char *name, *os, *architecture, *variant, *os_version;
	enum err_code code;
	const char *want, *want_version;
} sets[] = {
	{ "no variant", "linux", "amd64", NULL, NULL, ERR_OK, "linux/amd64", "" },
	{ "empty variant", "linux", "amd64", "", "", ERR_OK, "linux/amd64", "" },
	{ "version", "windows", "amd64", NULL, "10.0.17763.1879", ERR_OK, "windows/amd64", "10.0.17763.1879" },
	{ "normalises", "Linux", "aarch64", "v8", NULL, ERR_OK, "linux/arm64", "" },
	{ "no system", "", "amd64", NULL, NULL, ERR_FORMAT, NULL, NULL },
	{ "no architecture", "linux", "", NULL, NULL, ERR_FORMAT, NULL, NULL },
	{ "slash inside", "linux", "arm/v7", NULL, NULL, ERR_FORMAT, NULL, NULL },
	{ "line feed", "linux", "amd64\n", NULL, NULL, ERR_FORMAT, NULL, NULL },
	{ "odd version", "windows", "amd64", NULL, "10 0", ERR_FORMAT, NULL, NULL },
};

START_TEST(set)
{
	struct platform p;
	struct err err = { 0 };
	char text[PLATFORM_TEXT_MAX];

	ck_assert_msg(platform_set(&p, sets[_i].os, sets[_i].architecture, sets[_i].variant, sets[_i].os_version,
				   &err) == sets[_i].code,
		      "%s: %s", sets[_i].name, err.msg);
	if (sets[_i].code != ERR_OK)
		return;
	ck_assert_str_eq(platform_format(&p, text), sets[_i].want);
	ck_assert_str_eq(p.os_version, sets[_i].want_version);
}
END_TEST

static const struct {
	const char *name, *wanted, *wanted_version, *have, *have_version;
	bool want;
} matches[] = {
	{ "same", "linux/amd64", "", "linux/amd64", "", true },
	{ "other spelling", "linux/x86_64", "", "linux/amd64/v1", "", true },
	{ "other system", "linux/amd64", "", "windows/amd64", "", false },
	{ "other architecture", "linux/amd64", "", "linux/arm64", "", false },
	{ "v7 does not take v6", "linux/arm/v7", "", "linux/arm/v6", "", false },
	{ "v6 does not take v7", "linux/arm/v6", "", "linux/arm/v7", "", false },
	{ "arm is v7", "linux/arm", "", "linux/arm/v7", "", true },
	{ "amd64 does not take v2", "linux/amd64", "", "linux/amd64/v2", "", false },
	{ "arm64 does not take arm", "linux/arm64", "", "linux/arm/v8", "", false },
	{ "version in one only", "windows/amd64", "", "windows/amd64", "10.0.1", true },
	{ "version in the other only", "windows/amd64", "10.0.1", "windows/amd64", "", true },
	{ "same version", "windows/amd64", "10.0.1", "windows/amd64", "10.0.1", true },
	{ "other version", "windows/amd64", "10.0.1", "windows/amd64", "10.0.2", false },
};

START_TEST(match)
{
	struct platform wanted, have;

	ck_assert_int_eq(platform_parse(matches[_i].wanted, &wanted, NULL), ERR_OK);
	ck_assert_int_eq(platform_parse(matches[_i].have, &have, NULL), ERR_OK);
	strcpy(wanted.os_version, matches[_i].wanted_version);
	strcpy(have.os_version, matches[_i].have_version);
	ck_assert_msg(platform_match(&wanted, &have) == matches[_i].want, "%s", matches[_i].name);
	ck_assert_msg(platform_equal(&have, &wanted) == matches[_i].want, "%s", matches[_i].name);
}
END_TEST

START_TEST(host)
{
	struct platform p = { .os = "" };
	struct err err = { 0 };

	ck_assert_msg(platform_host(&p, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(p.os, "linux");
	ck_assert_str_ne(p.architecture, "");
	ck_assert_str_ne(p.architecture, "x86_64");
	ck_assert_str_ne(p.architecture, "aarch64");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("platform");
	TCase *t = tcase_create("platform");

	tcase_add_loop_test(t, accepts, 0, (int)COUNT_OF(good));
	tcase_add_loop_test(t, refuses, 0, (int)COUNT_OF(bad));
	tcase_add_loop_test(t, set, 0, (int)COUNT_OF(sets));
	tcase_add_loop_test(t, match, 0, (int)COUNT_OF(matches));
	tcase_add_test(t, host);
	suite_add_tcase(s, t);
	return test_run(s);
}
