#include "common/js_lists.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

static const char *const names[] = { "a", "b" };

/* What is read of a document: its rest, and the items of each list, each ended by a semicolon. */
struct got {
	struct buf rest, items[COUNT_OF(names)];
};

static void got_release(struct got *got)
{
	buf_release(&got->rest);
	buf_release(&got->items[0]);
	buf_release(&got->items[1]);
}

static void put(struct buf *out, const struct json_t *json)
{
	struct buf_stage stage;
	struct js_out o;

	buf_stage_init(&stage, out);
	js_out_init(&o, &stage.out, false);
	js_put_value(&o, json);
}

static enum err_code read_items(struct js_list *list, struct buf *out, struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	const struct json_t *json = NULL;
	size_t len = js_list_len(list), count = 0;
	bool there = false;
	enum err_code code = js_list_next(list, &item, &there, err);

	for (; code == ERR_OK && there; count++) {
		code = js_item_json(&item, &json, err);
		if (code != ERR_OK)
			break;
		put(out, json);
		ck_assert_int_eq(buf_puts(out, ";", NULL), ERR_OK);
		code = js_list_next(list, &item, &there, err);
	}
	ck_assert(code != ERR_OK || (count == len && js_list_len(list) == 0));
	return code;
}

static enum err_code read_all(const char *text, struct got *got, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *rest = NULL;
	struct js_list lists[COUNT_OF(names)];
	enum err_code code = js_lists_read(text, strlen(text), 1000, "it", names, COUNT_OF(names), lists, &rest, err);
	size_t i;

	*got = (struct got){ .rest = { .max = MIB }, .items = { { .max = MIB }, { .max = MIB } } };
	if (code == ERR_OK)
		put(&got->rest, rest);
	for (i = 0; code == ERR_OK && i < COUNT_OF(names); i++)
		code = read_items(&lists[i], &got->items[i], err);
	return code;
}

static const struct {
	const char *text, *rest, *a, *b;
} cases[] = {
	{ "{}", "{}", "", "" },
	{ "[]", "[]", "", "" },
	{ "{\"a\":[]}", "{\"a\":[]}", "", "" },
	{ "{\"a\":[ \n ]}", "{\"a\":[]}", "", "" },
	{ "{\"a\":[1]}", "{\"a\":[]}", "1;", "" },
	{ "{\"x\":1,\"a\":[{\"y\":[1,{\"b\":[2]}]},{\"z\":\"]},{\"}],\"b\":[[3,4],null,\"\"],\"v\":[5]}",
	  "{\"x\":1,\"a\":[],\"b\":[],\"v\":[5]}", "{\"y\":[1,{\"b\":[2]}]};{\"z\":\"]},{\"};", "[3,4];null;\"\";" },
	{ " { \"b\" : [ 1 , { } ] , \"a\" :\t[ 2 ] }\n", "{\"b\":[],\"a\":[]}", "2;", "1;{};" },
	{ "{\"a\":{\"b\":[1]},\"b\":5}", "{\"a\":{\"b\":[1]},\"b\":5}", "", "" },
	{ "{\"x\":{\"a\":[1]},\"y\":[{\"b\":[2]}]}", "{\"x\":{\"a\":[1]},\"y\":[{\"b\":[2]}]}", "", "" },
	{ "{\"x\":\"a\",\"y\":[1]}", "{\"x\":\"a\",\"y\":[1]}", "", "" },
	{ "{\"x\\\"\":[1],\"a\":[\"\\\"],[\"]}", "{\"x\\\"\":[1],\"a\":[]}", "\"\\\"],[\";", "" },
	{ "{\"\\u0061\":[1,{}],\"b\":[2]}", "{\"a\":[1,{}],\"b\":[]}", "1;{};", "2;" },
	{ "[{\"a\":[1]}]", "[{\"a\":[1]}]", "", "" },
};

START_TEST(taken_apart)
{
	CLEANUP(got_release) struct got got;
	struct err err = { 0 };

	ck_assert_msg(read_all(cases[_i].text, &got, &err) == ERR_OK, "%s: %s", cases[_i].text, err.msg);
	ck_assert_str_eq(buf_text(&got.rest), cases[_i].rest);
	ck_assert_str_eq(buf_text(&got.items[0]), cases[_i].a);
	ck_assert_str_eq(buf_text(&got.items[1]), cases[_i].b);
}
END_TEST

/* {"x":[0,0…],"a":[0,0…]} with so many values in the rest, where brackets and colons count too, and in the list. */
static const struct {
	size_t rest, list;
	enum err_code want;
} bounds[] = {
	{ LIMIT_REST_VALUES, 10, ERR_OK },
	{ LIMIT_REST_VALUES + 1, 10, ERR_LIMIT },
	{ 10, LIMIT_REST_VALUES + 1, ERR_OK },
};

static void put_zeros(struct buf *out, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ck_assert_int_eq(buf_puts(out, i > 0 ? ",0" : "0", NULL), ERR_OK);
}

START_TEST(rest_bounds)
{
	CLEANUP(js_free_ptr) struct json_t *rest = NULL;
	CLEANUP(buf_release) struct buf text = { .max = MIB };
	struct js_list lists[COUNT_OF(names)];
	struct err err = { 0 };
	enum err_code code;

	ck_assert_int_eq(buf_puts(&text, "{\"x\":[", NULL), ERR_OK);
	put_zeros(&text, bounds[_i].rest - 5);
	ck_assert_int_eq(buf_puts(&text, "],\"a\":[", NULL), ERR_OK);
	put_zeros(&text, bounds[_i].list);
	ck_assert_int_eq(buf_puts(&text, "]}", NULL), ERR_OK);
	code = js_lists_read(text.data, text.len, (size_t)2 * LIMIT_REST_VALUES, "it", names, COUNT_OF(names), lists,
			     &rest, &err);
	ck_assert_msg(code == bounds[_i].want, "%d: %s", code, err.msg);
	ck_assert(code == ERR_OK || strcmp(err.msg, "it: more than 50000 JSON values") == 0);
}
END_TEST

/* {"a":[[0,0…]]}: a tree of an item has no more values than that of the rest, unless its list may have them. */
static const struct {
	size_t item, allowed;
	enum err_code want;
} item_bounds[] = {
	{ LIMIT_REST_VALUES, 0, ERR_OK },
	{ LIMIT_REST_VALUES + 1, 0, ERR_LIMIT },
	{ LIMIT_REST_VALUES + 1, LIMIT_REST_VALUES + 1, ERR_OK },
};

START_TEST(item_bound)
{
	CLEANUP(js_free_ptr) struct json_t *rest = NULL;
	CLEANUP(js_item_release) struct js_item item = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = MIB };
	struct js_list lists[COUNT_OF(names)];
	const struct json_t *json = NULL;
	struct err err = { 0 };
	enum err_code code;
	bool there = false;

	ck_assert_int_eq(buf_puts(&text, "{\"a\":[[", NULL), ERR_OK);
	put_zeros(&text, item_bounds[_i].item);
	ck_assert_int_eq(buf_puts(&text, "]]}", NULL), ERR_OK);
	code = js_lists_read(text.data, text.len, (size_t)2 * LIMIT_REST_VALUES, "it", names, COUNT_OF(names), lists,
			     &rest, &err);
	ck_assert_msg(code == ERR_OK, "%s", err.msg);
	if (item_bounds[_i].allowed > 0)
		lists[0].place.max_values = item_bounds[_i].allowed;
	code = js_list_next(&lists[0], &item, &there, &err);
	if (code == ERR_OK)
		code = js_item_json(&item, &json, &err);
	ck_assert_msg(code == item_bounds[_i].want, "%d: %s", code, err.msg);
	ck_assert(code == ERR_OK || strcmp(err.msg, "it: more than 50000 JSON values") == 0);
}
END_TEST

/* What is no JSON as a whole is none in parts, wherever that is seen; and it is said as js_read says it. */
static const char *const bad[] = {
	"",
	" ",
	"1",
	"\"a\"",
	"{",
	"{\"a\"",
	"{\"a\":",
	"{\"a\":[",
	"{\"a\":[1",
	"{\"a\":[1,",
	"{\"a\":[1]",
	"{\"a\":[1],",
	"{\"a\":[1]}}",
	"{\"a\":[1]}x",
	"{\"a\":[1}]",
	"{\"a\":[1}}",
	"{\"a\":[{\"x\":1]}]}",
	"{\"a\":[{\"x\":1}}",
	"{\"a\":[1,]}",
	"{\"a\":[,1]}",
	"{\"a\":[,]}",
	"{\"a\":[1 2]}",
	"{\"a\":[1]\"b\":[2]}",
	"{\"a\":[1],\"a\":[2]}",
	"{\"a\":[],\"a\":[]}",
	"{\"a\":[1],\"\\u0061\":[2]}",
	"{\"x\":1,\"a\":[2],\"x\":3}",
	"{\"a\":[{\"x\":1,\"x\":2}]}",
	"{\"a\":[{\"x\":{\"y\":1,\"y\":2}}]}",
	"{\"a\":[{\"x\":1,\"\\u0078\":2}]}",
	"{\"a\":[01]}",
	"{\"a\":[{\"x\":01}]}",
	"{\"a\":[{\"x\":9223372036854775808}]}",
	"{\"a\":[{\"x\":1.}]}",
	"{\"a\":[{\"x\":tru}]}",
	"{\"a\":[{\"x\":\"\t\"}]}",
	"{\"a\":[{\"x\":\"\xff\"}]}",
	"{\"a\":[{\"x\":\"\\u0000\"}]}",
	"{\"a\":[{\"x\":\"\\y\"}]}",
	"{\"a\":[{\"x\":[1,]}]}",
	"{\"a\":[{\"x\":[{}}]}]}",
	"{\"a\":[{\"x\":\"]}",
	"{\"a\":[{}x]}",
	"{\"a\":[{},\n{\"\xc3\xa9\":1},\n {\"x\":\"\xc3\xa9\" 2}]}",
	"{\"a\":[1,2],\n\"x\":y}",
	"{\"a\":[1,2],\"b\":[3],\"x\":{\"y\":1,\"y\":2}}",
};

/* The words behind the last colon, which say where. */
static const char *place(const struct err *err)
{
	const char *at = strstr(err->msg, " (line");

	return at != NULL ? at : "";
}

START_TEST(refused)
{
	CLEANUP(got_release) struct got got;
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct err want = { 0 }, err = { 0 };

	ck_assert_int_eq(js_read(bad[_i], strlen(bad[_i]), "it", &json, &want), ERR_FORMAT);
	ck_assert_msg(read_all(bad[_i], &got, &err) == ERR_FORMAT, "%s", bad[_i]);
	ck_assert_msg(strncmp(err.msg, "it: not valid JSON: ", 20) == 0, "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, " (line"));
}
END_TEST

/* What is wrong inside of an item, or behind a list, is where js_read finds it. */
static const char *const placed[] = {
	"{\"x\":1,\"a\":[2],\"x\":3}",
	"{\"a\":[{\"x\":1,\"x\":2}]}",
	"{\"a\":[{\"x\":1},{\"x\":9223372036854775808}]}",
	"{\"a\":[{},\n{\"\xc3\xa9\":1},\n {\"x\":\"\xc3\xa9\" 2}]}",
	"{\"a\":[1,2],\n\"x\":y}",
	"{\"a\":[1,2],\"b\":[3],\"x\":{\"y\":1,\"y\":2}}",
};

START_TEST(said)
{
	CLEANUP(got_release) struct got got;
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct err want = { 0 }, err = { 0 };

	ck_assert_int_eq(js_read(placed[_i], strlen(placed[_i]), "it", &json, &want), ERR_FORMAT);
	ck_assert_int_eq(read_all(placed[_i], &got, &err), ERR_FORMAT);
	ck_assert_msg(strcmp(place(&err), place(&want)) == 0, "%s, not %s", err.msg, want.msg);
}
END_TEST

START_TEST(bounded)
{
	static char text[4096];
	CLEANUP(got_release) struct got got = { 0 };
	size_t i;

	strcpy(text, "{\"a\":[0");
	for (i = 0; i < 1000; i++)
		strcat(text, ",0");
	ck_assert_int_eq(read_all(text, &got, NULL), ERR_LIMIT);
	memset(text, '[', LIMIT_JSON_DEPTH + 1);
	text[LIMIT_JSON_DEPTH + 1] = '\0';
	ck_assert_int_eq(read_all(text, &got, NULL), ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("js_lists");
	TCase *t = tcase_create("js_lists");

	tcase_add_loop_test(t, rest_bounds, 0, (int)COUNT_OF(bounds));
	tcase_add_loop_test(t, item_bound, 0, (int)COUNT_OF(item_bounds));
	tcase_add_loop_test(t, taken_apart, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, refused, 0, (int)COUNT_OF(bad));
	tcase_add_loop_test(t, said, 0, (int)COUNT_OF(placed));
	tcase_add_test(t, bounded);
	suite_add_tcase(s, t);
	return test_run(s);
}
