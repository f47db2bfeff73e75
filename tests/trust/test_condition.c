#include "trust/condition.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define STATEMENT                                                                                                      \
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"https://slsa.dev/provenance/v1\","         \
	"\"predicate\":{\"builder\":\"https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1\","       \
	"\"level\":3,\"score\":7.5,\"tested\":true,\"nothing\":null,\"a/b\":\"slash\",\"tags\":[\"x\",\"y\"],"         \
	"\"empty\":\"\"}}"

static struct json_t *read_text(const char *text)
{
	struct json_t *value = NULL;
	struct err err = { 0 };

	ck_assert_msg(js_read(text, strlen(text), "test", &value, &err) == ERR_OK, "%s", err.msg);
	return value;
}

/* One condition, or the list of them that a requirement has. */
static enum err_code read_any(struct strict *s, const struct json_t *json, struct condition *ret_condition,
			      struct err *err)
{
	return js_kind(json) == JS_ARRAY ? condition_read_all(s, json, ret_condition, err)
					 : condition_read(s, json, ret_condition, err);
}

#define AT(pointer, rest) "{\"pointer\":\"/predicate/" pointer "\"," rest "}"
#define YES AT("tested", "\"exists\":true")
#define NO AT("tested", "\"exists\":false")

static const struct {
	const char *text;
	bool want;
} cases[] = {
	{ AT("level", "\"equals\":3"), true },
	{ AT("level", "\"equals\":3.0"), true },
	{ AT("level", "\"equals\":4"), false },
	{ AT("level", "\"equals\":\"3\""), false },
	{ AT("nothing", "\"equals\":null"), true },
	{ AT("absent", "\"equals\":null"), false },
	{ AT("tags", "\"equals\":[\"x\",\"y\"]"), true },
	{ AT("tags", "\"equals\":[\"y\",\"x\"]"), false },
	{ AT("tags/1", "\"equals\":\"y\""), true },
	{ AT("a~1b", "\"equals\":\"slash\""), true },
	{ "{\"pointer\":\"/predicateType\",\"equals\":\"https://slsa.dev/provenance/v1\"}", true },
	{ AT("builder", "\"glob\":\"https://github.com/acme/app/*\""), true },
	{ AT("builder", "\"glob\":\"https://github.com/acme/app\""), false },
	{ AT("builder", "\"glob\":\"*/release.yml@refs/tags/v?\""), true },
	{ AT("builder", "\"glob\":\"*\""), true },
	{ AT("empty", "\"glob\":\"*\""), true },
	{ AT("empty", "\"glob\":\"?\""), false },
	{ AT("absent", "\"glob\":\"*\""), false },
	{ AT("level", "\"glob\":\"*\""), false },
	{ AT("level", "\"oneOf\":[1,2,3]"), true },
	{ AT("level", "\"oneOf\":[\"3\"]"), false },
	{ AT("absent", "\"oneOf\":[null]"), false },
	{ AT("level", "\"minimum\":3"), true },
	{ AT("level", "\"minimum\":2.5"), true },
	{ AT("level", "\"minimum\":4"), false },
	{ AT("score", "\"minimum\":7"), true },
	{ AT("score", "\"minimum\":7.6"), false },
	{ AT("builder", "\"minimum\":0"), false },
	{ AT("absent", "\"minimum\":0"), false },
	{ AT("nothing", "\"exists\":true"), true },
	{ AT("absent", "\"exists\":true"), false },
	{ AT("absent", "\"exists\":false"), true },
	{ AT("tags/2", "\"exists\":false"), true },
	{ "{\"all\":[" YES "," YES "]}", true },
	{ "{\"all\":[" YES "," NO "]}", false },
	{ "{\"any\":[" NO "," YES "]}", true },
	{ "{\"any\":[" NO "," NO "]}", false },
	{ "{\"not\":" NO "}", true },
	{ "{\"not\":" YES "}", false },
	{ "{\"not\":{\"not\":" YES "}}", true },
	{ "{\"not\":" AT("absent", "\"equals\":1") "}", true },
	{ "{\"any\":[{\"all\":[" YES ",{\"not\":" YES "}]},{\"all\":[" YES "]}]}", true },
	{ "[" YES "," YES "]", true },
	{ "[" YES "," NO "]", false },
	{ "[]", true },
};

START_TEST(holds)
{
	CLEANUP(js_free_ptr) struct json_t *json = read_text(cases[_i].text);
	CLEANUP(js_free_ptr) struct json_t *statement = read_text(STATEMENT);
	CLEANUP(condition_release) struct condition c = { 0 };
	CLEANUP(strict_release) struct strict s;
	struct err err = { 0 };

	strict_init(&s, "policy.json");
	ck_assert_msg(read_any(&s, json, &c, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(s.place.len, 0);
	ck_assert_msg(condition_holds(&c, statement) == cases[_i].want, "%s", cases[_i].text);
}
END_TEST

static const struct {
	const char *text, *want;
} wrong[] = {
	{ "[1]", "policy.json: /0: must be an object" },
	{ "[[" YES "]]", "policy.json: /0: must be an object" },
	{ "{\"any\":[" NO ",[]]}", "policy.json: /any/1: must be an object" },
	{ "{\"not\":[" YES "]}", "policy.json: /not: must be an object" },
	{ "{}", "policy.json: says nothing: add one of equals, glob" },
	{ "{\"pointer\":\"/a\"}", "says nothing" },
	{ "{\"pointer\":\"/a\",\"equal\":1}", "unknown key \"equal\", did you mean \"equals\"?" },
	{ "{\"pointer\":\"/a\",\"oneof\":[1]}", "did you mean \"oneOf\"?" },
	{ "{\"pointer\":\"/a\",\"matches\":\"x\"}", "known are pointer, equals, glob" },
	{ "{\"equals\":1}", "\"pointer\" is missing" },
	{ "{\"pointer\":1,\"equals\":1}", "\"pointer\" is missing" },
	{ "{\"pointer\":\"a\",\"equals\":1}", "\"a\" is no JSON Pointer: begin it with \"/\", as in /predicate/a" },
	{ "{\"pointer\":\"predicate/a\",\"equals\":1}", "as in /predicate/a" },
	{ "{\"pointer\":\"/a\",\"equals\":1,\"exists\":true}", "has both \"equals\" and \"exists\"" },
	{ "{\"pointer\":\"/a\",\"glob\":1}", "policy.json: /glob: must be a string" },
	{ "{\"pointer\":\"/a\",\"oneOf\":\"x\"}", "policy.json: /oneOf: must be an array" },
	{ "{\"pointer\":\"/a\",\"oneOf\":[]}", "with one value at least" },
	{ "{\"pointer\":\"/a\",\"minimum\":\"3\"}", "policy.json: /minimum: must be a number" },
	{ "{\"pointer\":\"/a\",\"exists\":1}", "policy.json: /exists: must be true or false" },
	{ "{\"pointer\":\"/a\",\"all\":[" YES "]}", "\"pointer\" means nothing beside \"all\"" },
	{ "{\"all\":" YES "}", "policy.json: /all: must be an array" },
	{ "{\"any\":[]}", "policy.json: /any: must be an array, […], with one condition at least" },
	{ "{\"not\":1}", "policy.json: /not: must be an object" },
	{ "{\"all\":[" YES ",{\"not\":{\"any\":[" NO ",{}]}}]}", "policy.json: /all/1/not/any/1: says nothing" },
};

START_TEST(refuse)
{
	CLEANUP(js_free_ptr) struct json_t *json = read_text(wrong[_i].text);
	CLEANUP(condition_release) struct condition c = { 0 };
	CLEANUP(strict_release) struct strict s;
	struct err err = { 0 };

	strict_init(&s, "policy.json");
	ck_assert_int_eq(read_any(&s, json, &c, &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, wrong[_i].want) != NULL, "%s", err.msg);
	ck_assert_ptr_null(c.parts);
}
END_TEST

static const struct {
	const char *text, *place, *want;
} blames[] = {
	{ "[" YES "," AT("level", "\"equals\":4") "]", "/1", "/predicate/level must equal 4, and is 3" },
	{ "[{\"all\":[" YES "," AT("builder", "\"glob\":\"x*\"") "]}]", "/0/all/1",
	  "/predicate/builder must match \"x*\", and is "
	  "\"https://github.com/acme/app/.github/workflows/release.yml@refs/"
	  "tags/v1\"" },
	{ "[" AT("absent", "\"oneOf\":[1,2]") "]", "/0",
	  "/predicate/absent must be 1 or another of the list, and is nothing" },
	{ "[" AT("absent", "\"oneOf\":[1]") "]", "/0", "/predicate/absent must be 1, and is nothing" },
	{ "[" AT("score", "\"minimum\":8") "]", "/0", "/predicate/score must be 8 or more, and is 7.5" },
	{ "[" AT("absent", "\"exists\":true") "]", "/0", "/predicate/absent must exist, and is nothing" },
	{ "[" NO "]", "/0", "/predicate/tested must not exist, and is true" },
	{ "[{\"any\":[" NO "," NO "]}]", "/0", "one of 2 conditions must hold, and none does" },
	{ "[{\"not\":" YES "}]", "/0", "what must not hold does" },
};

START_TEST(blame)
{
	CLEANUP(js_free_ptr) struct json_t *json = read_text(blames[_i].text);
	CLEANUP(js_free_ptr) struct json_t *statement = read_text(STATEMENT);
	CLEANUP(condition_release) struct condition c = { 0 };
	CLEANUP(strict_release) struct strict s;
	CLEANUP(buf_release) struct buf text = { .max = 1000 };
	const struct condition *found;

	strict_init(&s, "policy.json");
	ck_assert_int_eq(read_any(&s, json, &c, NULL), ERR_OK);
	ck_assert(!condition_holds(&c, statement));
	found = condition_blame(&c, statement);
	ck_assert_str_eq(found->place, blames[_i].place);
	ck_assert_int_eq(condition_describe(found, statement, &text, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&text), blames[_i].want);
}
END_TEST

static const struct {
	const char *pattern, *text;
	bool want;
} globs[] = {
	{ "", "", true },
	{ "", "a", false },
	{ "*", "", true },
	{ "**", "abc", true },
	{ "?", "", false },
	{ "?", "a", true },
	{ "?", "\xc3\xa4", true }, /* one character, two bytes */
	{ "??", "\xc3\xa4", false },
	{ "a*c", "abbc", true },
	{ "a*c", "abbd", false },
	{ "a*b*c", "aXbYbZc", true },
	{ "*ab", "aab", true },
	{ "*/release.yml", "a/b/release.yml", true },
	{ "[ab]", "a", false }, /* nothing else is special */
	{ "[ab]", "[ab]", true },
	{ "a\\*", "a\\b", true },
	{ "\xff*", "\xff\xfe", true },
};

START_TEST(glob)
{
	ck_assert_msg(condition_glob(globs[_i].pattern, globs[_i].text) == globs[_i].want, "%s on %s",
		      globs[_i].pattern, globs[_i].text);
}
END_TEST

/* Where a backtracking matcher would take for ever. */
START_TEST(glob_stays_fast)
{
	char pattern[2001], text[20001];
	size_t i;

	for (i = 0; i < 2000; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[1999] = 'b';
	pattern[2000] = '\0';
	memset(text, 'a', 20000);
	text[20000] = '\0';
	ck_assert(!condition_glob(pattern, text));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("condition");
	TCase *t = tcase_create("condition");

	tcase_add_loop_test(t, holds, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, refuse, 0, (int)COUNT_OF(wrong));
	tcase_add_loop_test(t, blame, 0, (int)COUNT_OF(blames));
	tcase_add_loop_test(t, glob, 0, (int)COUNT_OF(globs));
	tcase_add_test(t, glob_stays_fast);
	suite_add_tcase(s, t);
	return test_run(s);
}
