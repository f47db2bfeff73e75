#include "common/report.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

static const struct command command = { .name = "import" };
static char *folder;
static int kept[2];

/* Let stdout and stderr go to files; release() gives them back. */
static void capture(const char *to_stdout)
{
	CLEANUP(free_ptr) char *out_path = NULL;
	CLEANUP(free_ptr) char *err_path = NULL;
	int fd;

	folder = folder_new();
	out_path = *to_stdout == '/' ? strdup(to_stdout) : folder_path(folder, to_stdout);
	err_path = folder_path(folder, "stderr");
	fflush(NULL);
	kept[0] = dup(STDOUT_FILENO);
	kept[1] = dup(STDERR_FILENO);
	fd = open(out_path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	close(fd);
	fd = open(err_path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
}

static void release(void)
{
	fflush(stderr);
	dup2(kept[0], STDOUT_FILENO);
	dup2(kept[1], STDERR_FILENO);
	close(kept[0]);
	close(kept[1]);
	clearerr(stdout);
}

#define JSON(code, message)                                                                                            \
	"{\n  \"schemaVersion\": 1,\n  \"error\": {\n    \"code\": \"" code "\",\n    \"message\": \"" message         \
	"\"\n  }\n}\n"

static const struct {
	const char *name;
	bool json;
	enum err_code code;
	const char *message;
	int want;
	const char *out, *err;
} cases[] = {
	{ "done", false, ERR_OK, "left from before", 0, "result\n", "" },
	{ "done, JSON", true, ERR_OK, "", 0, "result\n", "" },
	{ "failed", false, ERR_DIGEST, "blob x: not what it says", 3, "result\n",
	  "bundle import: blob x: not what it says\n" },
	{ "failed, JSON", true, ERR_DIGEST, "blob x", 3, "result\n" JSON("digest", "blob x"),
	  "bundle import: blob x\n" },
	{ "usage", false, ERR_USAGE, "no such target", 2, "result\n",
	  "bundle import: no such target (see bundle import --help)\n" },
	{ "usage, JSON", true, ERR_USAGE, "no such target", 2, "result\n" JSON("usage", "no such target"),
	  "bundle import: no such target (see bundle import --help)\n" },
	{ "partial", false, ERR_PARTIAL, "two are missing", 4, "result\n", "bundle import: two are missing\n" },
	{ "partial, JSON", true, ERR_PARTIAL, "two are missing", 4, "result\n" JSON("partial", "two are missing"),
	  "bundle import: two are missing\n" },
	{ "quotes", true, ERR_NETWORK, "\"a\\b\"", 5, "result\n" JSON("network", "\\\"a\\\\b\\\""),
	  "bundle import: \"a\\b\"\n" },
};

START_TEST(end)
{
	CLEANUP(free_ptr) char *out = NULL;
	CLEANUP(free_ptr) char *err_text = NULL;
	struct err err = { .code = cases[_i].code };
	int got;

	strcpy(err.msg, cases[_i].message);
	capture("stdout");
	ck_assert_int_eq(outstream_write(report_stdout(), "result\n", 7, NULL), ERR_OK);
	got = report_end(&command, cases[_i].json, cases[_i].code, &err);
	release();
	out = folder_read(folder, "stdout", NULL);
	err_text = folder_read(folder, "stderr", NULL);
	ck_assert_msg(got == cases[_i].want, "%s: %d", cases[_i].name, got);
	ck_assert_str_eq(out, cases[_i].out);
	ck_assert_str_eq(err_text, cases[_i].err);
	folder_remove(folder);
}
END_TEST

/* A result that nobody could read is no success, whether it was lost at the end or long before. */
START_TEST(full)
{
	CLEANUP(free_ptr) char *err_text = NULL;
	struct err err = { 0 };
	int got;

	capture("/dev/full");
	if (_i == 0)
		outstream_write(report_stdout(), "result\n", 7, NULL);
	else
		printf("%100000d", 1);
	got = report_end(&command, false, ERR_OK, &err);
	release();
	err_text = folder_read(folder, "stderr", NULL);
	ck_assert_int_eq(got, 1);
	ck_assert_msg(strncmp(err_text, "bundle import: standard output: ", 32) == 0, "%s", err_text);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("report");

	tcase_add_loop_test(t, end, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, full, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
