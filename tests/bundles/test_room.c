#include "bundles/room.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define FOUR_GIB (4096 * MIB)

static const struct {
	const char *name;
	struct room room;
	uint64_t size_bytes;
	enum err_code want;
	const char *says;
} rooms[] = {
	{ "enough", { .free_bytes = 100 }, 100, ERR_OK, NULL },
	{ "one byte short", { .free_bytes = 99 }, 100, ERR_IO, "at least 100 B are still to be written" },
	{ "enough with what is there", { .free_bytes = 60, .held_bytes = 40 }, 100, ERR_OK, NULL },
	{ "short with what is there", { .free_bytes = 59, .held_bytes = 40 }, 100, ERR_IO, "room for 59 B: free" },
	{ "more there than is needed", { .held_bytes = 200 }, 100, ERR_OK, NULL },
	{ "no room, and none is needed", { 0 }, 0, ERR_OK, NULL },
	{ "as large as can be", { .free_bytes = UINT64_MAX }, UINT64_MAX, ERR_OK, NULL },
	{ "the largest that FAT takes", { .free_bytes = UINT64_MAX, .is_fat = true }, FOUR_GIB - 1, ERR_OK, NULL },
	{ "one more than FAT takes",
	  { .free_bytes = UINT64_MAX, .is_fat = true },
	  FOUR_GIB,
	  ERR_IO,
	  "takes no file of 4 GiB: use a disk with exFAT or ext4" },
	{ "so much elsewhere", { .free_bytes = UINT64_MAX }, FOUR_GIB, ERR_OK, NULL },
};

START_TEST(check)
{
	struct err err = { 0 };

	ck_assert_int_eq(room_check(&rooms[_i].room, "a/x.part", rooms[_i].size_bytes, &err), rooms[_i].want);
	if (rooms[_i].says != NULL)
		ck_assert_msg(strstr(err.msg, rooms[_i].says) != NULL && strstr(err.msg, "a/x.part: ") == err.msg,
			      "%s: %s", rooms[_i].name, err.msg);
}
END_TEST

/* Of a sparse file only what was written counts. */
START_TEST(held)
{
	char *folder = folder_new();
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *block = calloc(1, 65536);
	struct room room = { 0 };
	int fd;

	ck_assert_int_eq(str_format(&path, NULL, "%s/x", folder), ERR_OK);
	ck_assert_uint_eq(room_held(path), 0);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, block, 65536, 1 << 30), 65536);
	ck_assert_int_eq(fsync(fd), 0);
	ck_assert_int_eq(room_of(fd, path, &room, NULL), ERR_OK);
	ck_assert_uint_ge(room.held_bytes, 65536);
	ck_assert_uint_le(room.held_bytes, 1 << 20);
	ck_assert_uint_eq(room_held(path), room.held_bytes);
	ck_assert_uint_eq(room_held(folder), 0); /* no file */
	ck_assert_uint_gt(room.free_bytes, 0);
	close(fd);
	ck_assert_int_eq(room_of(fd, path, &room, NULL), ERR_IO);
	folder_remove(folder);
}
END_TEST

/* A disk that all of these files fit on, and one that they do not. */
START_TEST(folders)
{
	char *folder = folder_new();
	struct err err = { 0 };

	ck_assert_int_eq(room_check_folder(folder, 0, 0, &err), ERR_OK);
	ck_assert_int_eq(room_check_folder(folder, 65536, 4096, &err), ERR_OK);
	ck_assert_int_eq(room_check_folder(folder, UINT64_MAX - 1, 4096, &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, "are still to be written"));
	folder_remove(folder);
	ck_assert_int_eq(room_check_folder("/none", 0, 0, &err), ERR_IO);
	ck_assert_int_eq(room_check_folder("/proc", UINT64_MAX - 1, 0, &err), ERR_OK); /* it has no size */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("room");
	TCase *t = tcase_create("room");

	tcase_add_loop_test(t, check, 0, (int)COUNT_OF(rooms));
	tcase_add_test(t, held);
	tcase_add_test(t, folders);
	suite_add_tcase(s, t);
	return test_run(s);
}
