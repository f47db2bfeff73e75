#include "import/journal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/js.h"
#include "common/mem.h"
#include "import/store.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

static bool full;

/* In place of the C library's, in this program: half of what is asked for fits on the disk. */
ssize_t write(int fd, const void *bytes, size_t len);

ssize_t write(int fd, const void *bytes, size_t len)
{
	return syscall(SYS_write, fd, bytes, full ? len / 2 : len);
}

static struct image_builder images;
static struct import_options options;
static struct target_options to = { .to = "store" };
static struct opt_list none;
static struct progress progress;
static struct import_result result;
static char *folder, *store, *path, *journal;

static void setup(void)
{
	struct err err = { 0 };

	folder = folder_new();
	store = folder_path(folder, "store");
	ck_assert_int_eq(setenv("BUNDLE_STORE", store, 1), 0);
	ck_assert_int_eq(store_journal_path(&journal, NULL), ERR_OK);
	path = file_new();
	image_builder_init(&images);
	image_sample(&images, NAME, &(struct image_sample){ 0 });
	bundle_put(&images, path, 10000);
	progress_init(&progress, PROGRESS_QUIET, stderr, NULL);
	options = (struct import_options){ .file = path,
					   .to = &to,
					   .map = &none,
					   .images = &none,
					   .platforms = &none,
					   .origin = { .keys = &none, .seals = &none },
					   .progress = &progress };
	ck_assert_msg(import_run(&options, &result, &err) == ERR_OK, "%s", err.msg);
	ck_assert(result.began);
}

static void teardown(void)
{
	import_release(&result);
	image_builder_release(&images);
	file_remove(path);
	free(journal);
	free(store);
	folder_remove(folder);
}

/* The last line, as JSON. */
static struct json_t *last_line(void)
{
	size_t len = 0;
	char *text = folder_read(folder, "store.journal.jsonl", &len);
	struct json_t *json = NULL;
	const char *begin;

	ck_assert_uint_gt(len, 1);
	ck_assert_int_eq(text[len - 1], '\n');
	text[len - 1] = '\0';
	begin = strrchr(text, '\n') != NULL ? strrchr(text, '\n') + 1 : text;
	ck_assert_int_eq(js_read(begin, strlen(begin), "line", &json, NULL), ERR_OK);
	free(text);
	return json;
}

START_TEST(line)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const struct json_t *image;
	uint64_t value = 0;

	ck_assert_int_eq(journal_add(&options, &result, ERR_OK, NULL, NULL), ERR_OK);
	json = last_line();
	ck_assert_uint_eq(strlen(js_string(json, "time")), strlen("2026-01-01T00:00:00Z"));
	ck_assert(js_uint(json, "uid", &value) && value == geteuid());
	ck_assert_str_eq(js_string(json, "bundle"), bundle_digest(result.bundle)->text);
	ck_assert_str_eq(js_string(json, "result"), "ok");
	ck_assert(!js_has(json, "policy") && js_get(json, "policy") != NULL);
	ck_assert(!js_has(json, "error") && !js_has(json, "sealedBy") && !js_has(json, "stream"));
	ck_assert_uint_eq(js_len(js_array(json, "overrides")), 0);
	ck_assert_uint_eq(js_len(js_array(json, "images")), 1);
	image = js_at(js_array(json, "images"), 0);
	ck_assert_str_eq(js_string(image, "name"), NAME);
	ck_assert(!js_has(image, "was"));
	ck_assert_str_eq(js_string(image, "is"), result.plan.images[0].is.text);
	ck_assert_uint_eq(js_len(js_array(json, "tags")), 0);
}
END_TEST

/* One that was refused before its file could be read has a line too, with the same members. */
START_TEST(refused)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct import_result early = { .target = result.target };
	struct err why = { .code = ERR_UNPROVED, .msg = "nobody has sealed it" };

	ck_assert_int_eq(journal_add(&options, &early, ERR_UNPROVED, &why, NULL), ERR_OK);
	json = last_line();
	ck_assert_str_eq(js_string(json, "result"), "unproved");
	ck_assert_str_eq(js_string(json, "error"), why.msg);
	ck_assert_str_eq(js_string(json, "file"), path);
	ck_assert(!js_has(json, "bundle") && js_get(json, "bundle") != NULL);
	ck_assert_uint_eq(js_len(js_array(json, "images")), 0);
}
END_TEST

START_TEST(failure)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct err why = { .code = ERR_DIGEST, .msg = "a \"bad\"\nblob" };
	const struct json_t *overrides;

	options.replace = options.allow_rollback = true;
	result.plan.images[0].is.text[0] = '\0';
	ck_assert_int_eq(journal_add(&options, &result, ERR_OK, NULL, NULL), ERR_OK);
	ck_assert_int_eq(journal_add(&options, &result, ERR_DIGEST, &why, NULL), ERR_OK);
	json = last_line();
	ck_assert_str_eq(js_string(json, "result"), "digest");
	ck_assert_str_eq(js_string(json, "error"), why.msg);
	overrides = js_array(json, "overrides");
	ck_assert_uint_eq(js_len(overrides), 2);
	ck_assert_str_eq(js_text(js_at(overrides, 0)), "--replace");
	ck_assert(!js_has(js_at(js_array(json, "images"), 0), "is"));
}
END_TEST

/* What is there is never changed, and what does not fit is not there in part. */
START_TEST(no_room)
{
	struct err err = { 0 };
	char *text;

	folder_put(folder, "store.journal.jsonl", "before\n", 7);
	full = true;
	ck_assert_int_eq(journal_add(&options, &result, ERR_OK, NULL, &err), ERR_IO);
	full = false;
	ck_assert_ptr_nonnull(strstr(err.msg, journal));
	text = folder_read(folder, "store.journal.jsonl", NULL);
	ck_assert_str_eq(text, "before\n");
	free(text);
}
END_TEST

/* What a power loss has left of a line is not joined with the next one. */
START_TEST(torn)
{
	static const char half[] = "{\"schemaVersion\":1,\"ti";
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	char *text;

	folder_put(folder, "store.journal.jsonl", half, strlen(half));
	ck_assert_int_eq(journal_add(&options, &result, ERR_OK, NULL, NULL), ERR_OK);
	json = last_line();
	ck_assert_str_eq(js_string(json, "result"), "ok");
	text = folder_read(folder, "store.journal.jsonl", NULL);
	ck_assert_int_eq(strncmp(text, half, strlen(half)), 0);
	ck_assert_int_eq(text[strlen(half)], '\n');
	ck_assert_int_eq(text[strlen(half) + 1], '{');
	free(text);
}
END_TEST

START_TEST(no_file)
{
	ck_assert_int_eq(symlink("elsewhere", journal), 0);
	ck_assert_int_eq(journal_add(&options, &result, ERR_OK, NULL, NULL), ERR_IO);
	ck_assert(!folder_has(folder, "elsewhere"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("journal");
	TCase *t = tcase_create("journal");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, line);
	tcase_add_test(t, refused);
	tcase_add_test(t, failure);
	tcase_add_test(t, no_room);
	tcase_add_test(t, torn);
	tcase_add_test(t, no_file);
	suite_add_tcase(s, t);
	return test_run(s);
}
