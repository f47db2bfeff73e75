#include "import/json_rows.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

/* What was given, item by item, and what was left. */
struct got {
	struct buf items, rest;
};

static enum err_code note(void *ctx, const struct json_t *item, struct err *err)
{
	struct got *got = ctx;
	struct buf_stage stage;
	struct js_out out;

	if (item == NULL)
		return buf_puts(&got->items, "?;", err);
	buf_stage_init(&stage, &got->items);
	js_out_init(&out, &stage.out, false);
	js_put_value(&out, item);
	return buf_puts(&got->items, ";", err);
}

static enum err_code run(struct got *got, const char *list, const char *text, size_t len, size_t step)
{
	struct json_rows rows;
	enum err_code code = ERR_OK;
	size_t at;

	buf_init(&got->items, MIB);
	buf_init(&got->rest, MIB);
	json_rows_init(&rows, &got->rest, list, note, got);
	for (at = 0; code == ERR_OK && at < len; at += step)
		code = outstream_write(&rows.out, text + at, len - at < step ? len - at : step, NULL);
	json_rows_release(&rows);
	return code;
}

static void release(struct got *got)
{
	buf_release(&got->items);
	buf_release(&got->rest);
}

static const struct {
	const char *list, *text, *items, *rest;
} cases[] = {
	{ "packages", "", "", "" },
	{ "packages", "{}", "", "{}" },
	{ "packages", "{\"packages\":[]}", "", "{\"packages\":[]}" },
	{ "packages", "{\"packages\": [ \n ] }", "", "{\"packages\": [] }" },
	{ "packages", "{\"name\":\"a\",\"packages\":[{\"b\":[1,{\"c\":2}]},{\"d\":\"]},{\"}],\"e\":3}",
	  "{\"b\":[1,{\"c\":2}]};{\"d\":\"]},{\"};", "{\"name\":\"a\",\"packages\":[],\"e\":3}" },
	{ "packages", "{\"predicate\":{\"packages\":[{\"a\":1}],\"x\":{\"packages\":[2]}}}", "{\"a\":1};",
	  "{\"predicate\":{\"packages\":[],\"x\":{\"packages\":[2]}}}" },
	{ "packages", "{\"other\":{\"packages\":[{\"a\":1}]}}", "", "{\"other\":{\"packages\":[{\"a\":1}]}}" },
	{ "packages", "{\"files\":[{\"a\":1},{\"packages\":[1]}],\"packages\":[[1]]}", "[1];",
	  "{\"files\":[],\"packages\":[]}" },
	{ "components", "{\"packages\":[{}],\"components\":[{\"components\":[{}]}]}", "{\"components\":[{}]};",
	  "{\"packages\":[],\"components\":[]}" },
	{ NULL, "{\"packages\":[{}]}", "", "{\"packages\":[]}" },
	{ "packages", "{\"packages\":[1,\"a\",null,{}]}", "?;?;?;{};", "{\"packages\":[]}" },
	{ "packages", "{\"packages\":[{\"a\":1,\"a\":2},{\"b\"}]}", "?;?;", "{\"packages\":[]}" },
	{ "packages", "{\"packages\":{\"packages\":[1]}}", "", "{\"packages\":{\"packages\":[1]}}" },
	{ "packages", "[{\"packages\":[1]}]", "", "[{\"packages\":[1]}]" },
	{ "packages", "{\"a\":\"packages\",\"b\":[1]}", "", "{\"a\":\"packages\",\"b\":[1]}" },
	{ "packages", "{\"a\\\"packages\":[1],\"packages\\\\\":[2]}", "",
	  "{\"a\\\"packages\":[1],\"packages\\\\\":[2]}" },
	{ "packages", "{\"a name that is longer than any that matters, packages\":[1]}", "",
	  "{\"a name that is longer than any that matters, packages\":[1]}" },
	{ "packages", "]]}}{\"packages\":[{}]", "{};", "]]}}{\"packages\":[]" },
	{ "packages", "{\"packages\":[{\"a\":", "", "{\"packages\":[" },
	{ "packages", "{\"packages\":[{}}", "{};", "{\"packages\":[}" },
};

START_TEST(taken_apart)
{
	static const size_t steps[] = { 1, 2, 3, 7, 1000 };
	size_t i;

	for (i = 0; i < COUNT_OF(steps); i++) {
		struct got got;

		ck_assert_int_eq(run(&got, cases[_i].list, cases[_i].text, strlen(cases[_i].text), steps[i]), ERR_OK);
		ck_assert_msg(strcmp(buf_text(&got.items), cases[_i].items) == 0, "%s: %s", cases[_i].text,
			      buf_text(&got.items));
		ck_assert_msg(strcmp(buf_text(&got.rest), cases[_i].rest) == 0, "%s: %s", cases[_i].text,
			      buf_text(&got.rest));
		release(&got);
	}
}
END_TEST

/* An item that is too large is passed over, and the next one is there again. */
START_TEST(item_too_large)
{
	CLEANUP(buf_release) struct buf text = { .max = 2 * MIB };
	struct got got;
	size_t i;

	ck_assert_int_eq(buf_puts(&text, "{\"packages\":[{\"a\":\"", NULL), ERR_OK);
	for (i = 0; i < LIMIT_ROW_BYTES; i++)
		ck_assert_int_eq(buf_puts(&text, "x", NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, "\"},{\"b\":1}]}", NULL), ERR_OK);
	ck_assert_int_eq(run(&got, "packages", buf_text(&text), text.len, 1000), ERR_OK);
	ck_assert_str_eq(buf_text(&got.items), "?;{\"b\":1};");
	ck_assert_str_eq(buf_text(&got.rest), "{\"packages\":[]}");
	release(&got);
}
END_TEST

/* However deep it is, nothing is kept for a level. */
START_TEST(deep)
{
	static char text[100000];
	struct got got;

	memset(text, '[', sizeof(text));
	ck_assert_int_eq(run(&got, "packages", text, sizeof(text), 999), ERR_OK);
	ck_assert_uint_eq(got.rest.len, sizeof(text));
	release(&got);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("json_rows");
	TCase *t = tcase_create("json_rows");

	tcase_add_loop_test(t, taken_apart, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, item_too_large);
	tcase_add_test(t, deep);
	suite_add_tcase(s, t);
	return test_run(s);
}
