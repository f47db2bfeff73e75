#include "tests/lib/hostile_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "export/commands.h"
#include "tests/lib/child.h"
#include "tests/lib/folder.h"

#define FILE_NAME "b.oci.tar.zst"

/* Of any image, however much its index or its list of referrers lists. */
#define MEMORY_MAX_KIB 65536

/* A sanitizer takes time of its own. */
#define SECONDS_MAX (CHILD_MEMORY_MATTERS ? 20U : 200U)

static char *folder;

void hostile_export_setup(void)
{
	folder = folder_new();
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(setenv("HOME", folder, 1), 0);
	folder_put(folder, "auth.json", "{}", 2);
	folder_put(folder, "password", "secret-of-u", 11);
	ck_assert_int_eq(chmod("password", 0600), 0);
}

void hostile_export_teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
}

static void run(const struct hostile_export *row, const char *host, struct child *ret_result)
{
	const char *words[CHILD_WORDS] = { "-q", "-o", FILE_NAME,
					   row->slow ? "--stall-timeout=1" : "--stall-timeout=20" };
	CLEANUP(free_ptr) char *login = NULL;
	CLEANUP(free_ptr) char *image = NULL;
	size_t len = 4;

	ck_assert_int_eq(str_format(&login, NULL, "--username=%s=u", host), ERR_OK);
	ck_assert_int_eq(str_format(&image, NULL, "%s%s", host, row->image != NULL ? row->image : "/a/b:1"), ERR_OK);
	if (row->login) {
		words[len++] = login;
		words[len++] = "--password-file=password";
	} else {
		words[len++] = "--authfile=auth.json";
	}
	if (row->option != NULL)
		words[len++] = row->option;
	words[len] = image;
	child_run(ret_result, &export_command, words, SECONDS_MAX);
}

static void check_tame(const char *name, const char *file)
{
	size_t len = 0;
	CLEANUP(free_ptr) char *text = folder_read(folder, file, &len);

	ck_assert_msg(!drives_terminals(text, len), "%s: drives a terminal: %s", name, text);
	ck_assert_msg(strstr(text, "secret-of-u") == NULL, "%s: tells a secret: %s", name, text);
}

static void check_result(const struct hostile_export *row, const struct child *r, const char *host)
{
	size_t files = row->status == 0 || row->status == 4 ? 5 : 4;

	ck_assert_msg(r->status == row->status, "%s: status %d, not %d: %s", row->name, r->status, row->status,
		      r->said);
	if (row->status == 0)
		ck_assert_msg(r->said_len == 0, "%s: %s", row->name, r->said);
	else if (row->status != 4)
		ck_assert_msg(child_said_one_line(r), "%s: not one line: %s", row->name, r->said);
	ck_assert_msg(row->status == 0 || row->status == 4 || strstr(r->said, host) != NULL ||
			      strstr(r->said, "sha256:") != NULL || strstr(r->said, "these images") != NULL,
		      "%s: of what: %s", row->name, r->said);
	ck_assert_msg(strstr(r->said, row->text) != NULL, "%s: not \"%s\": %s", row->name, row->text, r->said);
	ck_assert_msg(!CHILD_MEMORY_MATTERS || r->peak_kib <= MEMORY_MAX_KIB, "%s: %ld KiB", row->name, r->peak_kib);
	check_tame(row->name, "out");
	check_tame(row->name, "err");
	ck_assert_msg(folder_count(folder) == files, "%s: %zu files, not %zu", row->name, folder_count(folder), files);
}

void hostile_export_check(const struct hostile_export *row)
{
	struct hostile_registry *registry =
		hostile_registry_start(row->things[0] != NULL ? row->things : NULL, row->answers);
	struct child r;

	run(row, hostile_registry_host(registry), &r);
	if (getenv("SHOW") != NULL)
		printf("%s | %d | %ld KiB | %zu | %.300s\n", row->name, r.status, r.peak_kib, r.said_len, r.said);
	else
		check_result(row, &r, hostile_registry_host(registry));
	hostile_registry_stop(registry);
	child_release(&r);
}

void hostile_export_add(Suite *s, const char *name, const TTest *test, size_t len)
{
	TCase *t = tcase_create(name);

	tcase_set_timeout(t, CHILD_HANGS + 10);
	tcase_add_checked_fixture(t, hostile_export_setup, hostile_export_teardown);
	tcase_add_loop_test(t, test, 0, (int)len);
	suite_add_tcase(s, t);
}
