#include "export/spool.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

static char *folder;

static void setup(void)
{
	folder = folder_new();
	ck_assert_int_eq(chdir(folder), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
}

static void expect(const struct spool *s, uint32_t node, const char *text)
{
	CLEANUP(buf_release) struct buf got;
	struct buf_stage out;
	struct fd_stream in;
	struct err err = { 0 };

	buf_init(&got, 1000);
	buf_stage_init(&out, &got);
	spool_read(s, node, strlen(text), &in);
	ck_assert_msg(stream_copy(&in.in, &out.out, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(buf_text(&got), text);
}

/* Any order in, any order out; nothing is ever seen in the folder. */
START_TEST(any_order)
{
	CLEANUP(spool_release) struct spool s = { .fd = -1 };
	CLEANUP(free_ptr) char *path = folder_path(folder, "out.oci.tar.zst");
	struct fd_stage first, second;

	ck_assert_int_eq(spool_open(&s, _i == 0 ? path : "out.oci.tar.zst", NULL), ERR_OK);
	ck_assert_int_eq(spool_put(&s, 7, "seven", 5, NULL), ERR_OK);
	ck_assert_int_eq(spool_reserve(&s, 2, 3, &first, NULL), ERR_OK);
	ck_assert_int_eq(spool_reserve(&s, 900, 4, &second, NULL), ERR_OK);
	ck_assert_int_eq(spool_put(&s, 0, "", 0, NULL), ERR_OK);
	ck_assert_int_eq(outstream_write(&second.out, "ni", 2, NULL), ERR_OK);
	ck_assert_int_eq(outstream_write(&first.out, "two", 3, NULL), ERR_OK);
	ck_assert_int_eq(outstream_write(&second.out, "ne", 2, NULL), ERR_OK);
	expect(&s, 900, "nine");
	expect(&s, 0, "");
	expect(&s, 7, "seven");
	expect(&s, 2, "two");
	expect(&s, 7, "seven");
	ck_assert_uint_eq(folder_count(folder), 0);
	spool_release(&s);
}
END_TEST

START_TEST(no_folder)
{
	CLEANUP(spool_release) struct spool s = { .fd = -1 };
	struct err err = { 0 };

	ck_assert_int_eq(spool_open(&s, "none/out", &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, "none/"));
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

START_TEST(too_many)
{
	CLEANUP(spool_release) struct spool s = { .fd = -1 };

	ck_assert_int_eq(spool_open(&s, "out", NULL), ERR_OK);
	ck_assert_int_eq(spool_put(&s, LIMIT_NODES, "x", 1, NULL), ERR_LIMIT);
	ck_assert_int_eq(spool_put(&s, LIMIT_NODES - 1, "x", 1, NULL), ERR_OK);
	expect(&s, LIMIT_NODES - 1, "x");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("spool");
	TCase *t = tcase_create("spool");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, any_order, 0, 2);
	tcase_add_test(t, no_folder);
	tcase_add_test(t, too_many);
	suite_add_tcase(s, t);
	return test_run(s);
}
