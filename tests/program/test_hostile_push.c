/* Registries that mean harm while they are pushed to: the import ends in one line with the right exit status, in little
 * memory and time, and passes nothing raw to a terminal. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "import/commands.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/child.h"
#include "tests/lib/folder.h"
#include "tests/lib/hostile_registry.h"
#include "tests/lib/test_main.h"

#define SECONDS_MAX 200

#define REPOSITORY "/v2/library/a/"
#define TAG REPOSITORY "manifests/1"
#define UPLOADS REPOSITORY "blobs/uploads/"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define BEGUN                                                                                                          \
	{                                                                                                              \
		UPLOADS, .status = 202, .headers = "Location: /up\r\n"                                                 \
	}
#define EVERYTHING                                                                                                     \
	{                                                                                                              \
		REPOSITORY "blobs/sha256:", .status = 200                                                              \
	}

#define NEW                                                                                                            \
	{                                                                                                              \
		TAG, .status = 404                                                                                     \
	}

struct row {
	const char *name;
	struct hostile_answer answers[6];
	int status;
	const char *text;
};

static const struct row rows[] = {
	{ "a tag without end", .answers = { { TAG, .middle = X64, .times = HOSTILE_ENDLESS } }, .status = 1,
	  .text = "more than 8388608" },
	{ "no tag, without end", .answers = { { TAG, .status = 404, .middle = X64, .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "with a body of more than 1048576 bytes" },
	{ "words about a blob",
	  .answers = { { REPOSITORY "blobs/sha256:", .status = 403,
			 .start = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"" HOSTILE_ESCAPED "\"}]}" } },
	  .status = 1, .text = "answered 403" },
	{ "no beginning", .answers = { NEW, { UPLOADS, .status = 500, .headers = "Retry-After: 0\r\n" } }, .status = 5,
	  .text = "answered 500" },
	{ "a beginning without end",
	  .answers = { NEW,
		       { UPLOADS, .status = 202, .headers = "Location: /up\r\n", .middle = X64,
			 .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "with a body of more than 1048576 bytes" },
	{ "a beginning that leads nowhere",
	  .answers = { NEW, { UPLOADS, .status = 202, .headers = "Location: " HOSTILE_ESCAPE "\r\n" } }, .status = 1,
	  .text = "" },
	{ "a beginning that leads to a file",
	  .answers = { NEW, { UPLOADS, .status = 202, .headers = "Location: file:///etc/passwd\r\n" } }, .status = 1,
	  .text = "another host" },
	{ "a beginning that leads into a private network",
	  .answers = { NEW, { UPLOADS, .status = 202, .headers = "Location: http://169.254.169.254/x\r\n" } },
	  .status = 1, .text = "at a private address" },
	{ "words about an upload",
	  .answers = { NEW,
		       BEGUN,
		       { "/up", .status = 400,
			 .start = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"" HOSTILE_ESCAPED "\"}]}" } },
	  .status = 1, .text = "answered 400" },
	{ "another digest than was sent",
	  .answers = { NEW,
		       BEGUN,
		       { "/up", .status = 201,
			 .headers = "Docker-Content-Digest: "
				    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" } },
	  .status = 3, .text = "says that it took sha256:aaaa" },
	{ "everything is there, but it is not",
	  .answers = { NEW,
		       EVERYTHING,
		       { REPOSITORY "manifests/sha256:", .status = 400,
			 .start = "{\"errors\":[{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"" HOSTILE_ESCAPED
				  "\"}]}" } },
	  .status = 1, .text = "answered 400" },
	{ "everything is there, and the list of referrers has no end",
	  .answers = { NEW,
		       EVERYTHING,
		       { REPOSITORY "manifests/sha256:", .status = 200 },
		       { REPOSITORY "referrers/", .middle = X64, .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "" },
	{ "everything is there, and what cosign made is a picture",
	  .answers = { NEW,
		       EVERYTHING,
		       { REPOSITORY "manifests/sha256:", .status = 200 },
		       { REPOSITORY "referrers/", .status = 404 },
		       { REPOSITORY "manifests/sha256-", .start = HOSTILE_ESCAPE } },
	  .status = 1, .text = "is other than in the bundle" },
};

static char *folder, *path;

static void setup(void)
{
	struct image_builder images;

	folder = folder_new();
	path = file_new();
	image_builder_init(&images);
	image_sample(&images, "docker.io/library/a:1", &(struct image_sample){ .raw_bytes = 30000 });
	bundle_put(&images, path, 10000);
	image_builder_release(&images);
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(setenv("HOME", folder, 1), 0);
	ck_assert_int_eq(setenv("BUNDLE_STORE", folder, 1), 0);
	folder_put(folder, "auth.json", "{}", 2);
}

static void teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
	file_remove(path);
}

START_TEST(hostile)
{
	const struct row *row = &rows[_i];
	struct hostile_registry *registry = hostile_registry_start(NULL, row->answers);
	CLEANUP(free_ptr) char *to = NULL;
	struct child a;

	ck_assert_int_eq(str_format(&to, NULL, "--to=docker://%s", hostile_registry_host(registry)), ERR_OK);
	child_run(&a, &import_command, (const char *[]){ "-q", "--authfile=auth.json", to, path, NULL }, SECONDS_MAX);
	ck_assert_msg(a.status == row->status, "%s: status %d, not %d: %s", row->name, a.status, row->status, a.said);
	ck_assert_msg(child_said_one_line(&a), "%s: not one line: %s", row->name, a.said);
	ck_assert_msg(strstr(a.said, row->text) != NULL, "%s: not \"%s\": %s", row->name, row->text, a.said);
	ck_assert_msg(strstr(a.said, hostile_registry_host(registry)) != NULL, "%s: of what: %s", row->name, a.said);
	ck_assert_msg(!drives_terminals(a.said, a.said_len), "%s: drives a terminal: %s", row->name, a.said);
	ck_assert_msg(!CHILD_MEMORY_MATTERS || a.peak_kib <= 64L * 1024, "%s: %ld KiB", row->name, a.peak_kib);
	child_release(&a);
	hostile_registry_stop(registry);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hostile_push");
	TCase *t = tcase_create("hostile_push");

	tcase_set_timeout(t, SECONDS_MAX + 20);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, hostile, 0, (int)COUNT_OF(rows));
	suite_add_tcase(s, t);
	return test_run(s);
}
