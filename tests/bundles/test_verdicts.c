#include "bundles/verdicts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

/* All verdicts are told, and the first that is no is the failure: what was not asked is no. */
static const struct {
	const char *what;
	bool origin_asked, images_asked;
	enum err_code content, origin, images;
	enum err_code want;
	const char *text[3]; /* what is said of content, origin and images */
	const char *words[3];
} cases[] = {
	{ "all hold",
	  true,
	  true,
	  ERR_OK,
	  ERR_OK,
	  ERR_OK,
	  ERR_OK,
	  { "content proved: 1 image,", "origin proved: sealed by", "images proved: 0 of 0 accepted" },
	  { "proved", "proved", "proved" } },
	{ "nothing was asked",
	  false,
	  false,
	  ERR_OK,
	  ERR_OK,
	  ERR_OK,
	  ERR_OK,
	  { "content proved", "origin not asked for", "images not asked for" },
	  { "proved", "not asked", "not asked" } },
	{ "the content",
	  true,
	  true,
	  ERR_DIGEST,
	  ERR_UNPROVED,
	  ERR_UNPROVED,
	  ERR_DIGEST,
	  { "content NOT PROVED: the content", "origin NOT PROVED: the origin", "images NOT PROVED: the images" },
	  { "not proved", "not proved", "not proved" } },
	{ "the origin",
	  true,
	  true,
	  ERR_OK,
	  ERR_UNPROVED,
	  ERR_UNPROVED,
	  ERR_UNPROVED,
	  { "content proved", "origin NOT PROVED: the origin", "images NOT PROVED: the images" },
	  { "proved", "not proved", "not proved" } },
	{ "the images",
	  true,
	  true,
	  ERR_OK,
	  ERR_OK,
	  ERR_UNPROVED,
	  ERR_UNPROVED,
	  { "content proved", "origin proved", "images NOT PROVED: the images" },
	  { "proved", "proved", "not proved" } },
};

static void set(struct err *why, enum err_code code, const char *path, const char *what)
{
	if (code != ERR_OK)
		err_set(why, code, "%s: %s", path, what);
}

/* What it prints; the caller frees it. */
static char *report(const struct verdicts *v, bool json, enum err_code *ret_code, struct err *err)
{
	char *folder = folder_new(), *path = folder_path(folder, "stdout"), *text;

	ck_assert_ptr_nonnull(freopen(path, "w", stdout));
	*ret_code = verdicts_report(v, json, err);
	fflush(stdout);
	text = folder_read(folder, "stdout", NULL);
	free(path);
	folder_remove(folder);
	return text;
}

static void check_json(const char *text, int i, const struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	static const char *const names[] = { "content", "origin", "images" };
	size_t k;

	ck_assert_int_eq(js_read(text, strlen(text), "stdout", &json, NULL), ERR_OK);
	for (k = 0; k < 3; k++)
		ck_assert_str_eq(js_string(js_object(json, names[k]), "verdict"), cases[i].words[k]);
	ck_assert((js_object(json, "error") != NULL) == (cases[i].want != ERR_OK));
	if (cases[i].want != ERR_OK)
		ck_assert_str_eq(js_string(js_object(json, "error"), "message"), err->msg);
}

START_TEST(told)
{
	CLEANUP(verdicts_release)
	struct verdicts v = { .origin_asked = cases[_i].origin_asked, .images_asked = cases[_i].images_asked };
	CLEANUP(free_ptr) char *text = NULL;
	CLEANUP(free_ptr) char *json = NULL;
	struct image_builder b;
	char *path = file_new();
	struct err err = { 0 };
	enum err_code code = ERR_OK;
	size_t k;

	graph_init(&v.graph);
	image_builder_init(&b);
	image_sample(&b, "r.example/app:1", &(struct image_sample){ .one_manifest = true });
	bundle_put(&b, path, 1000);
	ck_assert_int_eq(bundle_open(path, &v.bundle, NULL), ERR_OK);
	set(&v.content_why, cases[_i].content, path, "the content");
	set(&v.origin_why, cases[_i].origin, path, "the origin");
	set(&v.images_why, cases[_i].images, path, "the images");
	text = report(&v, false, &code, &err);
	ck_assert_msg(code == cases[_i].want, "%s: %d", cases[_i].what, code);
	for (k = 0; k < 3; k++)
		ck_assert_msg(strstr(text, cases[_i].text[k]) != NULL, "%s: %s", cases[_i].what, text);
	json = report(&v, true, &code, &err);
	ck_assert_msg(code == cases[_i].want, "%s: %d", cases[_i].what, code);
	check_json(json, _i, &err);
	image_builder_release(&b);
	file_remove(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verdicts");
	TCase *t = tcase_create("verdicts");

	tcase_add_loop_test(t, told, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
