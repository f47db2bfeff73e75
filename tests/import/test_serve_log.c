#include "import/serve_log.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

static char *folder, *path;

static void setup(void)
{
	folder = folder_new();
	path = folder_path(folder, "access.log");
}

static void teardown(void)
{
	free(path);
	folder_remove(folder);
}

/* What is written for an entry, without its time; the caller frees it. */
static char *line_of(const struct serve_log_entry *e)
{
	struct serve_log log = { .fd = -1 };
	size_t len = 0;
	char *text, *from, *to;

	ck_assert_int_eq(serve_log_open(path, true, &log, NULL), ERR_OK);
	serve_log_request(&log, e);
	serve_log_close(&log);
	text = folder_read(folder, "access.log", &len);
	from = strchr(text, '[');
	to = strchr(text, ']');
	ck_assert(from != NULL && to != NULL && from < to);
	memmove(from + 1, to, strlen(to) + 1);
	return text;
}

START_TEST(known)
{
	char *line = line_of(&(struct serve_log_entry){ .peer = "::1",
							.user = "anna",
							.method = "GET",
							.uri = "/v2/?a=b",
							.version = "HTTP/1.1",
							.referer = "http://x/",
							.agent = "docker/29.1",
							.status = 206,
							.bytes = 12,
							.seconds = 0.25 });

	ck_assert_str_eq(line, "::1 - anna [] \"GET /v2/?a=b HTTP/1.1\" 206 12 \"http://x/\" \"docker/29.1\" 0.250\n");
	free(line);
}
END_TEST

START_TEST(unknown)
{
	char *line = line_of(&(struct serve_log_entry){ .status = 400 });

	ck_assert_str_eq(line, "- - - [] \"- - -\" 400 0 \"-\" \"-\" 0.000\n");
	free(line);
}
END_TEST

/* Nothing from outside ends a line or a field, or drives a terminal. */
START_TEST(hostile)
{
	char *line = line_of(&(struct serve_log_entry){
		.peer = "-", .method = "G\nT", .uri = "/\" 200 1 \"\x1b[2J\\", .agent = "\xff\"", .status = 400 });

	ck_assert_str_eq(line,
			 "- - - [] \"G\\x0AT /\\x22 200 1 \\x22\\x1B[2J\\x5C -\" 400 0 \"-\" \"\\xFF\\x22\" 0.000\n");
	free(line);
}
END_TEST

START_TEST(bounded)
{
	char *text = malloc(100001), *line;

	ck_assert_ptr_nonnull(text);
	memset(text, '"', 100000);
	text[100000] = '\0';
	line = line_of(&(struct serve_log_entry){ .peer = text,
						  .user = text,
						  .method = text,
						  .uri = text,
						  .version = text,
						  .referer = text,
						  .agent = text,
						  .status = 400 });
	ck_assert_uint_le(strlen(line), SERVE_LOG_LINE_MAX);
	ck_assert_str_eq(line + strlen(line) - 8, "\" 0.000\n");
	free(line);
	free(text);
}
END_TEST

START_TEST(appends)
{
	struct serve_log log = { .fd = -1 };
	size_t len = 0;
	char *text;
	int i;

	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(serve_log_open(path, false, &log, NULL), ERR_OK);
		serve_log_request(&log, &(struct serve_log_entry){ .status = 200 });
		serve_log_close(&log);
	}
	text = folder_read(folder, "access.log", &len);
	ck_assert_ptr_ne(strchr(text, '\n'), strrchr(text, '\n'));
	free(text);
	ck_assert_int_eq(serve_log_open("/nonexistent/x", false, &log, NULL), ERR_IO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_log");
	TCase *t = tcase_create("serve_log");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, known);
	tcase_add_test(t, unknown);
	tcase_add_test(t, hostile);
	tcase_add_test(t, bounded);
	tcase_add_test(t, appends);
	suite_add_tcase(s, t);
	return test_run(s);
}
