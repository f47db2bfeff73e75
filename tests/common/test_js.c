#include "common/js.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name, *text;
	enum err_code want;
} reads[] = {
	{ "object", "{}", ERR_OK },
	{ "array", "[]", ERR_OK },
	{ "blanks around", " \t\r\n{ } \n", ERR_OK },
	{ "every type", "{\"a\":[1,-2,3.5,true,false,null,\"x\"]}", ERR_OK },
	{ "escapes", "[\"\\u00e4\\n\\\"\\\\\\/\"]", ERR_OK },
	{ "pair of surrogates", "[\"\\ud83d\\ude00\"]", ERR_OK },
	{ "brackets in a string", "[\"[[[[{{{{,,,,::::\"]", ERR_OK },
	{ "largest integer", "[9223372036854775807]", ERR_OK },
	{ "smallest integer", "[-9223372036854775808]", ERR_OK },
	{ "same key in two objects", "[{\"a\":1},{\"a\":1}]", ERR_OK },
	{ "nothing", "", ERR_FORMAT },
	{ "blanks", "  ", ERR_FORMAT },
	{ "a string alone", "\"x\"", ERR_FORMAT },
	{ "a number alone", "1", ERR_FORMAT },
	{ "two documents", "{}{}", ERR_FORMAT },
	{ "something after", "{}x", ERR_FORMAT },
	{ "not closed", "{\"a\":1", ERR_FORMAT },
	{ "string not closed", "[\"a", ERR_FORMAT },
	{ "ends in an escape", "[\"a\\", ERR_FORMAT },
	{ "closed twice", "[]]", ERR_FORMAT },
	{ "wrong bracket", "[}", ERR_FORMAT },
	{ "comma at the end", "[1,]", ERR_FORMAT },
	{ "comment", "{/* x */}", ERR_FORMAT },
	{ "single quotes", "{'a':1}", ERR_FORMAT },
	{ "byte order mark", "\xef\xbb\xbf{}", ERR_FORMAT },
	{ "key twice", "{\"a\":1,\"a\":1}", ERR_FORMAT },
	{ "key twice, one escaped", "{\"a\":1,\"\\u0061\":2}", ERR_FORMAT },
	{ "key twice, deep", "{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}", ERR_FORMAT },
	{ "NUL in a string", "[\"a\\u0000b\"]", ERR_FORMAT },
	{ "NUL in a key", "{\"a\\u0000b\":1}", ERR_FORMAT },
	{ "control in a string", "[\"a\nb\"]", ERR_FORMAT },
	{ "no UTF-8", "[\"\xff\"]", ERR_FORMAT },
	{ "overlong UTF-8", "[\"\xc0\xaf\"]", ERR_FORMAT },
	{ "surrogate in UTF-8", "[\"\xed\xa0\x80\"]", ERR_FORMAT },
	{ "half a pair", "[\"\\ud83d\"]", ERR_FORMAT },
	{ "second half alone", "[\"\\ude00\"]", ERR_FORMAT },
	{ "cut UTF-8", "[\"\xe2\x82\"]", ERR_FORMAT },
	{ "integer one over", "[9223372036854775808]", ERR_FORMAT },
	{ "integer one under", "[-9223372036854775809]", ERR_FORMAT },
	{ "real too large", "[1e999]", ERR_FORMAT },
	{ "leading zero", "[01]", ERR_FORMAT },
	{ "plus", "[+1]", ERR_FORMAT },
	{ "NaN", "[NaN]", ERR_FORMAT },
};

START_TEST(read)
{
	CLEANUP(js_free_ptr) struct json_t *value = NULL;
	struct err err = { 0 };
	const char *text = reads[_i].text;
	enum err_code got = js_read(text, strlen(text), "answer", &value, &err);

	ck_assert_msg(got == reads[_i].want, "%s: %d, %s", reads[_i].name, got, err.msg);
	ck_assert_int_eq(value != NULL, got == ERR_OK);
	ck_assert_int_eq(js_check(text, strlen(text), "answer", &err), got);
	if (got != ERR_OK)
		ck_assert_msg(strncmp(err.msg, "answer: ", 8) == 0, "%s: %s", reads[_i].name, err.msg);
}
END_TEST

START_TEST(raw_nul)
{
	static const char inside[] = "[\"a\0b\"]", after[] = "{}\0";

	ck_assert_int_eq(js_check(inside, sizeof(inside) - 1, "x", NULL), ERR_FORMAT);
	ck_assert_int_eq(js_check(after, sizeof(after) - 1, "x", NULL), ERR_FORMAT);
	ck_assert_int_eq(js_check(NULL, 0, "x", NULL), ERR_FORMAT); /* what an empty buffer holds */
}
END_TEST

/* ~ is a long text. */
/* The parser passes over one behind a number. */
START_TEST(nul_byte)
{
	static const char documents[][16] = { "{\"a\":2\0}", "[1\0]", "[-1\0,2]", "[1.5\0]",
					      "[\"a\"\0]",   "[\0]",  "[\"\0\"]" };
	static const size_t lens[] = { 8, 4, 7, 6, 6, 3, 5 };
	struct json_t *json = NULL;

	ck_assert_int_eq(js_read(documents[_i], lens[_i], "it", &json, NULL), ERR_FORMAT);
	ck_assert_ptr_null(json);
}
END_TEST

static const struct {
	const char *name, *text;
	enum err_code want;
} longs[] = {
	{ "a member", "{\"a\":\"~\"}", ERR_OK },
	{ "items", "[\"~\",\"~~\",\"~\"]", ERR_OK },
	{ "among short ones and empty ones", "[\"\",\"~\",\"x\",\"\",\"~\",{\"\":\"\",\"b\":\"~\"},\"\"]", ERR_OK },
	{ "deep, and members that are in no order", "{\"b\":[{\"z\":\"~\",\"a\":\"~~\"}],\"a\":{\"y\":\"~~~\"}}",
	  ERR_OK },
	{ "blanks", " [ \"~\" , \"a\" ]\n", ERR_OK },
	{ "a key", "{\"~\":1,\"a\":\"~\"}", ERR_OK },
	{ "a key, and blanks", "{\"~\" \t\r\n: \"~\"}", ERR_OK },
	{ "brackets and commas in it", "[\"~[{:,}]\",\"~\"]", ERR_OK },
	{ "escapes in it", "[\"~\\\"\",\"~\\\\\",\"\\\\\\\"~\",\"~\"]", ERR_OK },
	{ "no ASCII in it", "[\"~\xc3\xa4\",\"~\x7f\",\"~\"]", ERR_OK },
	{ "beside numbers and words", "[0,\"~\",true,\"~\",null]", ERR_OK },
	{ "alone", "\"~\"", ERR_FORMAT },
	{ "not closed", "[\"~", ERR_FORMAT },
	{ "ends in an escape", "[\"~\\\"]", ERR_FORMAT },
	{ "side by side", "[\"~\"\"~\"]", ERR_FORMAT },
	{ "behind the document", "[\"~\"]\"~\"", ERR_FORMAT },
	{ "a comma too many", "[\"~\",]", ERR_FORMAT },
	{ "a key without value", "{\"~\"}", ERR_FORMAT },
	{ "a key in an array", "[\"~\":\"~\"]", ERR_FORMAT },
	{ "a value with a colon behind", "{\"a\":\"~\":\"~\"}", ERR_FORMAT },
	{ "a key twice", "{\"~\":1,\"~\":2}", ERR_FORMAT },
	{ "a short key twice", "{\"a\":\"~\",\"a\":\"~\"}", ERR_FORMAT },
	{ "a control in it", "[\"~\n\",\"~\"]", ERR_FORMAT },
	{ "a control in a key", "{\"~\n\":\"~\"}", ERR_FORMAT },
	{ "no UTF-8 in it", "[\"~\xff\",\"~\"]", ERR_FORMAT },
	{ "NUL in it", "[\"~\\u0000\",\"~\"]", ERR_FORMAT },
	{ "no such escape in it", "[\"~\\x\",\"~\"]", ERR_FORMAT },
};

/* The same document with one text or the other for each ~. */
static void spell(const char *text, const char *wave, struct buf *out)
{
	buf_init(out, MIB);
	for (; *text != '\0'; text++)
		ck_assert_int_eq(*text == '~' ? buf_puts(out, wave, NULL) : buf_add(out, text, 1, NULL), ERR_OK);
}

/* Long texts that are plain are not parsed: what comes out is what comes of them with an escape, which are. */
START_TEST(long_texts)
{
	CLEANUP(buf_release) struct buf plain, escaped;
	CLEANUP(js_free_ptr) struct json_t *value = NULL;
	CLEANUP(js_free_ptr) struct json_t *parsed = NULL;
	struct err err = { 0 };
	enum err_code code;

	spell(longs[_i].text, "eyJib2R5IjoiYSBsb25nIHRleHQgYXMgcHJvZ3JhbXMgd3JpdGUgaXQi/+9=", &plain);
	spell(longs[_i].text, "\\u0065yJib2R5IjoiYSBsb25nIHRleHQgYXMgcHJvZ3JhbXMgd3JpdGUgaXQi/+9=", &escaped);
	code = js_read(plain.data, plain.len, "answer", &value, &err);
	ck_assert_msg(code == longs[_i].want, "%s: %d, %s", longs[_i].name, code, err.msg);
	ck_assert_int_eq(js_read(escaped.data, escaped.len, "answer", &parsed, NULL), code);
	ck_assert_msg(code != ERR_OK || js_equal(value, parsed), "%s", longs[_i].name);
	ck_assert_msg(code == ERR_OK || strstr(err.msg, "(line ") != NULL, "%s: %s", longs[_i].name, err.msg);
}
END_TEST

static const struct {
	const char *name, *open, *item, *close;
	size_t times;
	enum err_code want;
} bounds[] = {
	{ "deepest arrays", "[", "", "]", LIMIT_JSON_DEPTH, ERR_OK },
	{ "one deeper", "[", "", "]", LIMIT_JSON_DEPTH + 1, ERR_LIMIT },
	{ "deepest objects", "{\"a\":", "[]", "}", LIMIT_JSON_DEPTH - 1, ERR_OK },
	{ "objects one deeper", "{\"a\":", "[]", "}", LIMIT_JSON_DEPTH, ERR_LIMIT },
	{ "depth that is never closed", "[", "", "", 100000, ERR_LIMIT },
	{ "depth that only closes", "", "", "]", 100000, ERR_FORMAT },
	{ "behind a quote that is escaped it is none", "[\"\\\\\\\"", "[", "\"]", 1, ERR_OK },
	{ "behind a string that ends in a backslash it is", "[\"\\\\\",", "0", "]", LIMIT_JSON_DEPTH + 1, ERR_LIMIT },
	{ "in a string it is no depth", "[\"", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	  "\"]", 1, ERR_OK },
};

START_TEST(depth)
{
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };
	size_t i;

	buf_init(&text, 8 * MIB);
	for (i = 0; i < bounds[_i].times; i++)
		ck_assert_int_eq(buf_puts(&text, bounds[_i].open, NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, bounds[_i].item, NULL), ERR_OK);
	for (i = 0; i < bounds[_i].times; i++)
		ck_assert_int_eq(buf_puts(&text, bounds[_i].close, NULL), ERR_OK);
	ck_assert_msg(js_check(text.data, text.len, "x", &err) == bounds[_i].want, "%s: %s", bounds[_i].name, err.msg);
}
END_TEST

static const struct {
	const char *name, *item;
	size_t times;
	enum err_code want;
} counts[] = {
	{ "most values", ",0", LIMIT_JSON_VALUES - 1, ERR_OK }, /* the array counts too */
	{ "one more", ",0", LIMIT_JSON_VALUES, ERR_LIMIT },
	{ "empty arrays", ",[]", LIMIT_JSON_VALUES / 2, ERR_LIMIT },
	{ "members", ",{\"\":0}", LIMIT_JSON_VALUES / 3 + 1, ERR_LIMIT },
	{ "commas in a string", ",\",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\"", LIMIT_JSON_VALUES / 20, ERR_OK },
	{ "a quote that is escaped", ",\"\\\",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\"", LIMIT_JSON_VALUES / 20,
	  ERR_OK },
};

START_TEST(count)
{
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };
	size_t i;

	buf_init(&text, 8 * MIB);
	ck_assert_int_eq(buf_puts(&text, "[0", NULL), ERR_OK);
	for (i = 0; i < counts[_i].times; i++)
		ck_assert_int_eq(buf_puts(&text, counts[_i].item, NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, "]", NULL), ERR_OK);
	ck_assert_msg(js_check(text.data, text.len, "x", &err) == counts[_i].want, "%s: %s", counts[_i].name, err.msg);
}
END_TEST

static struct json_t *read_text(const char *text)
{
	struct json_t *value = NULL;
	struct err err = { 0 };

	ck_assert_msg(js_read(text, strlen(text), "x", &value, &err) == ERR_OK, "%s: %s", text, err.msg);
	return value;
}

START_TEST(getters)
{
	CLEANUP(js_free_ptr)
	struct json_t *v = read_text(
		"{\"s\":\"text\",\"n\":7,\"big\":9223372036854775807,\"neg\":-1,\"real\":7.0,\"t\":true,\"f\":false,"
		"\"null\":null,\"a\":[\"x\",2],\"o\":{\"k\":\"v\"}}");
	uint64_t n = 99;
	const char *key, *last = NULL;
	size_t members = 0;

	ck_assert_str_eq(js_string(v, "s"), "text");
	ck_assert_ptr_null(js_string(v, "n"));
	ck_assert_ptr_null(js_string(v, "null"));
	ck_assert_ptr_null(js_string(v, "missing"));
	ck_assert(!js_uint(v, "neg", &n) && !js_uint(v, "real", &n) && !js_uint(v, "s", &n) && !js_uint(v, "x", &n));
	ck_assert_uint_eq(n, 99);
	ck_assert(js_uint(v, "n", &n));
	ck_assert_uint_eq(n, 7);
	ck_assert(js_uint(v, "big", &n));
	ck_assert_uint_eq(n, INT64_MAX);
	ck_assert(js_true(v, "t") && !js_true(v, "f") && !js_true(v, "n") && !js_true(v, "missing"));
	ck_assert(js_has(v, "f") && js_has(v, "o") && !js_has(v, "null") && !js_has(v, "missing"));
	ck_assert_ptr_nonnull(js_object(v, "o"));
	ck_assert_ptr_null(js_object(v, "a"));
	ck_assert_ptr_null(js_array(v, "o"));
	ck_assert_uint_eq(js_len(js_array(v, "a")), 2);
	ck_assert_str_eq(js_text(js_at(js_array(v, "a"), 0)), "x");
	ck_assert_ptr_null(js_text(js_at(js_array(v, "a"), 1)));
	ck_assert_ptr_null(js_at(js_array(v, "a"), 2));
	for (key = js_next(v, NULL); key != NULL; key = js_next(v, key), members++)
		last = key;
	ck_assert_uint_eq(members, 10);
	ck_assert_str_eq(last, "o"); /* in the order of the document */
}
END_TEST

/* Whatever is missing on the way, the getters say so and go on. */
START_TEST(getters_of_nothing)
{
	uint64_t n;

	ck_assert_ptr_null(js_get(NULL, "a"));
	ck_assert(!js_has(NULL, "a"));
	ck_assert_ptr_null(js_object(NULL, "a"));
	ck_assert_ptr_null(js_array(NULL, "a"));
	ck_assert_ptr_null(js_string(NULL, "a"));
	ck_assert(!js_uint(NULL, "a", &n));
	ck_assert(!js_true(NULL, "a"));
	ck_assert_uint_eq(js_len(NULL), 0);
	ck_assert_ptr_null(js_at(NULL, 0));
	ck_assert_ptr_null(js_text(NULL));
	ck_assert_ptr_null(js_next(NULL, NULL));
	js_free(NULL);
}
END_TEST

static const struct {
	const char *whole, *part;
	bool want;
} contains[] = {
	{ "{}", "{}", true },
	{ "{\"a\":1}", "{}", true },
	{ "{}", "{\"a\":1}", false },
	{ "{\"a\":1,\"b\":2}", "{\"b\":2}", true },
	{ "{\"a\":1}", "{\"a\":2}", false },
	{ "{\"a\":1}", "{\"a\":\"1\"}", false },
	{ "{\"a\":null}", "{\"a\":null}", true },
	{ "{}", "{\"a\":null}", false },
	{ "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"c\":2}}", true },
	{ "{\"a\":[1,2]}", "{\"a\":[1,2]}", true },
	{ "{\"a\":[1,2]}", "{\"a\":[1]}", false },
	{ "{\"a\":[1]}", "{\"a\":[1,2]}", false },
	{ "{\"a\":[2,1]}", "{\"a\":[1,2]}", false },
	{ "{\"a\":[{\"b\":1,\"c\":2}]}", "{\"a\":[{\"b\":1}]}", true },
	{ "{\"a\":[]}", "{\"a\":{}}", false },
	{ "{\"a\":{}}", "{\"a\":[]}", false },
	{ "[]", "{}", false },
};

START_TEST(contain)
{
	CLEANUP(js_free_ptr) struct json_t *whole = read_text(contains[_i].whole), *part = read_text(contains[_i].part);

	ck_assert_msg(js_contains(whole, part) == contains[_i].want, "%s in %s", contains[_i].part, contains[_i].whole);
}
END_TEST

/* Two items of one array: what they are to each other. */
static const struct {
	const char *pair;
	bool equal, at_least;
} compares[] = {
	{ "[1,1]", true, true },
	{ "[1,1.0]", true, true },
	{ "[2,1]", false, true },
	{ "[1,2]", false, false },
	{ "[-1,-2.5]", false, true },
	{ "[9223372036854775807,9223372036854775806]", false, true },
	{ "[9223372036854775806,9223372036854775807]", false, false },
	{ "[9007199254740993,9007199254740992.0]", false, true },
	{ "[\"1\",1]", false, false },
	{ "[\"a\",\"a\"]", true, false },
	{ "[\"a\",\"A\"]", false, false },
	{ "[null,null]", true, false },
	{ "[null,false]", false, false },
	{ "[true,true]", true, false },
	{ "[true,false]", false, false },
	{ "[true,1]", false, false },
	{ "[[],[]]", true, false },
	{ "[[],{}]", false, false },
	{ "[[1,2],[1.0,2]]", true, false },
	{ "[[1,2],[2,1]]", false, false },
	{ "[[1],[1,2]]", false, false },
	{ "[{\"a\":1,\"b\":[2]},{\"b\":[2.0],\"a\":1}]", true, false },
	{ "[{\"a\":1},{\"a\":1,\"b\":2}]", false, false },
	{ "[{\"a\":1,\"b\":2},{\"a\":1,\"c\":2}]", false, false },
	{ "[1]", false, false },
};

START_TEST(compare)
{
	CLEANUP(js_free_ptr) struct json_t *pair = read_text(compares[_i].pair);

	ck_assert_msg(js_equal(js_at(pair, 0), js_at(pair, 1)) == compares[_i].equal, "%s", compares[_i].pair);
	ck_assert_msg(js_equal(js_at(pair, 1), js_at(pair, 0)) == compares[_i].equal, "%s", compares[_i].pair);
	ck_assert_msg(js_at_least(js_at(pair, 0), js_at(pair, 1)) == compares[_i].at_least, "%s", compares[_i].pair);
}
END_TEST

#define TEN "0123456789"
#define NINETY TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *text, *want;
	enum js_kind kind;
} briefs[] = {
	{ "[]", "nothing", JS_NONE },
	{ "[null]", "null", JS_NULL },
	{ "[true]", "true", JS_BOOL },
	{ "[false]", "false", JS_BOOL },
	{ "[-12]", "-12", JS_NUMBER },
	{ "[2.5]", "2.5", JS_NUMBER },
	{ "[7.4]", "7.4", JS_NUMBER },
	{ "[7.4000000000000004]", "7.4", JS_NUMBER },
	{ "[7.400000000000001]", "7.400000000000001", JS_NUMBER },
	{ "[0.30000000000000004]", "0.30000000000000004", JS_NUMBER },
	{ "[\"\"]", "\"\"", JS_STRING },
	{ "[\"a b\"]", "\"a b\"", JS_STRING },
	{ "[\"a\\u001bb\"]", "\"a?b\"", JS_STRING },
	{ "[\"" NINETY TEN TEN "012345678\"]", "\"" NINETY TEN TEN "012345678\"", JS_STRING },
	{ "[\"" NINETY TEN TEN "0123456789\"]", "\"" NINETY TEN TEN "012345678...\"", JS_STRING },
	{ "[\"" NINETY TEN TEN "01234567\xc3\xa4\"]", "\"" NINETY TEN TEN "01234567...\"", JS_STRING },
	{ "[[1,2]]", "an array of 2", JS_ARRAY },
	{ "[{\"a\":1}]", "an object of 1", JS_OBJECT },
};

START_TEST(brief)
{
	CLEANUP(js_free_ptr) struct json_t *array = read_text(briefs[_i].text);
	char out[JS_BRIEF_MAX];

	ck_assert_str_eq(js_brief(js_at(array, 0), out), briefs[_i].want);
	ck_assert_int_eq(js_kind(js_at(array, 0)), briefs[_i].kind);
	ck_assert(js_is_true(js_at(array, 0)) == (strcmp(briefs[_i].want, "true") == 0));
}
END_TEST

static const struct {
	const char *name, *text, *want, *reads_back_as; /* NULL: as itself */
} escapes[] = {
	{ "plain", "alpine:3.20", "\"alpine:3.20\"", NULL },
	{ "empty", "", "\"\"", NULL },
	{ "NULL", NULL, "null", NULL },
	{ "quote and backslash", "a\"b\\c", "\"a\\\"b\\\\c\"", NULL },
	{ "only quotes", "\"\"", "\"\\\"\\\"\"", NULL },
	{ "controls", "\x01\n\t\x1b\x1f", "\"\\u0001\\u000a\\u0009\\u001b\\u001f\"", NULL },
	{ "slash and delete stay", "a/b\x7f", "\"a/b\x7f\"", NULL },
	{ "UTF-8 stays", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"", NULL },
	{ "a byte that is no UTF-8", "a\xff", "\"a\\ufffd\"", "a\xef\xbf\xbd" },
	{ "cut in a character", "\xe2\x82", "\"\\ufffd\\ufffd\"", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "overlong", "\xc0\xafx", "\"\\ufffd\\ufffdx\"", "\xef\xbf\xbd\xef\xbf\xbdx" },
	{ "surrogate", "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "beyond Unicode", "\xf4\x90\x80\x80!", "\"\\ufffd\\ufffd\\ufffd\\ufffd!\"",
	  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!" },
	{ "what drives a terminal stays", "\xc2\x9b\xe2\x80\xae", "\"\xc2\x9b\xe2\x80\xae\"", NULL },
};

START_TEST(escape)
{
	CLEANUP(buf_release) struct buf b;
	CLEANUP(js_free_ptr) struct json_t *back = NULL;
	struct buf_stage to;
	struct js_out o;

	buf_init(&b, 1000);
	buf_stage_init(&to, &b);
	js_out_init(&o, &to.out, false);
	js_begin(&o, '[');
	js_put_string(&o, escapes[_i].text);
	js_end(&o, ']');
	ck_assert_int_eq(js_end_document(&o, NULL), ERR_OK);
	b.data[b.len - 1] = '\0';
	ck_assert_msg(strcmp(b.data + 1, escapes[_i].want) == 0, "%s: %s", escapes[_i].name, b.data);
	b.data[b.len - 1] = ']';
	back = read_text(b.data);
	if (escapes[_i].reads_back_as != NULL)
		ck_assert_str_eq(js_text(js_at(back, 0)), escapes[_i].reads_back_as);
	else
		ck_assert_pstr_eq(js_text(js_at(back, 0)), escapes[_i].text);
}
END_TEST

/* A document with everything in it. */
static enum err_code write_all(struct outstream *to, bool indent, const struct json_t *value, struct err *err)
{
	struct js_out o;

	js_out_init(&o, to, indent);
	js_begin(&o, '{');
	js_member(&o, "name", "a\"b");
	js_member(&o, "left out", NULL);
	js_member_uint(&o, "size", UINT64_MAX);
	js_member_bool(&o, "signed", false);
	js_key(&o, "empty");
	js_begin(&o, '[');
	js_end(&o, ']');
	js_key(&o, "items");
	js_begin(&o, '[');
	js_put_uint(&o, 0);
	js_put_bool(&o, true);
	js_begin(&o, '{');
	js_end(&o, '}');
	js_put_value(&o, value);
	js_put_raw(&o, "[1, 2]", 6);
	js_end(&o, ']');
	js_end(&o, '}');
	return js_end_document(&o, err);
}

#define VALUE "{\"z\":1,\"a\":[null,0.5,\"\\u001B\xc3\xa4\"]}"

static const char *const written[] = {
	"{\"name\":\"a\\\"b\",\"size\":18446744073709551615,\"signed\":false,\"empty\":[],"
	"\"items\":[0,true,{}," VALUE ",[1, 2]]}",
	"{\n"
	"  \"name\": \"a\\\"b\",\n"
	"  \"size\": 18446744073709551615,\n"
	"  \"signed\": false,\n"
	"  \"empty\": [],\n"
	"  \"items\": [\n"
	"    0,\n"
	"    true,\n"
	"    {},\n"
	"    " VALUE ",\n"
	"    [1, 2]\n"
	"  ]\n"
	"}\n",
};

START_TEST(write_document)
{
	CLEANUP(js_free_ptr) struct json_t *value = read_text(VALUE);
	CLEANUP(buf_release) struct buf b;
	struct buf_stage to;
	struct err err = { 0 };

	buf_init(&b, 1000);
	buf_stage_init(&to, &b);
	ck_assert_int_eq(write_all(&to.out, _i == 1, value, &err), ERR_OK);
	ck_assert_str_eq(buf_text(&b), written[_i]);
}
END_TEST

/* Room for k bytes, for every k until it is enough: the first failure stays, and nothing comes after it. */
START_TEST(write_fails)
{
	CLEANUP(js_free_ptr) struct json_t *value = read_text(VALUE);
	size_t whole = strlen(written[_i]), k;

	for (k = 0; k <= whole; k++) {
		CLEANUP(buf_release) struct buf b;
		struct buf_stage to;
		struct err err = { 0 };

		buf_init(&b, k);
		buf_stage_init(&to, &b);
		ck_assert_int_eq(write_all(&to.out, _i == 1, value, &err), k < whole ? ERR_LIMIT : ERR_OK);
		ck_assert_int_eq(err.code, k < whole ? ERR_LIMIT : ERR_OK);
		ck_assert_int_eq(strncmp(buf_text(&b), written[_i], b.len), 0);
	}
}
END_TEST

/* What is written with indentation and without reads back to the same. */
START_TEST(round_trip)
{
	CLEANUP(js_free_ptr) struct json_t *value = read_text(VALUE), *back = NULL;
	CLEANUP(buf_release) struct buf b;
	struct buf_stage to;
	struct js_out o;

	buf_init(&b, 1000);
	buf_stage_init(&to, &b);
	js_out_init(&o, &to.out, _i == 1);
	js_put_value(&o, value);
	ck_assert_int_eq(js_end_document(&o, NULL), ERR_OK);
	back = read_text(buf_text(&b));
	ck_assert(js_contains(back, value) && js_contains(value, back));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("js");
	TCase *t = tcase_create("js");

	tcase_add_loop_test(t, read, 0, (int)COUNT_OF(reads));
	tcase_add_test(t, raw_nul);
	tcase_add_loop_test(t, nul_byte, 0, 7);
	tcase_add_loop_test(t, long_texts, 0, (int)COUNT_OF(longs));
	tcase_add_loop_test(t, depth, 0, (int)COUNT_OF(bounds));
	tcase_add_loop_test(t, count, 0, (int)COUNT_OF(counts));
	tcase_add_test(t, getters);
	tcase_add_test(t, getters_of_nothing);
	tcase_add_loop_test(t, contain, 0, (int)COUNT_OF(contains));
	tcase_add_loop_test(t, compare, 0, (int)COUNT_OF(compares));
	tcase_add_loop_test(t, brief, 0, (int)COUNT_OF(briefs));
	tcase_add_loop_test(t, escape, 0, (int)COUNT_OF(escapes));
	tcase_add_loop_test(t, write_document, 0, 2);
	tcase_add_loop_test(t, write_fails, 0, 2);
	tcase_add_loop_test(t, round_trip, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
