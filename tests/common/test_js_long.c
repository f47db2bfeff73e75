#include "common/js_long.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/js.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

#define X16 "Ab+/09zZ-_Ab=09z"
#define X63 X16 X16 X16 "Ab+/09zZ-_Ab=09"
#define X64 X16 X16 X16 X16
#define X128 X64 X64

/* Values: what jansson makes of each by itself, that is to come of it. */
static const char *const values[] = {
	"\"" X64 "\"",
	"\"" X63 "\"",
	"[\"" X64 "\",\"" X128 "\",\"x\",\"" X64 "\",\"\"]",
	"{\"a\":\"" X64 "\",\"b\":{\"c\":[[\"" X128 "\"],{\"d\":\"" X64 "\"}]},\"e\":\"" X128 "\",\"f\":7}",
	"{\"" X64 "\":\"" X128 "\"}",
	"{\"" X64 "\" \t\r\n:\"x\"}",
	"{ \"a\" : \"" X64 "\" , \"b\" : \"" X64 "\" }",
	"[\"" X64 "\\n\",\"" X64 "\\\\\",\"\\\"" X64 "\",\"" X64 "\"]",
	"[\"" X64 "\xc3\xa9\",\"" X64 " \",\"" X64 "\x7f\",\"" X64 ".\"]",
	"[\"\\\\\",\"" X64 "\",\"\\\\\\\"\",\"" X64 "\"]",
	"[\"\\\\u0001" X64 "\",\"" X64 "\"]",
	"[\"1.40\",\"" X64 "\"]",
	"[\"\\u00011.40\",\"" X64 "\"]", /* as if it were one of ours */
	"[\"" X64 "\",1.5,true,null,-1]",
};

static struct json_t *read(const char *text)
{
	struct json_t *value = NULL;
	struct err err = { 0 };

	ck_assert_msg(js_read(text, strlen(text), "document", &value, &err) == ERR_OK, "%s: %s", text, err.msg);
	return value;
}

/* A document with U+0001 in it jansson reads alone. */
START_TEST(same)
{
	CLEANUP(free_ptr) char *text = NULL, *whole = NULL;
	CLEANUP(js_free_ptr) struct json_t *shorter = NULL;
	CLEANUP(js_free_ptr) struct json_t *alone = NULL;

	ck_assert_int_eq(str_format(&text, NULL, "[%s]", values[_i]), ERR_OK);
	ck_assert_int_eq(str_format(&whole, NULL, "[%s,\"\\u0001\"]", values[_i]), ERR_OK);
	shorter = read(text);
	alone = read(whole);
	ck_assert_msg(js_contains(js_at(shorter, 0), js_at(alone, 0)), "%s", values[_i]);
	ck_assert_msg(js_contains(js_at(alone, 0), js_at(shorter, 0)), "%s", values[_i]);
}
END_TEST

/* What is no JSON is none, for the same reason and at the same place. */
static const struct {
	const char *text, *says;
} broken[] = {
	{ "[\"" X64 "\"", "']' expected near end of file (line 1, column 67)" },
	{ "[\"" X64 "\" \"x\"]", "']' expected near '\"x\"' (line 1, column 71)" },
	{ "[\"" X64, "premature end of input (line 1, column 66)" },
	{ "[\"" X64 "\",\n\"" X64 "\x01\"]", "control character 0x1 (line 2, column 65)" },
	{ "[\"" X64 "\",\x01]", "invalid token near '?' (line 1, column 69)" },
	{ "{\"a\":\"" X64 "\",\"a\":\"" X64 "\"}", "duplicate object key near '\"a\"'" },
	{ "{\"" X64 "\":\"" X64 "\",\"" X64 "\":\"\"}", "duplicate object key (line 1, column 201)" },
	{ "{\"a\":\"" X64 "\",\n\"b\" \"" X64 "\"}", "':' expected (line 2, column 70)" },
	{ "[\"" X64 "\":1]", "']' expected near ':'" },
	{ "{\"" X64 "\"}", "':' expected near '}'" },
	{ "[\"" X64 "\"]\n\"" X64 "\"", "end of file expected (line 2, column 66)" },
};

START_TEST(error)
{
	struct json_t *value = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(js_read(broken[_i].text, strlen(broken[_i].text), "document", &value, &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, broken[_i].says) != NULL, "%d: %s", _i, err.msg);
	ck_assert_ptr_null(value);
}
END_TEST

/* The document need not end with a NUL, nor anything of it be a string. */
START_TEST(ends)
{
	static const char text[] = "[\"" X64 "\"]";
	size_t len;

	for (len = 0; len < strlen(text); len++) {
		CLEANUP(free_ptr) char *cut = malloc(len > 0 ? len : 1);
		struct json_t *value = NULL;

		memcpy(cut, text, len);
		ck_assert_int_eq(js_read(cut, len, "document", &value, NULL), ERR_FORMAT);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("js_long");
	TCase *t = tcase_create("js_long");

	tcase_add_loop_test(t, same, 0, (int)COUNT_OF(values));
	tcase_add_loop_test(t, error, 0, (int)COUNT_OF(broken));
	tcase_add_test(t, ends);
	suite_add_tcase(s, t);
	return test_run(s);
}
