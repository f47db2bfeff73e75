#include "common/toml.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

/* A value in one line, so that a table can say what is wanted: {a="x",b=[1,true]}. */
static void write_value(const struct toml *value, struct buf *out)
{
	bool table = toml_is(value, TOML_TABLE);
	const struct toml *child;

	if (toml_key(value) != NULL)
		buf_printf(out, NULL, "%s=", toml_key(value));
	if (toml_is(value, TOML_STRING)) {
		buf_printf(out, NULL, "\"%s\"", toml_text(value));
	} else if (toml_is(value, TOML_INTEGER)) {
		buf_printf(out, NULL, "%lld", (long long)toml_integer(value));
	} else if (toml_is(value, TOML_BOOL)) {
		buf_puts(out, "bool", NULL);
	} else {
		buf_puts(out, table ? "{" : "[", NULL);
		for (child = toml_first(value); child != NULL; child = toml_next(child)) {
			write_value(child, out);
			if (toml_next(child) != NULL)
				buf_puts(out, ",", NULL);
		}
		buf_puts(out, table ? "}" : "]", NULL);
	}
}

static const struct {
	const char *name, *text, *want; /* want: the tree; what the message holds where code is not ERR_OK */
	enum err_code code;
} cases[] = {
	{ "nothing", "", "{}", ERR_OK },
	{ "a comment alone", "# nothing", "{}", ERR_OK },
	{ "blank lines", "\n \t\n\r\n", "{}", ERR_OK },
	{ "a string", "a = \"x\"", "{a=\"x\"}", ERR_OK },
	{ "a comment behind it", "a=\"#\"#x\n", "{a=\"#\"}", ERR_OK },
	{ "a literal string", "a = 'C:\\x\"'", "{a=\"C:\\x\"\"}", ERR_OK },
	{ "an empty string", "a = \"\"\nb = ''", "{a=\"\",b=\"\"}", ERR_OK },
	{ "escapes", "a = \"\\\"\\\\\\t\\u00e4\\U0001F600\\n\"", "{a=\"\"\\\t\xc3\xa4\xf0\x9f\x98\x80\n\"}", ERR_OK },
	{ "characters of all lengths", "a=\"\\u007f\\u0080\\u07ff\\u0800\\uffff\\U00010000\\U0010ffff\"",
	  "{a=\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}", ERR_OK },
	{ "a string of several lines", "a = \"\"\"\nx\n y\"\"\"", "{a=\"x\n y\"}", ERR_OK },
	{ "lines joined", "a = \"\"\"x\\\n\n   y\"\"\"", "{a=\"xy\"}", ERR_OK },
	{ "quotes at the end", "a = \"\"\"\"x\"\"\"\"\"", "{a=\"\"x\"\"\"}", ERR_OK },
	{ "literal lines", "a = '''\r\nx\\\n'y'''", "{a=\"x\\\n'y\"}", ERR_OK },
	{ "truth", "a = true\nb = false", "{a=bool,b=bool}", ERR_OK },
	{ "integers", "a=[0,-0,+7,-12,1_000,0xFf,0o17,0b101]", "{a=[0,0,7,-12,1000,255,15,5]}", ERR_OK },
	{ "the largest", "a=9223372036854775807\nb=-9223372036854775808",
	  "{a=9223372036854775807,b=-9223372036854775808}", ERR_OK },
	{ "keys", "a-b_1=1\n\"c d\"=2\n'e.f'=3\n1=4\n\"\"=5", "{a-b_1=1,c d=2,e.f=3,1=4,=5}", ERR_OK },
	{ "a key with an escape", "\"\\u0061\"=1", "{a=1}", ERR_OK },
	{ "dotted keys", "a.b=1\na . \"c\" = 2", "{a={b=1,c=2}}", ERR_OK },
	{ "arrays", "a=[]\nb=[ 1, # one\n 2,\n]\nc=[[1],[\"x\"]]", "{a=[],b=[1,2],c=[[1],[\"x\"]]}", ERR_OK },
	{ "tables in braces", "a={}\nb={c=1, d.e = \"x\"}", "{a={},b={c=1,d={e=\"x\"}}}", ERR_OK },
	{ "tables", "x=1\n[a]\ny=2\n[b . c]\nz=3", "{x=1,a={y=2},b={c={z=3}}}", ERR_OK },
	{ "a table above one that is there", "[a.b]\nx=1\n[a]\ny=2", "{a={b={x=1},y=2}}", ERR_OK },
	{ "a table below dotted keys", "[a]\nb.c=1\n[a.b.d]\ne=2", "{a={b={c=1,d={e=2}}}}", ERR_OK },
	{ "arrays of tables", "[[a]]\nx=1\n[[a]]\n[a.b]\ny=2\n[[a.c]]", "{a=[{x=1},{b={y=2},c=[{}]}]}", ERR_OK },
	{ "hosts, in their order",
	  "server = \"https://docker.io\"\r\n[host.\"https://b\"]\r\n  capabilities = [\"pull\"]\r\n"
	  "[host.\"https://a\".header]\r\n",
	  "{server=\"https://docker.io\",host={https://b={capabilities=[\"pull\"]},https://a={header={}}}}", ERR_OK },

	{ "a key alone", "a", "line 1: not valid TOML: a key without =", ERR_FORMAT },
	{ "no value", "\n\na =", "line 3", ERR_FORMAT },
	{ "no key", "= 1", "line 1", ERR_FORMAT },
	{ "no key behind a dot", "a. = 1", "key is missing", ERR_FORMAT },
	{ "no quotes", "a = x", "without its quotes", ERR_FORMAT },
	{ "truth in capitals", "a = True", "without its quotes", ERR_FORMAT },
	{ "two on a line", "a = 1 b = 2", "behind what the line says", ERR_FORMAT },
	{ "given twice", "a = 1\na = 2", "line 2: not valid TOML: a key that has been given already", ERR_FORMAT },
	{ "given twice, once in quotes", "a = 1\n\"a\" = 2", "given already", ERR_FORMAT },
	{ "a table given twice", "[a]\n[a]", "given already", ERR_FORMAT },
	{ "a table that is a text", "a=\"x\"\n[a]", "given already", ERR_FORMAT },
	{ "a table below a text", "a=\"x\"\n[a.b]", "given already", ERR_FORMAT },
	{ "a table that is an array of them", "[[a]]\n[a]", "given already", ERR_FORMAT },
	{ "an array of tables that is one", "[a]\n[[a]]", "given already", ERR_FORMAT },
	{ "an array of tables that is an array", "a=[]\n[[a]]", "given already", ERR_FORMAT },
	{ "a table below an array", "a=[{}]\n[a.b]", "given already", ERR_FORMAT },
	{ "a table in braces goes on", "a={}\n[a.b]", "given already", ERR_FORMAT },
	{ "a table in braces goes on by dots", "a={b={}}\na.b.c=1", "given already", ERR_FORMAT },
	{ "dotted keys, then their table", "a.b=1\n[a]", "given already", ERR_FORMAT },
	{ "a table, then dotted keys", "[a.b]\n[a]\nb.c=1", "given already", ERR_FORMAT },
	{ "a string without its end", "a = \"x", "without its end", ERR_FORMAT },
	{ "a string over a line end", "a = \"x\ny\"", "line 1: not valid TOML: a string without its end", ERR_FORMAT },
	{ "lines without their end", "a = \"\"\"x\ny", "line 2", ERR_FORMAT },
	{ "an escape that does not exist", "a = \"\\x41\"", "escape", ERR_FORMAT },
	{ "an escape cut", "a = \"\\u00e\"", "escape", ERR_FORMAT },
	{ "half a character", "a = \"\\ud800\"", "no character", ERR_FORMAT },
	{ "an escaped NUL", "a = \"\\u0000\"", "no character", ERR_FORMAT },
	{ "beyond Unicode", "a = \"\\U00110000\"", "no character", ERR_FORMAT },
	{ "a key of several lines", "\"\"\"a\"\"\" = 1", "several lines", ERR_FORMAT },
	{ "no UTF-8", "a = \"\xff\"", "may not stand", ERR_FORMAT },
	{ "a control character", "a = \"\033\"", "may not stand", ERR_FORMAT },
	{ "a carriage return alone", "a = 1\rb = 2", "may not stand", ERR_FORMAT },
	{ "an array without its end", "a = [1,\n2", "line 2", ERR_FORMAT },
	{ "an array without a comma", "a = [1 2]", "comma", ERR_FORMAT },
	{ "an array of commas", "a = [,]", "missing", ERR_FORMAT },
	{ "braces without their end", "a = {b=1", "without its comma", ERR_FORMAT },
	{ "braces over a line end", "a = {b=1,\nc=2}", "key is missing", ERR_FORMAT },
	{ "a comma before the brace", "a = {b=1,}", "key is missing", ERR_FORMAT },
	{ "a header without its bracket", "[a", "closing bracket", ERR_FORMAT },
	{ "half an array's header", "[[a]", "closing bracket", ERR_FORMAT },
	{ "an empty header", "[]", "key is missing", ERR_FORMAT },
	{ "a leading zero", "a = 01", "01: only integers", ERR_UNSUPPORTED },
	{ "too large", "a = 9223372036854775808", "only integers", ERR_UNSUPPORTED },
	{ "a number with a point", "a = 1.5", "1.5: only integers", ERR_UNSUPPORTED },
	{ "a date", "a = 1979-05-27", "1979-05-27: only integers", ERR_UNSUPPORTED },
	{ "an underscore at the end", "a = 1_", "only integers", ERR_UNSUPPORTED },
};

START_TEST(read)
{
	CLEANUP(toml_free_ptr) struct toml *table = NULL;
	CLEANUP(buf_release) struct buf out;
	struct err err = { 0 };
	enum err_code got = toml_read(cases[_i].text, strlen(cases[_i].text), "hosts.toml", &table, &err);

	buf_init(&out, LIMIT_TOML_BYTES);
	ck_assert_msg(got == cases[_i].code, "%s: %d, %s", cases[_i].name, got, err.msg);
	if (got != ERR_OK) {
		ck_assert_msg(strncmp(err.msg, "hosts.toml: line ", 17) == 0, "%s: %s", cases[_i].name, err.msg);
		ck_assert_msg(strstr(err.msg, cases[_i].want) != NULL, "%s: %s", cases[_i].name, err.msg);
		ck_assert_ptr_null(table);
		return;
	}
	write_value(table, &out);
	ck_assert_msg(strcmp(buf_text(&out), cases[_i].want) == 0, "%s: %s", cases[_i].name, buf_text(&out));
}
END_TEST

/* A NUL is no end: what stands behind it would be read by others. */
START_TEST(nul)
{
	struct toml *table = NULL;

	ck_assert_int_eq(toml_read("a=1\0b=2", 7, "x", &table, NULL), ERR_FORMAT);
}
END_TEST

static const struct {
	const char *name, *start, *again, *end;
	unsigned times;
	enum err_code want;
} bounds[] = {
	{ "arrays as deep as may be", "a=", "[", "", LIMIT_TOML_DEPTH, ERR_FORMAT },
	{ "one deeper", "a=", "[", "", LIMIT_TOML_DEPTH + 1, ERR_LIMIT },
	{ "braces", "a=", "{b=", "", 1000, ERR_LIMIT },
	{ "dots", "[a", ".b", "]", 1000, ERR_LIMIT },
	{ "dots in braces", "a={a={a={a={a={b", ".b", "=1}}}}}", LIMIT_TOML_DEPTH, ERR_LIMIT },
	{ "values", "a=[", "1,", "]", LIMIT_TOML_VALUES - 1, ERR_OK },
	{ "one more", "a=[", "1,", "]", LIMIT_TOML_VALUES, ERR_LIMIT },
	{ "the longest text", "a=\"", "x", "\"", LIMIT_TEXT_BYTES, ERR_OK },
	{ "a longer one", "a=\"", "x", "\"", LIMIT_TEXT_BYTES + 1, ERR_LIMIT },
	{ "the longest key", "", "x", "=1", LIMIT_TEXT_BYTES, ERR_OK },
	{ "a longer one", "", "x", "=1", LIMIT_TEXT_BYTES + 1, ERR_LIMIT },
	{ "a document that is too large", "", "\n", "", LIMIT_TOML_BYTES + 1, ERR_LIMIT },
};

START_TEST(bound)
{
	CLEANUP(toml_free_ptr) struct toml *table = NULL;
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };
	enum err_code got;
	unsigned i;

	buf_init(&text, 2 * LIMIT_TOML_BYTES);
	buf_puts(&text, bounds[_i].start, NULL);
	for (i = 0; i < bounds[_i].times; i++)
		buf_puts(&text, bounds[_i].again, NULL);
	buf_puts(&text, bounds[_i].end, NULL);
	got = toml_read(text.data, text.len, "x", &table, &err);
	ck_assert_msg(got == bounds[_i].want, "%s: %d, %s", bounds[_i].name, got, err.msg);
}
END_TEST

START_TEST(wants)
{
	CLEANUP(toml_free_ptr) struct toml *table = NULL;
	const struct toml *value = NULL;
	const char *text = "-";
	struct err err = { 0 };
	bool flag = false;

	ck_assert_int_eq(toml_read("s='x'\nt=true\nf=false\na=[]\ni=7", 29, "x", &table, NULL), ERR_OK);
	ck_assert_int_eq(toml_want_text(table, "s", "file", &text, &err), ERR_OK);
	ck_assert_str_eq(text, "x");
	ck_assert_int_eq(toml_want_text(table, "a", "file", &text, &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg, "file: a must be a string");
	ck_assert_str_eq(text, "x");
	ck_assert_int_eq(toml_want_text(table, "none", "file", &text, &err), ERR_OK);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(toml_want_bool(table, "t", "file", &flag, &err), ERR_OK);
	ck_assert(flag);
	ck_assert_int_eq(toml_want_bool(table, "f", "file", &flag, &err), ERR_OK);
	ck_assert(!flag);
	ck_assert_int_eq(toml_want_bool(table, "s", "file", &flag, &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg, "file: s must be true or false");
	ck_assert_int_eq(toml_want(table, "a", TOML_ARRAY, "file", &value, &err), ERR_OK);
	ck_assert(toml_is(value, TOML_ARRAY) && toml_first(value) == NULL);
	ck_assert_int_eq(toml_integer(toml_get(table, "i")), 7);
	ck_assert_ptr_null(toml_get(value, "x")); /* of an array */
	ck_assert_ptr_null(toml_get(NULL, "x"));
	ck_assert(toml_text(NULL) == NULL && toml_first(NULL) == NULL && toml_integer(NULL) == 0);
}
END_TEST

START_TEST(file)
{
	CLEANUP(toml_free_ptr) struct toml *table = NULL;
	CLEANUP(free_ptr) char *path = NULL;
	char *folder = folder_new();
	struct err err = { 0 };

	folder_put(folder, "bad", "a", 1);
	folder_put(folder, "good", "a=1", 3);
	path = folder_path(folder, "bad");
	ck_assert_int_eq(toml_read_file(path, &table, &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
	memcpy(path + strlen(path) - 3, "bud", 3);
	ck_assert_int_eq(toml_read_file(path, &table, &err), ERR_NOT_FOUND);
	free(path);
	path = folder_path(folder, "good");
	ck_assert_int_eq(toml_read_file(path, &table, &err), ERR_OK);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("toml");
	TCase *t = tcase_create("toml");

	tcase_add_loop_test(t, read, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, nul);
	tcase_add_loop_test(t, bound, 0, (int)COUNT_OF(bounds));
	tcase_add_test(t, wants);
	tcase_add_test(t, file);
	suite_add_tcase(s, t);
	return test_run(s);
}
