#include "trust/strict.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static struct json_t *document;
static struct strict strict;
static struct err err;

static void setup(void)
{
	static const char text[] =
		"{\"text\":\"t\",\"empty\":\"\",\"number\":1,\"null\":null,\"list\":[\"a\",\"\",2],\"none\":[],"
		"\"a/b~c\":{\"x\":1}}";

	err = (struct err){ 0 };
	ck_assert_int_eq(js_read(text, strlen(text), "text", &document, NULL), ERR_OK);
	strict_init(&strict, "file.json");
}

static void teardown(void)
{
	strict_release(&strict);
	js_free(document);
}

/* Where something is wrong is told, and the place is then what it was before. */
static void check_refusal(enum err_code code, const char *says)
{
	if (says == NULL) {
		ck_assert_int_eq(code, ERR_OK);
		return;
	}
	ck_assert_int_eq(code, ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, says) != NULL, "%s", err.msg);
	ck_assert_msg(strncmp(err.msg, "file.json: ", 11) == 0, "%s", err.msg);
	ck_assert_uint_eq(strict.place.len, 0);
}

static const struct {
	const char *key, *text; /* NULL: none */
	const char *string, *need, *array;
} members[] = {
	{ "text", "t", NULL, NULL, "/text: must be an array" },
	{ "gone", NULL, NULL, "\"gone\" is missing", NULL },
	{ "empty", NULL, "/empty: is empty", "/empty: is empty", "/empty: must be an array" },
	{ "number", NULL, "/number: must be a string", "/number: must be a string", "/number: must be an array" },
	{ "null", NULL, "/null: must be a string", "/null: must be a string", "/null: must be an array" },
	{ "list", NULL, "/list: must be a string", "/list: must be a string", NULL },
	{ "none", NULL, "/none: must be a string", "/none: must be a string", "/none: is empty" },
	{ "a/b~c", NULL, "/a~1b~0c: must be a string", "/a~1b~0c: must be a string", "/a~1b~0c: must be an array" },
};

START_TEST(reads_members)
{
	const char *text = NULL, *needed = NULL;
	const struct json_t *array = NULL;

	check_refusal(strict_string(&strict, document, members[_i].key, &text, &err), members[_i].string);
	check_refusal(strict_need(&strict, document, members[_i].key, &needed, &err), members[_i].need);
	check_refusal(strict_array(&strict, document, members[_i].key, &array, &err), members[_i].array);
	ck_assert_int_eq(text != NULL, members[_i].text != NULL);
	ck_assert(text == needed && (text == NULL || strcmp(text, members[_i].text) == 0));
	ck_assert_int_eq(array != NULL, strcmp(members[_i].key, "list") == 0);
}
END_TEST

static const struct {
	size_t i;
	const char *says;
} items[] = { { 0, NULL }, { 1, "/1: is empty" }, { 2, "/2: must be a string" }, { 3, "/3: must be a string" } };

START_TEST(reads_items)
{
	const char *text = NULL;

	check_refusal(strict_item(&strict, js_get(document, "list"), items[_i].i, &text, &err), items[_i].says);
	ck_assert((text != NULL) == (items[_i].says == NULL));
}
END_TEST

static const struct {
	const char *word, *says;
} words[] = {
	{ "reject", NULL },
	{ "Reject", "unknown type \"Reject\", did you mean \"reject\"?" },
	{ "rejects", "did you mean \"reject\"?" },
	{ "", "unknown type \"\"; known are accept, reject" },
	{ "something else", "known are accept, reject" },
};

START_TEST(knows_words)
{
	static const char *const known[] = { "accept", "reject", NULL };
	size_t at = 9;

	check_refusal(strict_word(&strict, words[_i].word, known, "type", &at, &err), words[_i].says);
	ck_assert_uint_eq(at, words[_i].says == NULL ? 1 : 9);
}
END_TEST

START_TEST(knows_keys)
{
	static const char *const all[] = { "text", "empty", "number", "null", "list", "none", "a/b~c", NULL };

	check_refusal(strict_object(&strict, document, all, &err), NULL);
	check_refusal(strict_object(&strict, document, all + 1, &err), "unknown key \"text\"");
	check_refusal(strict_object(&strict, js_get(document, "list"), all, &err), "must be an object");
	check_refusal(strict_object(&strict, NULL, all, &err), "must be an object");
}
END_TEST

/* A place that is too long is said, and what was left is left. */
START_TEST(bounds)
{
	char key[1000];
	size_t first = 0, mark = 0, depth;
	enum err_code code = ERR_OK;

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	ck_assert_int_eq(strict_enter(&strict, "x", &first, &err), ERR_OK);
	for (depth = 0; code == ERR_OK && depth < 1000; depth++)
		code = strict_enter(&strict, key, &mark, &err);
	ck_assert_int_eq(code, ERR_LIMIT);
	ck_assert_msg(strstr(err.msg, "file.json: ") == err.msg, "%s", err.msg);
	strict_leave(&strict, first);
	ck_assert_uint_eq(strict.place.len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("strict");
	TCase *t = tcase_create("strict");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, reads_members, 0, (int)COUNT_OF(members));
	tcase_add_loop_test(t, reads_items, 0, (int)COUNT_OF(items));
	tcase_add_loop_test(t, knows_words, 0, (int)COUNT_OF(words));
	tcase_add_test(t, knows_keys);
	tcase_add_test(t, bounds);
	suite_add_tcase(s, t);
	return test_run(s);
}
