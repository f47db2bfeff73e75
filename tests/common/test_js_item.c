#include "common/js_item.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X1000 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50
#define MEMBERS_15                                                                                                     \
	"\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,"     \
	"\"o\":1,\"p\":1"

/* Items, and which of them are plain; what their members are, js_read says. */
static const struct {
	const char *text;
	bool plain;
} cases[] = {
	{ "{}", true },
	{ "{\"a\":\"x\"}", true },
	{ "{\"a\":\"\"}", true },
	{ "{\"\":\"x\",\"a\":7}", true },
	{ "{\"a\":0}", true },
	{ "{\"a\":999999999999999999}", true },
	{ "{\"a\":9223372036854775807}", false },
	{ "{\"a\":-1}", false },
	{ "{\"a\":1.0}", false },
	{ "{\"a\":1e2}", false },
	{ "{\"a\":null}", false },
	{ "{\"a\":true}", false },
	{ "{\"a\":\"\\n\"}", false },
	{ "{\"\\u0061\":\"x\"}", false },
	{ "{\"a\":\"\xc3\xa9\"}", false },
	{ "{\"a\":\"\x7f\"}", false },
	{ "{ \"a\":1}", false },
	{ "{\"a\":1} ", false },
	{ "{\"b\":1,\"a\":[],\"c\":{}}", true },
	{ "{\"b\":[{\"c\":\"]}\"},[1,\"x\"]],\"a\":\"y\"}", true },
	{ "{\"b\":{\"c\":1,\"d\":2},\"a\":3}", true },
	{ "{\"b\":[null],\"a\":3}", false },
	{ "{\"b\":[[[[[[[[1]]]]]]]],\"a\":3}", false },
	{ "{" MEMBERS_15 ",\"a\":1}", true },
	{ "{" MEMBERS_15 ",\"q\":1,\"a\":1}", false },
	{ "{\"x\":{" MEMBERS_15 ",\"q\":1,\"a\":1},\"a\":2}", false },
	{ "{\"a\":\"" X1000 "\"}", true },
	{ "{\"a\":\"" X1000 X50 "\"}", false },
	{ "{\"x\":[\"" X1000 X50 "\"],\"a\":\"y\"}", true },
	{ "[]", false },
	{ "1", false },
	{ "\"x\"", false },
};

static enum err_code read_item(struct js_item *item, const char *text, struct err *err)
{
	const struct js_item_place place = {
		.document = text,
		.what = "it",
		.at = text,
		.len = strlen(text),
		.max_values = 100,
	};

	return js_item_read(item, &place, err);
}

static void check_same(const struct js_item *item, const struct json_t *json, const char *text)
{
	const char *want = js_string(json, "a"), *got = js_item_string(item, "a");
	uint64_t wanted = 0, is = 0;

	ck_assert_msg((want == NULL) == (got == NULL), "%s", text);
	ck_assert_msg(want == NULL || strcmp(want, got) == 0, "%s", text);
	ck_assert_msg(js_uint(json, "a", &wanted) == js_item_uint(item, "a", &is) && wanted == is, "%s", text);
	ck_assert_msg(js_has(json, "a") == js_item_has(item, "a"), "%s", text);
	ck_assert_msg(!js_item_has(item, "none") && js_item_string(item, "none") == NULL, "%s", text);
}

/* It is written as js_read and js_put_value have it. */
static void check_put(const struct js_item *item, const struct json_t *json, const char *text)
{
	CLEANUP(buf_release) struct buf got = { .max = 4096 };
	CLEANUP(buf_release) struct buf want = { .max = 4096 };
	struct buf_stage stage;
	struct js_out o;

	buf_stage_init(&stage, &want);
	js_out_init(&o, &stage.out, true);
	js_put_value(&o, json);
	buf_stage_init(&stage, &got);
	js_out_init(&o, &stage.out, true);
	js_item_put(item, &o);
	ck_assert_msg(strcmp(buf_text(&got), buf_text(&want)) == 0, "%s: %s", text, buf_text(&got));
}

/* Plain or not, an item says the same, before all of it was asked for and after. */
START_TEST(same)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	CLEANUP(free_ptr) char *array = NULL;
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const struct json_t *all = NULL;
	const char *text = cases[_i].text;
	struct err err = { 0 };

	ck_assert_msg(read_item(&item, text, &err) == ERR_OK, "%s: %s", text, err.msg);
	ck_assert_msg((item.json == NULL) == cases[_i].plain, "%s", text);
	ck_assert_int_ge(asprintf(&array, "[%s]", text), 0);
	ck_assert_int_eq(js_read(array, strlen(array), "it", &json, NULL), ERR_OK);
	check_same(&item, js_at(json, 0), text);
	check_put(&item, js_at(json, 0), text);
	ck_assert_int_eq(js_item_json(&item, &all, NULL), ERR_OK);
	ck_assert_msg(js_equal(all, js_at(json, 0)), "%s", text);
	check_same(&item, js_at(json, 0), text);
	js_item_of(&item, js_at(json, 0));
	check_same(&item, js_at(json, 0), text);
	js_item_of(&item, NULL);
	ck_assert(!js_item_has(&item, "a"));
}
END_TEST

/* What is not JSON is not plain either. */
static const char *const bad[] = {
	"",
	"{",
	"{\"a\"",
	"{\"a\":",
	"{\"a\":1",
	"{\"a\":1,",
	"{\"a\":1,}",
	"{,}",
	"{\"a\":1}}",
	"{\"a\":1}x",
	"{\"a\":1]",
	"{\"a\":\"x",
	"{\"a\":01}",
	"{\"a\":1x}",
	"{\"a\":1,\"a\":2}",
	"{\"a\":1,\"a\":[]}",
	"{\"x\":{\"a\":1,\"a\":2}}",
	"{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}",
	"{\"x\":[1,]}",
	"{\"x\":[,1]}",
	"{\"x\":[1}}",
	"{\"x\":[01]}",
	"{\"x\":{\"a\"}}",
	"{\"x\":{a:1}}",
	"{x:1}",
	"{\"x\":[1]",
	"{\"x\":[\"]}",
};

START_TEST(refused)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	struct err err = { 0 };

	ck_assert_msg(read_item(&item, bad[_i], &err) == ERR_FORMAT, "%s", bad[_i]);
	ck_assert_msg(strncmp(err.msg, "it: not valid JSON: ", 20) == 0, "%s", err.msg);
}
END_TEST

/* Whatever a plain item is cut to is none, and no byte behind it is looked at. */
START_TEST(cut)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"x\"}],\"c\":25,\"d\":\"y\"}";
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		CLEANUP(js_item_release) struct js_item item = { 0 };
		CLEANUP(free_ptr) char *copy = malloc(i + 1);
		struct js_item_place place = {
			.document = copy,
			.what = "it",
			.at = copy,
			.len = i,
			.max_values = 100,
		};

		memcpy(copy, text, i);
		ck_assert_int_eq(js_item_read(&item, &place, NULL), ERR_FORMAT);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("js_item");
	TCase *t = tcase_create("js_item");

	tcase_add_loop_test(t, same, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, refused, 0, (int)COUNT_OF(bad));
	tcase_add_test(t, cut);
	suite_add_tcase(s, t);
	return test_run(s);
}
