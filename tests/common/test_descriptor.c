#include "common/descriptor.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

#define SHA "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define BRIEF "\"mediaType\":\"t\",\"digest\":\"" SHA "\",\"size\":7"
#define ARM ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}"

static const struct {
	const char *name, *text;
	enum err_code want;
	bool whole; /* a tree of it is kept */
} cases[] = {
	{ "brief", "{" BRIEF "}", ERR_OK, false },
	{ "in another order", "{\"size\":7,\"digest\":\"" SHA "\",\"mediaType\":\"t\"}", ERR_OK, false },
	{ "with blanks", "{ " BRIEF "}", ERR_OK, true },
	{ "with an escape", "{\"mediaType\":\"\\u0074\",\"digest\":\"" SHA "\",\"size\":7}", ERR_OK, true },
	{ "with a platform", "{" BRIEF ARM "}", ERR_OK, true },
	{ "with annotations", "{" BRIEF ",\"annotations\":{\"a\":\"b\"}}", ERR_OK, true },
	{ "with a type", "{" BRIEF ",\"artifactType\":\"x\"}", ERR_OK, true },
	{ "with what nobody knows", "{" BRIEF ",\"x\":1}", ERR_OK, true },
	{ "a type in place of a digest", "{\"mediaType\":\"t\",\"artifactType\":\"x\",\"size\":7}", ERR_FORMAT, false },
	{ "no size", "{\"mediaType\":\"t\",\"digest\":\"" SHA "\"}", ERR_FORMAT, false },
	{ "a size in quotes", "{\"mediaType\":\"t\",\"digest\":\"" SHA "\",\"size\":\"7\"}", ERR_FORMAT, false },
	{ "a type that is a number", "{\"mediaType\":1,\"digest\":\"" SHA "\",\"size\":7}", ERR_FORMAT, false },
	{ "a digest that is none", "{\"mediaType\":\"t\",\"digest\":\"sha256:00\",\"size\":7}", ERR_FORMAT, false },
	{ "spelled for other readers", "{" BRIEF ",\"Size\":8}", ERR_FORMAT, false },
	{ "empty", "{}", ERR_FORMAT, false },
	{ "no object", "[1]", ERR_FORMAT, false },
	{ "a text", "\"t\"", ERR_FORMAT, false },
	{ "no JSON", "{" BRIEF ",}", ERR_FORMAT, false },
};

/* Read it as an item, and forget the item and its text. */
static enum err_code read_item(const char *text, struct descriptor_store *store, struct descriptor *ret_descriptor,
			       struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	CLEANUP(free_ptr) char *copy = strdup(text);
	struct js_item_place place = {
		.document = copy,
		.what = "it",
		.at = copy,
		.len = strlen(text),
		.max_values = 100,
	};
	enum err_code code = js_item_read(&item, &place, err);

	if (code == ERR_OK)
		code = descriptor_read(&item, "it", store, ret_descriptor, err);
	memset(item.text, 'x', sizeof(item.text));
	return code;
}

START_TEST(read_one)
{
	CLEANUP(descriptor_store_release) struct descriptor_store store = { 0 };
	struct descriptor d = { 0 };
	struct err err = { 0 };
	enum err_code code = read_item(cases[_i].text, &store, &d, &err);

	ck_assert_msg(code == cases[_i].want, "%s: %d, %s", cases[_i].name, code, err.msg);
	ck_assert_msg(code == ERR_OK || strncmp(err.msg, "it: ", 4) == 0, "%s: %s", cases[_i].name, err.msg);
	ck_assert_msg((store.trees_len > 0) == cases[_i].whole, "%s", cases[_i].name);
	if (code != ERR_OK) {
		ck_assert_ptr_null(d.media_type); /* untouched */
		return;
	}
	ck_assert_str_eq(d.media_type, "t");
	ck_assert_str_eq(d.digest.text, SHA);
	ck_assert_uint_eq(d.size_bytes, 7);
	ck_assert((d.json != NULL) == cases[_i].whole);
}
END_TEST

/* What an item says is what the same value says where it is kept. */
START_TEST(parsed)
{
	CLEANUP(descriptor_store_release) struct descriptor_store store = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *text = "{" BRIEF ARM ",\"artifactType\":\"x\",\"annotations\":{\"a\":\"b\"}}";
	struct descriptor item = { 0 }, kept = { 0 };
	struct platform one, other;

	ck_assert_int_eq(js_read(text, strlen(text), "it", &json, NULL), ERR_OK);
	ck_assert_int_eq(descriptor_parse(json, "it", &kept, NULL), ERR_OK);
	ck_assert_int_eq(read_item(text, &store, &item, NULL), ERR_OK);
	ck_assert(digest_equal(&item.digest, &kept.digest));
	ck_assert_str_eq(item.artifact_type, kept.artifact_type);
	ck_assert_str_eq(annotation(item.annotations, "a"), annotation(kept.annotations, "a"));
	ck_assert(item.has_platform && kept.has_platform);
	ck_assert(descriptor_platform(&item, &one) && descriptor_platform(&kept, &other));
	ck_assert(platform_equal(&one, &other));
	ck_assert(js_equal(item.json, kept.json));
}
END_TEST

/* The same type is one text, however often it is met. */
START_TEST(once)
{
	CLEANUP(descriptor_store_release) struct descriptor_store store = { 0 };
	struct descriptor a = { 0 }, b = { 0 };

	ck_assert_int_eq(read_item("{" BRIEF "}", &store, &a, NULL), ERR_OK);
	ck_assert_int_eq(read_item("{" BRIEF "}", &store, &b, NULL), ERR_OK);
	ck_assert_ptr_eq(a.media_type, b.media_type);
	ck_assert_ptr_null(a.json);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("descriptor");
	TCase *t = tcase_create("descriptor");

	tcase_add_loop_test(t, read_one, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, parsed);
	tcase_add_test(t, once);
	suite_add_tcase(s, t);
	return test_run(s);
}
