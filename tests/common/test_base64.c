#include "common/base64.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

/* RFC 4648 section 10, and what lies around it. */
static const struct {
	const char *name, *plain;
	size_t len;
	const char *text;
} cases[] = {
	{ "nothing", "", 0, "" },
	{ "one", "f", 1, "Zg==" },
	{ "two", "fo", 2, "Zm8=" },
	{ "three", "foo", 3, "Zm9v" },
	{ "four", "foob", 4, "Zm9vYg==" },
	{ "five", "fooba", 5, "Zm9vYmE=" },
	{ "six", "foobar", 6, "Zm9vYmFy" },
	{ "NULs", "\0\0\0", 3, "AAAA" },
	{ "the last two letters", "\xfb\xff\xbf", 3, "+/+/" },
};

START_TEST(both_ways)
{
	CLEANUP(buf_release) struct buf text, plain;
	struct err err = { 0 };

	buf_init(&text, 100);
	buf_init(&plain, 100);
	ck_assert_int_eq(base64_encode(cases[_i].plain, cases[_i].len, &text, &err), ERR_OK);
	ck_assert_msg(strcmp(buf_text(&text), cases[_i].text) == 0, "%s: %s", cases[_i].name, buf_text(&text));
	ck_assert_msg(base64_decode(cases[_i].text, &plain, &err) == ERR_OK, "%s: %s", cases[_i].name, err.msg);
	ck_assert_uint_eq(plain.len, cases[_i].len);
	ck_assert_mem_eq(buf_text(&plain), cases[_i].plain, plain.len);
}
END_TEST

static const struct {
	const char *text;
	enum err_code want;
} lines[] = {
	{ "Zm9v\nYmFy", ERR_OK },    { "Zm9v\r\nYmFy\r\n", ERR_OK }, { "\nZm\n9vYm\nFy", ERR_OK },
	{ "Zm9v YmFy", ERR_FORMAT }, { "Zm9vYmF\n", ERR_FORMAT },
};

START_TEST(decodes_lines)
{
	CLEANUP(buf_release) struct buf got = { .max = 100 };

	ck_assert_int_eq(base64_decode_lines(lines[_i].text, &got, NULL), lines[_i].want);
	ck_assert(lines[_i].want != ERR_OK || strcmp(buf_text(&got), "foobar") == 0);
}
END_TEST

static const struct {
	const char *name, *text;
} refused[] = {
	{ "one short", "Zm9" },
	{ "one over", "Zm9vY" },
	{ "padding left out", "Zg" },
	{ "padding alone", "====" },
	{ "three of padding", "Z===" },
	{ "padding in the middle", "Zg==Zg==" },
	{ "padding before a letter", "Zg=v" },
	{ "blank in front", "    Zm9v" },
	{ "line feed", "Zm9v\nZm9" },
	{ "line feed at the end", "Zm9vZm9\n" },
	{ "URL letters", "-_-_" },
	{ "no ASCII", "Zm9\xc3" },
	{ "a dot", "Zm9v.m9v" },
	{ "loose bits of one byte", "Zh==" },
	{ "loose bits of two", "Zm9=" },
};

START_TEST(refuse)
{
	CLEANUP(buf_release) struct buf plain;
	struct err err = { 0 };

	buf_init(&plain, 100);
	ck_assert_msg(base64_decode(refused[_i].text, &plain, &err) == ERR_FORMAT, "%s", refused[_i].name);
	ck_assert_msg(strstr(err.msg, refused[_i].text) == NULL, "%s: it may be a secret", refused[_i].name);
	ck_assert_uint_eq(plain.len, 0);
}
END_TEST

START_TEST(bounds)
{
	CLEANUP(buf_release) struct buf b;
	struct err err = { 0 };

	buf_init(&b, 3);
	ck_assert_int_eq(base64_encode("foo", 3, &b, &err), ERR_LIMIT);
	ck_assert_int_eq(base64_decode("Zm9vYg==", &b, &err), ERR_LIMIT);
	ck_assert_int_eq(base64_decode("Zm9v", &b, &err), ERR_OK);
	ck_assert_str_eq(buf_text(&b), "foo");
}
END_TEST

/* It appends. */
START_TEST(append)
{
	CLEANUP(buf_release) struct buf b;

	buf_init(&b, 100);
	ck_assert_int_eq(buf_puts(&b, "Basic ", NULL), ERR_OK);
	ck_assert_int_eq(base64_encode("a:b", 3, &b, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&b), "Basic YTpi");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base64");
	TCase *t = tcase_create("base64");

	tcase_add_loop_test(t, both_ways, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, refuse, 0, (int)COUNT_OF(refused));
	tcase_add_loop_test(t, decodes_lines, 0, (int)COUNT_OF(lines));
	tcase_add_test(t, bounds);
	tcase_add_test(t, append);
	suite_add_tcase(s, t);
	return test_run(s);
}
