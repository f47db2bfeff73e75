#include "trust/protojson.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static struct json_t *json_of(const char *text)
{
	struct json_t *json = NULL;
	struct err err = { 0 };

	ck_assert_msg(js_read(text, strlen(text), "text", &json, &err) == ERR_OK, "%s", err.msg);
	return json;
}

static const struct {
	const char *text, *bytes;
	size_t len;
} encoded[] = {
	{ "", "", 0 },
	{ "AA==", "\0", 1 },
	{ "AA", "\0", 1 },
	{ "+/8=", "\xfb\xff", 2 },
	{ "-_8=", "\xfb\xff", 2 },
	{ "-_8", "\xfb\xff", 2 },
	{ "YWJj", "abc", 3 },
	{ "A", NULL, 0 },
	{ "AA=", NULL, 0 },
	{ "=AA=", NULL, 0 },
	{ "AA==AA==", NULL, 0 },
	{ "AA A", NULL, 0 },
	{ "AAA\n", NULL, 0 },
	{ "AA!A", NULL, 0 },
};

START_TEST(bytes)
{
	CLEANUP(buf_release) struct buf out = { .max = 100 };
	struct err err = { 0 };

	if (encoded[_i].bytes == NULL) {
		ck_assert_msg(protojson_decode(encoded[_i].text, &out, &err) == ERR_FORMAT, "%s", encoded[_i].text);
		return;
	}
	ck_assert_msg(protojson_decode(encoded[_i].text, &out, &err) == ERR_OK, "%s: %s", encoded[_i].text, err.msg);
	ck_assert_uint_eq(out.len, encoded[_i].len);
	ck_assert_int_eq(memcmp(buf_text(&out), encoded[_i].bytes, out.len), 0);
}
END_TEST

static const struct {
	const char *text;
	bool good;
	uint64_t value;
} numbers[] = {
	{ "{}", true, 0 },
	{ "{\"n\":null}", true, 0 },
	{ "{\"n\":\"0\"}", true, 0 },
	{ "{\"n\":7}", true, 7 },
	{ "{\"n\":\"9223372036854775807\"}", true, INT64_MAX },
	{ "{\"n\":\"9223372036854775808\"}", false, 0 },
	{ "{\"n\":\"99999999999999999999\"}", false, 0 },
	{ "{\"n\":\"-1\"}", false, 0 },
	{ "{\"n\":-1}", false, 0 },
	{ "{\"n\":\"\"}", false, 0 },
	{ "{\"n\":\"01\"}", false, 0 },
	{ "{\"n\":\"1 \"}", false, 0 },
	{ "{\"n\":\"1e3\"}", false, 0 },
	{ "{\"n\":1.5}", false, 0 },
	{ "{\"n\":true}", false, 0 },
};

START_TEST(number)
{
	CLEANUP(js_free_ptr) struct json_t *json = json_of(numbers[_i].text);
	uint64_t value = 1;

	ck_assert_msg((protojson_uint(json, "n", &value, NULL) == ERR_OK) == numbers[_i].good, "%s", numbers[_i].text);
	ck_assert_uint_eq(value, numbers[_i].good ? numbers[_i].value : 1);
}
END_TEST

static const struct {
	const char *text;
	bool good;
	int64_t time;
} times[] = {
	{ "{}", true, -7 },
	{ "{\"t\":\"1970-01-01T00:00:00Z\"}", true, 0 },
	{ "{\"t\":\"2022-12-31T23:59:59.999Z\"}", true, 1672531199 },
	{ "{\"t\":\"2024-02-29T00:00:00.000000001Z\"}", true, 1709164800 },
	{ "{\"t\":\"2022-12-31T23:59:59+00:00\"}", true, 1672531199 },
	{ "{\"t\":\"2023-01-01T01:29:59.5+01:30\"}", true, 1672531199 },
	{ "{\"t\":\"2022-12-31T15:59:59-08:00\"}", true, 1672531199 },
	{ "{\"t\":\"2022-12-31T23:59:59+0000\"}", false, 0 },
	{ "{\"t\":\"2022-12-31T23:59:59+24:00\"}", false, 0 },
	{ "{\"t\":\"2022-12-31T23:59:59\"}", false, 0 },
	{ "{\"t\":\"2022-12-31 23:59:59Z\"}", false, 0 },
	{ "{\"t\":\"2022-13-31T23:59:59Z\"}", false, 0 },
	{ "{\"t\":\"2022-12-31T23:59Z\"}", false, 0 },
	{ "{\"t\":\"22-12-31T23:59:59Z\"}", false, 0 },
	{ "{\"t\":\"2022-12-31T23:59:59Zx\"}", false, 0 },
	{ "{\"t\":\" 2022-12-31T23:59:59Z\"}", false, 0 },
	{ "{\"t\":0}", false, 0 },
};

START_TEST(time_of)
{
	CLEANUP(js_free_ptr) struct json_t *json = json_of(times[_i].text);
	int64_t time = 1;

	ck_assert_msg((protojson_time(json, "t", -7, &time, NULL) == ERR_OK) == times[_i].good, "%s", times[_i].text);
	ck_assert_int_eq(time, times[_i].good ? times[_i].time : 1);
}
END_TEST

/* Of another kind, a member would be passed over as if it were not there. */
static const struct {
	const char *text;
	enum err_code as_object, as_list;
	bool is_there;
} kinds[] = {
	{ "{}", ERR_OK, ERR_OK, false },
	{ "{\"m\":null}", ERR_OK, ERR_OK, false },
	{ "{\"m\":{}}", ERR_OK, ERR_FORMAT, true },
	{ "{\"m\":[]}", ERR_FORMAT, ERR_OK, true },
	{ "{\"m\":\"\"}", ERR_FORMAT, ERR_FORMAT, true },
	{ "{\"m\":0}", ERR_FORMAT, ERR_FORMAT, true },
	{ "{\"m\":false}", ERR_FORMAT, ERR_FORMAT, true },
};

START_TEST(kind)
{
	CLEANUP(js_free_ptr) struct json_t *json = json_of(kinds[_i].text);
	const struct json_t *object = NULL, *list = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(protojson_object(json, "m", &object, &err), kinds[_i].as_object);
	ck_assert(kinds[_i].as_object == ERR_OK || strcmp(err.msg, "m is no object") == 0);
	ck_assert_int_eq(protojson_array(json, "m", &list, &err), kinds[_i].as_list);
	ck_assert(kinds[_i].as_list == ERR_OK || strcmp(err.msg, "m is no list") == 0);
	ck_assert_int_eq(object != NULL, kinds[_i].is_there && kinds[_i].as_object == ERR_OK);
	ck_assert_int_eq(list != NULL, kinds[_i].is_there && kinds[_i].as_list == ERR_OK);
	ck_assert_int_eq(protojson_object(NULL, "m", &object, NULL), ERR_OK);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("protojson");
	TCase *t = tcase_create("protojson");

	tcase_add_loop_test(t, bytes, 0, (int)COUNT_OF(encoded));
	tcase_add_loop_test(t, number, 0, (int)COUNT_OF(numbers));
	tcase_add_loop_test(t, time_of, 0, (int)COUNT_OF(times));
	tcase_add_loop_test(t, kind, 0, (int)COUNT_OF(kinds));
	suite_add_tcase(s, t);
	return test_run(s);
}
