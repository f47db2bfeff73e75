#include "import/load_answer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name, *text;
	enum err_code want;
	size_t loaded;
	const char *error, *unpack;
} cases[] = {
	{ "nothing", "", ERR_OK, 0, "", "" },
	{ "one image", "{\"stream\":\"Loaded image: a:1\\n\"}\r\n", ERR_OK, 1, "", "" },
	{ "no line end", "{\"stream\":\"Loaded image: a:1\\n\"}", ERR_OK, 1, "", "" },
	{ "blank lines", "\r\n\n  \t\r\n{\"stream\":\"Loaded image: a:1\"}\n\n", ERR_OK, 1, "", "" },
	{ "two", "{\"stream\":\"Loaded image: a:1\"}\n{\"stream\":\"Loaded image: b:1\"}\n", ERR_OK, 2, "", "" },
	{ "no name", "{\"stream\":\"Loaded image ID: sha256:0\"}\n", ERR_OK, 0, "", "" },
	{ "other lines", "{\"status\":\"x\",\"progressDetail\":{}}\n{\"stream\":1}\n[]\n", ERR_OK, 0, "", "" },
	{ "error", "{\"error\":\"short\",\"errorDetail\":{\"message\":\"long\"}}\n", ERR_OK, 0, "long", "" },
	{ "error alone", "{\"error\":\"short\"}\n", ERR_OK, 0, "short", "" },
	{ "error without words", "{\"error\":\"\"}\n", ERR_OK, 0, "(no words)", "" },
	{ "error of another type", "{\"error\":{}}\n", ERR_OK, 0, "(no words)", "" },
	{ "the first error", "{\"error\":\"one\"}\n{\"error\":\"two\"}\n", ERR_OK, 0, "one", "" },
	{ "error after success", "{\"stream\":\"Loaded image: a:1\"}\n{\"error\":\"x\"}", ERR_OK, 1, "x", "" },
	{ "not unpacked", "{\"stream\":\"Error unpacking image a:1: b: c\\n\"}\n", ERR_OK, 0, "",
	  "Error unpacking image a:1: b: c" },
	{ "expected not to be", "{\"stream\":\"Error unpacking image r.test:5/expected:1: b: c\\n\"}\n", ERR_OK, 0, "",
	  "" },
	{ "not unpacked, no reason", "{\"stream\":\"Error unpacking image \"}\n", ERR_OK, 0, "",
	  "Error unpacking image " },
	{ "no JSON", "Loaded\n", ERR_FORMAT, 0, "", "" },
	{ "cut", "{\"stream\":\"Loaded image: a:1\"", ERR_FORMAT, 0, "", "" },
	{ "two on a line", "{}{}\n", ERR_FORMAT, 0, "", "" },
};

static bool is_expected(void *ctx, const char *name)
{
	ck_assert_str_eq(ctx, "context");
	return strcmp(name, "r.test:5/expected:1") == 0;
}

static enum err_code feed(struct load_answer *a, const char *text, size_t len, size_t step, struct err *err)
{
	enum err_code code = ERR_OK;

	for (; code == ERR_OK && len > 0; text += step, len -= step) {
		step = step < len ? step : len;
		code = outstream_write(&a->out, text, step, err);
	}
	return code == ERR_OK ? outstream_finish(&a->out, err) : code;
}

START_TEST(reads_lines)
{
	static const size_t steps[] = { 1, 2, 7, 4096 };
	size_t i;

	for (i = 0; i < COUNT_OF(steps); i++) {
		CLEANUP(load_answer_release) struct load_answer a = { 0 };
		char context[] = "context";
		struct err err = { 0 };

		load_answer_init(&a, is_expected, context);
		ck_assert_msg(feed(&a, cases[_i].text, strlen(cases[_i].text), steps[i], &err) == cases[_i].want,
			      "%s: %s", cases[_i].name, err.msg);
		ck_assert_uint_eq(a.loaded, cases[_i].loaded);
		ck_assert_str_eq(a.error, cases[_i].error);
		ck_assert_str_eq(a.unpack, cases[_i].unpack);
	}
}
END_TEST

static enum err_code feed_line(size_t len)
{
	CLEANUP(load_answer_release) struct load_answer a = { 0 };
	CLEANUP(free_ptr) char *line = malloc(len + 1);

	ck_assert_ptr_nonnull(line);
	memset(line, ' ', len);
	memcpy(line, "{}", 2);
	line[len] = '\n';
	load_answer_init(&a, NULL, NULL);
	return feed(&a, line, len + 1, 1000, NULL);
}

START_TEST(bounds_lines)
{
	ck_assert_int_eq(feed_line(LOAD_LINE_MAX), ERR_OK);
	ck_assert_int_eq(feed_line(LOAD_LINE_MAX + 1), ERR_LIMIT);
}
END_TEST

START_TEST(cuts_words)
{
	CLEANUP(load_answer_release) struct load_answer a = { 0 };
	char line[3 * ERR_MSG_MAX];

	memset(line, 'x', sizeof(line));
	memcpy(line, "{\"error\":\"", 10);
	memcpy(line + sizeof(line) - 2, "\"}", 2);
	load_answer_init(&a, NULL, NULL);
	ck_assert_int_eq(feed(&a, line, sizeof(line), 100, NULL), ERR_OK);
	ck_assert_uint_eq(strlen(a.error), ERR_MSG_MAX - 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("load_answer");
	TCase *t = tcase_create("lines");

	tcase_add_loop_test(t, reads_lines, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, bounds_lines);
	tcase_add_test(t, cuts_words);
	suite_add_tcase(s, t);
	return test_run(s);
}
