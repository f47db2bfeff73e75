#include "bundles/seek.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

/* Three frames before the table: 9 bytes that hold nothing, 20 that hold 100, 5 that hold nothing. */
#define BEFORE 34
#define TABLE_BYTES (8 + 3 * 8 + 9)

static const struct {
	const char *name;
	size_t at, len; /* a field of the table, counted from where it begins, */
	uint64_t value; /* and what it is set to */
	size_t cut;     /* bytes taken off the end */
	enum err_code want;
} cases[] = {
	{ "whole", 0, 0, 0, 0, ERR_OK },
	{ "one byte cut", 0, 0, 0, 1, ERR_DAMAGED },
	{ "footer cut", 0, 0, 0, 9, ERR_DAMAGED },
	{ "table cut", 0, 0, 0, TABLE_BYTES, ERR_DAMAGED },
	{ "all but 16 bytes cut", 0, 0, 0, BEFORE + TABLE_BYTES - 16, ERR_DAMAGED },
	{ "everything cut", 0, 0, 0, BEFORE + TABLE_BYTES, ERR_DAMAGED },
	{ "other magic in front", 0, 4, 0x184D2A5D, 0, ERR_DAMAGED },
	{ "other size in front", 4, 4, 34, 0, ERR_DAMAGED },
	{ "checksum flag", 36, 1, 0x80, 0, ERR_DAMAGED },
	{ "reserved bit", 36, 1, 0x04, 0, ERR_DAMAGED },
	{ "other magic behind", 37, 4, 0x8F92EAB0, 0, ERR_DAMAGED },
	{ "one frame less", 32, 4, 2, 0, ERR_DAMAGED },
	{ "one frame more", 32, 4, 4, 0, ERR_DAMAGED },
	{ "no frame", 32, 4, 0, 0, ERR_DAMAGED },
	{ "as many frames as can be said", 32, 4, UINT32_MAX, 0, ERR_DAMAGED },
	{ "one frame over the limit", 32, 4, SEEK_FRAMES_MAX + 1, 0, ERR_DAMAGED },
	{ "a frame shorter", 8, 4, 8, 0, ERR_DAMAGED },
	{ "a frame longer", 16, 4, 21, 0, ERR_DAMAGED },
	{ "a frame of 4 GiB", 16, 4, UINT32_MAX, 0, ERR_DAMAGED },
	{ "other content is for the shape to find", 20, 4, 1000000, 0, ERR_OK },
};

static size_t make(char *path)
{
	struct seek_table t;
	struct buf bytes;
	struct buf_stage out;

	ck_assert_int_eq(seek_init(&t, NULL), ERR_OK);
	ck_assert_int_eq(seek_add(&t, 9, 0, NULL), ERR_OK);
	ck_assert_int_eq(seek_add(&t, 20, 100, NULL), ERR_OK);
	ck_assert_int_eq(seek_add(&t, 7, 7, NULL), ERR_OK);
	seek_cut(&t, 2);
	ck_assert_int_eq(seek_add(&t, 5, 0, NULL), ERR_OK);
	buf_init(&bytes, 1000);
	buf_stage_init(&out, &bytes);
	ck_assert_int_eq(buf_add(&bytes, "0123456789012345678901234567890123", BEFORE, NULL), ERR_OK);
	ck_assert_int_eq(seek_write(&t, &out.out, NULL), ERR_OK);
	ck_assert_uint_eq(bytes.len, BEFORE + TABLE_BYTES);
	ck_assert_uint_eq(seek_bytes(t.len), TABLE_BYTES);
	file_put(path, bytes.data, bytes.len);
	buf_release(&bytes);
	seek_release(&t);
	return BEFORE + TABLE_BYTES;
}

START_TEST(verdict)
{
	char *path = file_new();
	size_t len = make(path) - cases[_i].cut;
	int fd = open(path, O_RDWR);
	unsigned char field[8];
	struct seek_table t = { 0 };
	struct err err = { .code = ERR_OK };
	enum err_code got;

	put_le(field, sizeof(field), cases[_i].value);
	ck_assert_int_eq(write_at(fd, field, cases[_i].len, BEFORE + cases[_i].at, path, NULL), ERR_OK);
	ck_assert_int_eq(ftruncate(fd, (off_t)len), 0);
	got = seek_read(fd, len, path, &t, &err);
	ck_assert_msg(got == cases[_i].want, "%s: got %d (%s)", cases[_i].name, got, err.msg);
	if (_i == 0) {
		ck_assert_uint_eq(t.len, 3);
		ck_assert_uint_eq(seek_find(&t, 0), 1);
		ck_assert_uint_eq(seek_find(&t, 99), 1);
		ck_assert_uint_eq(t.entries[1].file_offset, 9);
		ck_assert_uint_eq(t.entries[3].file_offset, BEFORE);
	}
	seek_release(&t);
	close(fd);
	file_remove(path);
}
END_TEST

START_TEST(full)
{
	struct seek_table t;
	struct err err = { .code = ERR_OK };
	enum err_code code = seek_init(&t, NULL);

	while (code == ERR_OK && t.len < SEEK_FRAMES_MAX)
		code = seek_add(&t, UINT32_MAX, UINT32_MAX, NULL);
	ck_assert_int_eq(code, ERR_OK);
	ck_assert_int_eq(seek_add(&t, 1, 1, &err), ERR_LIMIT);
	ck_assert_uint_eq(seek_find(&t, (uint64_t)UINT32_MAX * SEEK_FRAMES_MAX - 1), SEEK_FRAMES_MAX - 1);
	seek_release(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("seek");
	TCase *t = tcase_create("table");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, verdict, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, full);
	suite_add_tcase(s, t);
	return test_run(s);
}
