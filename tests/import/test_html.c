#include "import/html.h"

#include <check.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tests/lib/html_check.h"
#include "tests/lib/test_main.h"

static struct buf text;
static struct buf_stage stage;
static struct html html;

static void setup(void)
{
	buf_init(&text, 1 << 20);
	buf_stage_init(&stage, &text);
	html_init(&html, &stage.out, 1000);
}

static void teardown(void)
{
	buf_release(&text);
}

static const char *finish(void)
{
	ck_assert_int_eq(html_finish(&html, NULL), ERR_OK);
	return buf_text(&text);
}

static const struct {
	const char *text, *written;
} escapes[] = {
	{ "", "" },
	{ "plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x8b", "plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x8b" },
	{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "\"'&amp;", "&quot;&#39;&amp;amp;" },
	{ "a\nb\tc", "a\nb\tc" },
	{ "a\rb\x1b[31mc\x7f", "a\xef\xbf\xbd"
			       "b\xef\xbf\xbd[31mc\xef\xbf\xbd" },
	{ "\xff\xfe<", "\xef\xbf\xbd\xef\xbf\xbd&lt;" },
	{ "\xe2\x80\xae"
	  "evil\xe2\x81\xa6\xe2\x80\x8f",
	  "\xef\xbf\xbd"
	  "evil\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xe2\x82<", "\xef\xbf\xbd\xef\xbf\xbd&lt;" },             /* a character that is cut */
	{ "\xc0\xbcscript>", "\xef\xbf\xbd\xef\xbf\xbdscript&gt;" }, /* an overlong '<' */
	{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
};

START_TEST(text_is_escaped)
{
	html_text(&html, escapes[_i].text);
	ck_assert_str_eq(finish(), escapes[_i].written);
}
END_TEST

START_TEST(values_are_escaped)
{
	CLEANUP(free_ptr) char *want = NULL;

	html_begin(&html, "span", NULL);
	html_attr(&html, "title", escapes[_i].text);
	html_end(&html);
	ck_assert_int_eq(str_format(&want, NULL, "<span title=\"%s\"></span>", escapes[_i].written), ERR_OK);
	ck_assert_str_eq(finish(), want);
	ck_assert_ptr_null(html_check(buf_text(&text)));
}
END_TEST

static const struct {
	const char *value, *written;
} queries[] = {
	{ "docker.io/library/a:1@sha256:0_~-", "docker.io/library/a:1%40sha256:0_~-" },
	{ "a&b=c#d?e f+g%h", "a%26b%3Dc%23d%3Fe%20f%2Bg%25h" },
	{ "\"><script>", "%22%3E%3Cscript%3E" },
	{ "\xe2\x82\xac\n\xff", "%E2%82%AC%0A%FF" },
	{ "", "" },
};

START_TEST(queries_are_escaped)
{
	CLEANUP(free_ptr) char *want = NULL;

	html_begin(&html, "a", NULL);
	html_href_query(&html, (const char *const[][2]){
				       { "none", NULL }, { "q", queries[_i].value }, { "b", "1" }, { NULL, NULL } });
	html_end(&html);
	ck_assert_int_eq(str_format(&want, NULL, "<a href=\"/?q=%s&amp;b=1\"></a>", queries[_i].written), ERR_OK);
	ck_assert_str_eq(finish(), want);
	ck_assert_ptr_null(html_check(buf_text(&text)));
}
END_TEST

START_TEST(no_query)
{
	html_begin(&html, "a", NULL);
	html_href_query(&html, (const char *const[][2]){ { "none", NULL }, { NULL, NULL } });
	html_end(&html);
	ck_assert_str_eq(finish(), "<a href=\"/\"></a>");
}
END_TEST

static const struct {
	const char *text;
	size_t max;
	const char *written;
} cuts[] = {
	{ "abc", 3, "abc" },
	{ "abcd", 3, "abc\xe2\x80\xa6" },
	{ "ab\xe2\x82\xac", 5, "ab\xe2\x82\xac" },
	{ "ab\xe2\x82\xac", 4, "ab\xe2\x80\xa6" },
	{ "ab\xe2\x82\xac", 3, "ab\xe2\x80\xa6" },
	{ "<<<<", 3, "&lt;&lt;&lt;\xe2\x80\xa6" },
	{ "\x80\x80\x80", 2, "\xe2\x80\xa6" },
};

START_TEST(text_is_cut)
{
	html_text_cut(&html, cuts[_i].text, cuts[_i].max);
	ck_assert_str_eq(finish(), cuts[_i].written);
}
END_TEST

START_TEST(elements_nest)
{
	html_begin(&html, "ul", "tree");
	html_element(&html, "li", NULL, "a<b");
	html_begin(&html, "li", NULL);
	html_begin(&html, "input", NULL);
	html_attr(&html, "type", "hidden");
	html_void_end(&html);
	html_printf(&html, "%d %s", 7, "&");
	html_end(&html);
	html_end(&html);
	ck_assert_str_eq(finish(), "<ul class=\"tree\"><li>a&lt;b</li><li><input type=\"hidden\">7 &amp;</li></ul>");
}
END_TEST

/* What flows through it becomes text, NUL too. */
START_TEST(stage_escapes)
{
	struct html_stage into;

	html_stage_init(&into, &html);
	ck_assert_int_eq(outstream_write(&into.out, "a\0<", 3, NULL), ERR_OK);
	ck_assert_str_eq(finish(), "a\xef\xbf\xbd&lt;");
}
END_TEST

START_TEST(says_when_it_is_full)
{
	int i;

	for (i = 0; i < 999; i++)
		html_text(&html, "x");
	ck_assert(!html_is_full(&html));
	html_text(&html, "x");
	ck_assert(html_is_full(&html));
	for (i = 0; i < 9000; i++) /* past its chunk */
		html_text(&html, "x");
	ck_assert_uint_eq(strlen(finish()), 10000);
}
END_TEST

START_TEST(first_failure_stays)
{
	struct err err = { 0 };
	int i;

	text.max = 5000;
	for (i = 0; i < 20000; i++)
		html_text(&html, "x");
	ck_assert_int_eq(html_finish(&html, &err), ERR_LIMIT);
	ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("html");
	TCase *t = tcase_create("html");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, text_is_escaped, 0, (int)COUNT_OF(escapes));
	tcase_add_loop_test(t, values_are_escaped, 0, (int)COUNT_OF(escapes));
	tcase_add_loop_test(t, queries_are_escaped, 0, (int)COUNT_OF(queries));
	tcase_add_test(t, no_query);
	tcase_add_loop_test(t, text_is_cut, 0, (int)COUNT_OF(cuts));
	tcase_add_test(t, elements_nest);
	tcase_add_test(t, stage_escapes);
	tcase_add_test(t, says_when_it_is_full);
	tcase_add_test(t, first_failure_stays);
	suite_add_tcase(s, t);
	return test_run(s);
}
