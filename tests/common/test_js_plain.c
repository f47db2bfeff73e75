#include "common/js_plain.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/js.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

/* What is read, written again; NULL: jansson must look at the whole. */
static const struct {
	const char *name, *text, *want;
} reads[] = {
	{ "object", "{}", "{}" },
	{ "array", "[]", "[]" },
	{ "blanks", " {\t\"a\" :\r[ 1 ,\n2 ] } \n", "{\"a\":[1,2]}" },
	{ "words", "[true,false,null]", "[true,false,null]" },
	{ "members stay in order", "{\"b\":1,\"a\":{\"z\":[],\"y\":{}}}", "{\"b\":1,\"a\":{\"z\":[],\"y\":{}}}" },
	{ "empty texts", "{\"\":\"\"}", "{\"\":\"\"}" },
	{ "escapes", "[\"a\\n\\\"\\\\\\u00e4\",\"b\"]", "[\"a\\n\\\"\\\\\xc3\xa4\",\"b\"]" },
	{ "an escape before the quote", "[\"\\\\\",\"\\\"\"]", "[\"\\\\\",\"\\\"\"]" },
	{ "an escaped key", "{\"\\u0061\":1}", "{\"a\":1}" },
	{ "UTF-8", "{\"\xc3\xa4\":\"\xe2\x82\xac\"}", "{\"\xc3\xa4\":\"\xe2\x82\xac\"}" },
	{ "delete", "[\"\x7f\"]", "[\"\x7f\"]" },
	{ "brackets in a text", "[\"]}{[,:\"]", "[\"]}{[,:\"]" },
	{ "nought", "[0,-0]", "[0,0]" },
	{ "long numbers", "[999999999999999999,9223372036854775807,-9223372036854775808]",
	  "[999999999999999999,9223372036854775807,-9223372036854775808]" },
	{ "reals", "[1.5,1e2,-0.25]", "[1.5,100.0,-0.25]" },
	{ "nothing", "", NULL },
	{ "blanks alone", " ", NULL },
	{ "a text alone", "\"x\"", NULL },
	{ "a number alone", "1", NULL },
	{ "something after", "{} x", NULL },
	{ "two documents", "[][]", NULL },
	{ "a byte order mark", "\xef\xbb\xbf{}", NULL },
	{ "not closed", "[1", NULL },
	{ "closed otherwise", "[1}", NULL },
	{ "comma at the end", "[1,]", NULL },
	{ "comma at the beginning", "[,1]", NULL },
	{ "comma at the end of members", "{\"a\":1,}", NULL },
	{ "no comma", "[1 2]", NULL },
	{ "no colon", "{\"a\" 1}", NULL },
	{ "no value", "{\"a\":}", NULL },
	{ "no key", "{:1}", NULL },
	{ "a key that is no text", "{1:1}", NULL },
	{ "key twice", "{\"a\":1,\"a\":1}", NULL },
	{ "key twice, one escaped", "{\"a\":1,\"\\u0061\":2}", NULL },
	{ "key twice, deep", "{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}", NULL },
	{ "cut word", "[tru]", NULL },
	{ "long word", "[truex]", NULL },
	{ "word and digit", "[null1]", NULL },
	{ "leading nought", "[01]", NULL },
	{ "leading noughts, long", "[000000000000000000]", NULL },
	{ "plus", "[+1]", NULL },
	{ "minus alone", "[-]", NULL },
	{ "no digit after the point", "[1.]", NULL },
	{ "a number within a number", "[1-2]", NULL },
	{ "integer one over", "[9223372036854775808]", NULL },
	{ "real too large", "[1e999]", NULL },
	{ "text not closed", "[\"a", NULL },
	{ "text that ends in a backslash", "[\"a\\", NULL },
	{ "text whose end is escaped", "[\"a\\\"]", NULL },
	{ "no escape", "[\"\\x\"]", NULL },
	{ "NUL in a text", "[\"a\\u0000b\"]", NULL },
	{ "NUL in a key", "{\"a\\u0000b\":1}", NULL },
	{ "control in a text", "[\"a\nb\"]", NULL },
	{ "no UTF-8", "[\"\xff\"]", NULL },
	{ "overlong UTF-8", "[\"\xc0\xaf\"]", NULL },
	{ "half a pair", "[\"\\ud83d\"]", NULL },
};

START_TEST(read)
{
	CLEANUP(js_free_ptr) struct json_t *value = NULL;
	CLEANUP(buf_release) struct buf out = { .max = 1000 };
	const char *text = reads[_i].text;
	struct buf_stage to;
	struct js_out o;
	enum err_code got = js_plain_read(text, strlen(text), &value);

	ck_assert_msg(got == (reads[_i].want != NULL ? ERR_OK : ERR_UNSUPPORTED), "%s: %d", reads[_i].name, got);
	ck_assert_int_eq(value != NULL, got == ERR_OK);
	if (got != ERR_OK)
		return;
	buf_stage_init(&to, &out);
	js_out_init(&o, &to.out, false);
	js_put_value(&o, value);
	ck_assert_int_eq(js_end_document(&o, NULL), ERR_OK);
	ck_assert_msg(strcmp(buf_text(&out), reads[_i].want) == 0, "%s: %s", reads[_i].name, buf_text(&out));
}
END_TEST

/* However much of a document there is, nothing behind it is looked at. */
START_TEST(cut)
{
	static const char text[] = "{\"a\":[true,12,\"b\\n\xc3\xa4\",-1.5e3,{}],\"c\":null}";
	size_t len;

	for (len = 0; len < sizeof(text) - 1; len++) {
		CLEANUP(free_ptr) char *part = malloc(len > 0 ? len : 1);
		struct json_t *value = NULL;

		ck_assert_ptr_nonnull(part);
		memcpy(part, text, len); /* the sanitizer sees what is read behind it */
		ck_assert_int_eq(js_plain_read(part, len, &value), ERR_UNSUPPORTED);
		ck_assert_ptr_null(value);
	}
}
END_TEST

START_TEST(raw_nul)
{
	static const char inside[] = "[\"a\0b\"]", number[] = "[1\0]", after[] = "{}\0";
	struct json_t *value = NULL;

	ck_assert_int_eq(js_plain_read(inside, sizeof(inside) - 1, &value), ERR_UNSUPPORTED);
	ck_assert_int_eq(js_plain_read(number, sizeof(number) - 1, &value), ERR_UNSUPPORTED);
	ck_assert_int_eq(js_plain_read(after, sizeof(after) - 1, &value), ERR_UNSUPPORTED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("js_plain");
	TCase *t = tcase_create("js_plain");

	tcase_add_loop_test(t, read, 0, (int)COUNT_OF(reads));
	tcase_add_test(t, cut);
	tcase_add_test(t, raw_nul);
	suite_add_tcase(s, t);
	return test_run(s);
}
