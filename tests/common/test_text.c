#include "common/text.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name, *text, *want; /* want NULL: unchanged */
} cleans[] = {
	{ "empty", "", NULL },
	{ "ASCII", " ~az09", NULL },
	{ "every control", "\x01\x07\x08\x09\x0a\x0d\x1b\x1f\x7f", "?????????" },
	{ "two bytes", "\xc2\xa0\xc3\xa4\xdf\xbf", NULL },
	{ "C1, first and last", "\xc2\x80\xc2\x9f", "????" },
	{ "three bytes", "\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbd", NULL },
	{ "four bytes", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", NULL },
	{ "overlong two", "\xc0\xaf\xc1\xbf", "????" },
	{ "overlong three", "\xe0\x9f\xbf", "???" },
	{ "overlong four", "\xf0\x8f\xbf\xbf", "????" },
	{ "surrogate", "\xed\xa0\x80", "???" },
	{ "before surrogates", "\xed\x9f\xbf", NULL },
	{ "past the last", "\xf4\x90\x80\x80", "????" },
	{ "no first byte", "\xf5\xff\xfe", "???" },
	{ "continuation alone", "a\x80z", "a?z" },
	{ "cut after one", "\xe2", "?" },
	{ "cut after two", "\xe2\x82", "??" },
	{ "cut after three", "\xf0\x90\x80", "???" },
	{ "cut by ASCII", "\xe2\x82z", "??z" },
	{ "ellipsis", "\xe2\x80\xa6", NULL },
	{ "dagger and bullet", "\xe2\x80\xa0\xe2\x80\xa2", NULL },
	{ "direction marks", "\xe2\x80\x8e\xe2\x80\x8f", "??????" },
	{ "line separators", "\xe2\x80\xa8\xe2\x80\xa9", "??????" },
	{ "direction overrides, first and last", "\xe2\x80\xaa\xe2\x80\xae", "??????" },
	{ "just past the overrides", "\xe2\x80\xaf", NULL },
	{ "isolates, first and last", "\xe2\x81\xa6\xe2\x81\xa9", "??????" },
	{ "beside the isolates", "\xe2\x81\xa5\xe2\x81\xaa", NULL },
};

START_TEST(clean)
{
	CLEANUP(free_ptr) char *text = strdup(cleans[_i].text);
	char shown[TEXT_SHOWN_MAX];

	ck_assert_ptr_nonnull(text);
	text_clean(text);
	ck_assert_str_eq(text_shown(cleans[_i].text, shown), text);
	ck_assert_msg(strcmp(text, cleans[_i].want != NULL ? cleans[_i].want : cleans[_i].text) == 0, "%s: %s",
		      cleans[_i].name, text);
}
END_TEST

static const struct {
	const char *name, *text;
	size_t want;
} lengths[] = {
	{ "end", "", 0 },
	{ "ASCII", "az", 1 },
	{ "control", "\x01", 1 },
	{ "C1 control", "\xc2\x80", 2 },
	{ "direction override", "\xe2\x80\xae", 3 },
	{ "four bytes", "\xf4\x8f\xbf\xbf", 4 },
	{ "past the last", "\xf4\x90\x80\x80", 0 },
	{ "surrogate", "\xed\xa0\x80", 0 },
	{ "overlong", "\xc0\xaf", 0 },
	{ "cut", "\xe2\x82", 0 },
	{ "continuation alone", "\x80", 0 },
};

START_TEST(utf8_len)
{
	ck_assert_msg(text_utf8_len(lengths[_i].text) == lengths[_i].want, "%s", lengths[_i].name);
}
END_TEST

static const struct {
	uint64_t size_bytes;
	const char *want;
} sizes[] = {
	{ 0, "0 B" },
	{ 1, "1 B" },
	{ 999, "999 B" },
	{ 1000, "1.0 kB" },
	{ 1049, "1.0 kB" },
	{ 1050, "1.1 kB" },
	{ 999949, "999.9 kB" },
	{ 999950, "1.0 MB" },
	{ 1000000, "1.0 MB" },
	{ 1234567890, "1.2 GB" },
	{ 999949999999, "999.9 GB" },
	{ UINT64_C(1000000000000), "1.0 TB" },
	{ UINT64_C(1000000000000000), "1.0 PB" },
	{ UINT64_MAX, "18.4 EB" },
};

START_TEST(size)
{
	char out[TEXT_SIZE_MAX];

	ck_assert_str_eq(text_size(sizes[_i].size_bytes, out), sizes[_i].want);
	ck_assert_ptr_eq(text_size(0, out), out);
}
END_TEST

static const struct {
	int64_t seconds;
	const char *want;
} times[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ 1764146096, "2025-11-26T08:34:56Z" },
	{ INT64_C(-30610224000), "1000-01-01T00:00:00Z" },
	{ INT64_C(253402300799), "9999-12-31T23:59:59Z" },
	{ INT64_C(253402300800), "" },
	{ INT64_C(-62135596801), "" },
	{ INT64_MAX, "" },
	{ INT64_MIN, "" },
};

START_TEST(time_of)
{
	char out[TEXT_TIME_MAX];

	ck_assert_str_eq(text_time(times[_i].seconds, out), times[_i].want);
}
END_TEST

static const struct {
	const char *pattern, *text;
	bool want;
} globs[] = {
	{ "", "", true },         { "", "a", false },           { "*", "", true },      { "*", "team/app", true },
	{ "v1.*", "v1.2", true }, { "v1.*", "v2.1", false },    { "?", "a", true },     { "?", "", false },
	{ "v1", "V1", false },    { "a*b*c", "axxbyyc", true }, { "\\*", "\\x", true }, { "*.sig", ".sig", true },
};

START_TEST(glob)
{
	ck_assert_msg(text_glob(globs[_i].pattern, globs[_i].text) == globs[_i].want, "%s on %s", globs[_i].pattern,
		      globs[_i].text);
}
END_TEST

static const struct {
	const char *text, *part;
	bool starts, ends;
} parts[] = {
	{ "", "", true, true },          { "a", "", true, true },      { "", "a", false, false },
	{ "abc", "ab", true, false },    { "abc", "bc", false, true }, { "abc", "abc", true, true },
	{ "abc", "abcd", false, false }, { "abab", "ab", true, true }, { "ABC", "ab", false, false },
};

START_TEST(starts_and_ends)
{
	ck_assert_int_eq(text_starts(parts[_i].text, parts[_i].part), parts[_i].starts);
	ck_assert_int_eq(text_ends(parts[_i].text, parts[_i].part), parts[_i].ends);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");

	tcase_add_loop_test(t, utf8_len, 0, (int)COUNT_OF(lengths));
	tcase_add_loop_test(t, clean, 0, (int)COUNT_OF(cleans));
	tcase_add_loop_test(t, size, 0, (int)COUNT_OF(sizes));
	tcase_add_loop_test(t, time_of, 0, (int)COUNT_OF(times));
	tcase_add_loop_test(t, glob, 0, (int)COUNT_OF(globs));
	tcase_add_loop_test(t, starts_and_ends, 0, (int)COUNT_OF(parts));
	suite_add_tcase(s, t);
	return test_run(s);
}
