#include "trust/pointer.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

/* RFC 6901, section 5, and what else may stand in a document. */
#define DOCUMENT                                                                                                       \
	"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,"         \
	"\" \":7,\"m~n\":8,\"~1\":9,\"deep\":{\"a\":[{\"b\":10}]},\"0\":11,\"null\":null}"

static const struct {
	const char *pointer, *want; /* as js_brief says it */
} finds[] = {
	{ "", "an object of 14" },
	{ "/foo", "an array of 2" },
	{ "/foo/0", "\"bar\"" },
	{ "/foo/1", "\"baz\"" },
	{ "/", "0" },
	{ "/a~1b", "1" },
	{ "/c%d", "2" },
	{ "/e^f", "3" },
	{ "/g|h", "4" },
	{ "/i\\j", "5" },
	{ "/k\"l", "6" },
	{ "/ ", "7" },
	{ "/m~0n", "8" },
	{ "/~01", "9" },
	{ "/deep/a/0/b", "10" },
	{ "/0", "11" },
	{ "/null", "null" },
	{ "/foo/2", "nothing" },
	{ "/foo/-", "nothing" },
	{ "/foo/00", "nothing" },
	{ "/foo/01", "nothing" },
	{ "/foo/+1", "nothing" },
	{ "/foo/ 1", "nothing" },
	{ "/foo/", "nothing" },
	{ "/foo/1x", "nothing" },
	{ "/foo/4294967296", "nothing" },
	{ "/foo/18446744073709551616", "nothing" },
	{ "/foo/bar", "nothing" },
	{ "/foo/0/x", "nothing" },
	{ "/Foo", "nothing" },
	{ "/null/x", "nothing" },
	{ "/deep/a/b", "nothing" },
	{ "//", "nothing" },
};

START_TEST(find)
{
	CLEANUP(js_free_ptr) struct json_t *document = NULL;
	char brief[JS_BRIEF_MAX];

	ck_assert_int_eq(js_read(DOCUMENT, strlen(DOCUMENT), "document", &document, NULL), ERR_OK);
	ck_assert_int_eq(pointer_check(finds[_i].pointer, NULL), ERR_OK);
	ck_assert_msg(strcmp(js_brief(pointer_find(document, finds[_i].pointer), brief), finds[_i].want) == 0, "%s: %s",
		      finds[_i].pointer, brief);
}
END_TEST

static const struct {
	const char *pointer, *want;
} wrong[] = {
	{ "foo", "begin it with \"/\"" }, { "#/foo", "begin it with \"/\"" }, { "$.foo", "begin it with \"/\"" },
	{ "/a~", "~0 for a \"~\"" },      { "/a~2b", "~0 for a \"~\"" },      { "/a~0~", "~0 for a \"~\"" },
};

START_TEST(refuse)
{
	struct err err = { 0 };

	ck_assert_int_eq(pointer_check(wrong[_i].pointer, &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, wrong[_i].want) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(longest)
{
	char text[POINTER_TEXT_MAX + 2];

	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[POINTER_TEXT_MAX + 1] = '\0';
	ck_assert_int_eq(pointer_check(text, NULL), ERR_FORMAT);
	text[POINTER_TEXT_MAX] = '\0';
	ck_assert_int_eq(pointer_check(text, NULL), ERR_OK);
	ck_assert_ptr_null(pointer_find(NULL, text));
}
END_TEST

/* What is pushed is what finds the same again. */
START_TEST(push)
{
	CLEANUP(buf_release) struct buf place = { .max = 100 };
	size_t top = 0, item = 0, key = 0;

	ck_assert_int_eq(pointer_push(&place, "a/b~c", &top, NULL), ERR_OK);
	ck_assert_int_eq(pointer_push_index(&place, 12, &item, NULL), ERR_OK);
	ck_assert_int_eq(pointer_push(&place, "", &key, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&place), "/a~1b~0c/12/");
	pointer_pop(&place, key);
	ck_assert_str_eq(buf_text(&place), "/a~1b~0c/12");
	pointer_pop(&place, item);
	pointer_pop(&place, top);
	ck_assert_str_eq(buf_text(&place), "");
}
END_TEST

START_TEST(push_too_much)
{
	CLEANUP(buf_release) struct buf place = { .max = 3 };
	size_t mark = 0;

	ck_assert_int_eq(pointer_push(&place, "abc", &mark, NULL), ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pointer");
	TCase *t = tcase_create("pointer");

	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(finds));
	tcase_add_loop_test(t, refuse, 0, (int)COUNT_OF(wrong));
	tcase_add_test(t, longest);
	tcase_add_test(t, push);
	tcase_add_test(t, push_too_much);
	suite_add_tcase(s, t);
	return test_run(s);
}
