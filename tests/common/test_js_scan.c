#include "common/js_scan.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/js.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

/* What js_read takes is taken, what it refuses is refused. */
static const char *const documents[] = {
	"{}",
	"[]",
	" { \"a\" : [ 1 , -2.5e+3, 0, true, false, null, \"x\" ] , \"b\":{} }\n",
	"[\"\\u00e9\\n\\\"\\\\\\/\\b\\f\\r\\t\"]",
	"[\"\\ud83d\\ude00\"]",
	"[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]",
	"[0.5,1E9,1e-9,-0]",
	"[[[[]]]]",
	"",
	" ",
	"1",
	"\"x\"",
	"null",
	"{",
	"[",
	"}",
	"]",
	"[}",
	"{]",
	"[1,]",
	"[,1]",
	"[1 2]",
	"{\"a\"}",
	"{\"a\":}",
	"{\"a\":1,}",
	"{,}",
	"{1:2}",
	"{a:1}",
	"[01]",
	"[1.]",
	"[.5]",
	"[+1]",
	"[1e]",
	"[-]",
	"[tru]",
	"[True]",
	"[\"\\x\"]",
	"[\"\\u12\"]",
	"[\"\\u0000\"]",
	"[\"\\ud83d\"]",
	"[\"\\ude00\"]",
	"[\"\\ud83dx\"]",
	"[\"\\u00 1\"]",
	"[\"\t\"]",
	"[\"\xff\"]",
	"[\"\xc3\"]",
	"[\"\xed\xa0\x80\"]",
	"[\"abc",
	"[\"abc\\",
	"{} {}",
	"[]]",
	"{}x",
};

START_TEST(same)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *text = documents[_i];
	enum err_code want = js_read(text, strlen(text), "it", &json, NULL);
	struct err err = { 0 };
	enum err_code got = js_scan(text, strlen(text), "it", &err);

	ck_assert_msg(got == want, "%s: %d, not %d: %s", text, got, want, err.msg);
}
END_TEST

/* Whatever a document is cut to is no document. */
START_TEST(cut)
{
	static const char text[] = "{\"a\":[1,-2.5e3,true,\"\\u00e9\xc3\xa9\"],\"b\":{\"c\":null}}";
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		CLEANUP(free_ptr) char *copy = malloc(i + 1);

		memcpy(copy, text, i);
		ck_assert_int_eq(js_scan(copy, i, "it", NULL), ERR_FORMAT);
	}
}
END_TEST

START_TEST(deep)
{
	char text[2 * 65 + 1];

	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	ck_assert_int_eq(js_scan(text, 130, "it", NULL), ERR_LIMIT);
	ck_assert_int_eq(js_scan(text + 1, 128, "it", NULL), ERR_OK);
}
END_TEST

static const struct {
	const char *text, *want; /* of the member "a" */
} members[] = {
	{ "{\"a\":\"x\"}", "\"x\"" },
	{ "{\"b\":{\"a\":\"y\"},\"a\":\"x\"}", "\"x\"" },
	{ "{\"b\":\"a\",\"c\":\"x\"}", NULL },
	{ "{\"b\":[\"a\",\"x\"]}", NULL },
	{ "{\"a\":1,\"b\":\"x\"}", NULL },
	{ "{\"a\":{\"b\":\"x\"}}", NULL },
	{ "{\"a\":[\"x\"]}", NULL },
	{ "{\"aa\":\"x\"}", NULL },
	{ "[\"a\",\"x\"]", NULL },
	{ "{\"a\":\"\\u0041\"}", "\"\\u0041\"" },
	{ "{}", NULL },
};

START_TEST(member)
{
	const char *text = members[_i].text, *found = NULL;
	size_t len = 0;
	bool got = js_scan_member(text, strlen(text), "a", &found, &len);

	ck_assert_msg(got == (members[_i].want != NULL), "%s", text);
	if (got)
		ck_assert_msg(len == strlen(members[_i].want) && memcmp(found, members[_i].want, len) == 0, "%s", text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("js_scan");
	TCase *t = tcase_create("js_scan");

	tcase_add_loop_test(t, same, 0, COUNT_OF(documents));
	tcase_add_test(t, cut);
	tcase_add_test(t, deep);
	tcase_add_loop_test(t, member, 0, COUNT_OF(members));
	suite_add_tcase(s, t);
	return test_run(s);
}
