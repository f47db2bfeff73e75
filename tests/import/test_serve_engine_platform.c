#include "import/serve_engine_platform.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define NO ENGINE_NO_RANK

/* containerd/platforms, Only; a rank is a place in its order, and 0 the platform itself. */
static const struct {
	const char *wanted, *have;
	unsigned rank;
} ranks[] = {
	{ "linux/amd64", "linux/amd64", 0 },           { "linux/amd64", "linux/386", 1 },
	{ "linux/amd64", "linux/amd64/v2", NO },       { "linux/amd64/v3", "linux/amd64/v2", 1 },
	{ "linux/amd64/v3", "linux/amd64", 2 },        { "linux/amd64/v3", "linux/386", 3 },
	{ "linux/amd64", "windows/amd64", NO },        { "linux/386", "linux/amd64", NO },
	{ "linux/arm/v7", "linux/arm/v7", 0 },         { "linux/arm/v7", "linux/arm/v6", 1 },
	{ "linux/arm/v7", "linux/arm/v5", 2 },         { "linux/arm/v6", "linux/arm/v7", NO },
	{ "linux/arm/v5", "linux/arm/v6", NO },        { "linux/arm64", "linux/arm64", 0 },
	{ "linux/arm64", "linux/arm64/v8", 0 },        { "linux/arm64", "linux/arm/v8", 2 },
	{ "linux/arm64", "linux/arm/v7", 3 },          { "linux/arm64", "linux/arm64/v9", NO },
	{ "linux/arm64/v8.2", "linux/arm64/v8.1", 2 }, { "linux/arm64/v8.2", "linux/arm64", 3 },
	{ "linux/arm64/v9", "linux/arm64/v8.5", 2 },   { "linux/arm64/v9", "linux/arm64/v8.6", NO },
	{ "linux/s390x", "linux/s390x", 0 },           { "linux/s390x", "linux/ppc64le", NO },
};

START_TEST(rank)
{
	struct platform wanted, have;
	unsigned got;

	ck_assert_int_eq(platform_parse(ranks[_i].wanted, &wanted, NULL), ERR_OK);
	ck_assert_int_eq(platform_parse(ranks[_i].have, &have, NULL), ERR_OK);
	got = engine_platform_rank(&wanted, &have);
	ck_assert_msg(got == ranks[_i].rank, "%s for %s: %u", ranks[_i].have, ranks[_i].wanted, got);
}
END_TEST

#define CHARACTER(c) "failed to parse platform: invalid character '" c "' looking for beginning of value"
#define A20 "aaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *json, *want; /* what is shown of it, or what is wrong */
	enum err_code code;
	bool known;
} texts[] = {
	{ "{\"os\":\"linux\",\"architecture\":\"arm64\"}", "linux/arm64", ERR_OK, true },
	{ " {\"os\":\"Linux\",\"architecture\":\"x86_64\"}", "Linux/x86_64", ERR_OK, true },
	{ "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}", "linux/arm/v7", ERR_OK, true },
	{ "{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":\"10.0\"}", "windows(10.0)/amd64", ERR_OK,
	  true },
	{ "{\"os\":\"li nux\",\"architecture\":\"arm64\"}", "li nux/arm64", ERR_OK, false },
	{ "{\"os\":\"linux\",\"architecture\":\"" A20 A20 A20 A20 "\"}", "linux/" A20 A20 "aaaaaaaaaa", ERR_OK, false },
	{ "linux/amd64", CHARACTER("l"), ERR_USAGE, false },
	{ "'", CHARACTER("\\'"), ERR_USAGE, false },
	{ "", "failed to parse platform: unexpected end of JSON input", ERR_USAGE, false },
	{ "\"x\"", "failed to parse platform: json: cannot unmarshal string into Go value of type v1.Platform",
	  ERR_USAGE, false },
	{ "{\"os\":1}", "failed to parse platform: \"os\" is no string", ERR_USAGE, false },
	{ "{}", "both OS and Architecture must be provided", ERR_USAGE, false },
	{ "{\"os\":\"linux\"}", "both OS and Architecture must be provided", ERR_USAGE, false },
	{ "{\"os.features\":[\"x\"]}", "optional platform fields provided, but OS and Architecture are missing",
	  ERR_USAGE, false },
};

START_TEST(read)
{
	struct engine_platform p;
	struct err err = { 0 };
	char text[ENGINE_PLATFORM_TEXT_MAX];
	enum err_code code = engine_platform_read(texts[_i].json, &p, &err);

	ck_assert_msg(code == texts[_i].code, "%s: %d %s", texts[_i].json, code, err.msg);
	if (code != ERR_OK) {
		ck_assert_str_eq(err.msg, texts[_i].want);
		return;
	}
	ck_assert_str_eq(engine_platform_text(&p, text), texts[_i].want);
	ck_assert_int_eq(p.known, texts[_i].known);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_engine_platform");
	TCase *t = tcase_create("serve_engine_platform");

	tcase_add_loop_test(t, rank, 0, (int)COUNT_OF(ranks));
	tcase_add_loop_test(t, read, 0, (int)COUNT_OF(texts));
	suite_add_tcase(s, t);
	return test_run(s);
}
