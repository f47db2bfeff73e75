/* The record of what was proved in a layout, after somebody has had it in hands. */
#include <stdio.h>

#include "common/limits.h"
#include "tests/lib/proved_layout.h"
#include "tests/lib/test_main.h"

static void write_record(const char *bytes, size_t len)
{
	folder_put(folder, LAYOUT_PROVED_NAME, bytes, len);
	ck_assert_int_eq(chmod(record, 0644), 0);
}

static void put_record(const char *path, const char *bytes, size_t len)
{
	ck_assert_int_eq(unlink(path), 0);
	write_record(bytes, len);
}

static void record_gone(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

static void record_empty(const char *path)
{
	ck_assert_int_eq(truncate(path, 0), 0);
}

static void record_cut(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(truncate(path, st.st_size - 1), 0);
}

static void record_bare(const char *path)
{
	put_record(path, "bundle-proved 1\n", 16);
}

static void record_newer(const char *path)
{
	overwrite(path, 14);
}

static void record_garbage(const char *path)
{
	static char garbage[100000];

	memset(garbage, 0xa5, sizeof(garbage));
	put_record(path, garbage, sizeof(garbage));
}

/* Its lines, in another order, or one of them twice. */
static void record_lines(const char *path, bool twice)
{
	CLEANUP(free_ptr) char *text = folder_read(folder, LAYOUT_PROVED_NAME, NULL), *other = NULL;
	char *first = strchr(text, '\n') + 1, *second = strchr(first, '\n') + 1;

	ck_assert_int_eq(str_format(&other, NULL, "bundle-proved 1\n%s%.*s", twice ? first : second,
				    (int)(second - first), twice ? second : first),
			 ERR_OK);
	put_record(path, other, strlen(other));
}

static void record_unsorted(const char *path)
{
	record_lines(path, false);
}

static void record_twice(const char *path)
{
	record_lines(path, true);
}

static void record_nul(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	ck_assert_int_eq(write(fd, "\0~\n", 3), 3);
	close(fd);
}

static void record_huge(const char *path)
{
	ck_assert_int_eq(truncate(path, (off_t)LIMIT_PROVED_BYTES + 1), 0);
}

static void record_long(const char *path)
{
	CLEANUP(buf_release) struct buf text = { .max = 16 * MIB };
	CLEANUP(free_ptr) char *old = folder_read(folder, LAYOUT_PROVED_NAME, NULL);
	size_t i;

	ck_assert_int_eq(buf_puts(&text, old, NULL), ERR_OK);
	for (i = 0; i < LIMIT_PROVED_BLOBS; i++)
		ck_assert_int_eq(buf_printf(&text, NULL, "t%06zu\n", i), ERR_OK);
	put_record(path, text.data, text.len);
}

static void record_link(const char *path)
{
	CLEANUP(free_ptr) char *other = folder_path(folder, "other");

	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink("other", path), 0);
}

static void record_pipe(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
}

static void record_of_group(const char *path)
{
	ck_assert_int_eq(chmod(path, 0664), 0);
}

static void record_of_all(const char *path)
{
	ck_assert_int_eq(chmod(path, 0646), 0);
}

static void record_of_other(const char *path)
{
	if (geteuid() != 0)
		record_gone(path);
	else
		ck_assert_int_eq(chown(path, 12345, 12345), 0);
}

static void record_of_owner(const char *path)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(path, 12345, 12345), 0);
	ck_assert_int_eq(chown(folder, 12345, 12345), 0);
}

/* Nothing of one blob, all of the other. */
static void record_other_line(const char *path)
{
	CLEANUP(free_ptr) char *text = folder_read(folder, LAYOUT_PROVED_NAME, NULL);
	char *line = strstr(text, digests[0].text), *end = strchr(line, '\n');

	end[-1] = end[-1] == '0' ? '1' : '0';
	put_record(path, text, strlen(text));
}

static const struct {
	const char *name;
	void (*act)(const char *path);
	bool first, second;
} records[] = {
	{ "whole", nothing, true, true },
	{ "one that has forgotten", record_other_line, false, true },
	{ "gone", record_gone, false, false },
	{ "empty", record_empty, false, false },
	{ "cut", record_cut, false, false },
	{ "without lines", record_bare, false, false },
	{ "of another version", record_newer, false, false },
	{ "garbage", record_garbage, false, false },
	{ "unsorted", record_unsorted, false, false },
	{ "a line twice", record_twice, false, false },
	{ "a NUL", record_nul, false, false },
	{ "huge", record_huge, false, false },
	{ "too many lines", record_long, false, false },
	{ "a symbolic link", record_link, false, false },
	{ "a pipe", record_pipe, false, false },
	{ "the group's", record_of_group, false, false },
	{ "everybody's", record_of_all, false, false },
	{ "somebody else's", record_of_other, false, false },
	{ "the owner's", record_of_owner, true, true },
};

/* What is odd is no record, and the next run makes a new one. */
START_TEST(tampered)
{
	layout_proved_save(layout);
	records[_i].act(record);
	proved_layout_open_again();
	ck_assert_msg(is_proved(0) == records[_i].first, "%s", records[_i].name);
	ck_assert_msg(is_proved(1) == records[_i].second, "%s", records[_i].name);
	ahead_s = 5;
	ck_assert(layout_proved_look(layout, &digests[0], SIZE) && layout_proved_look(layout, &digests[1], SIZE));
	layout_proved_save(layout);
	proved_layout_open_again();
	ck_assert_msg(is_proved(0) && is_proved(1), "%s: not made anew", records[_i].name);
}
END_TEST

/* Where none can be written, all else goes on. */
START_TEST(in_the_way)
{
	folder_make_in(folder, LAYOUT_PROVED_NAME);
	layout_proved_save(layout);
	proved_layout_open_again();
	ck_assert(!is_proved(0) && layout_proved_look(layout, &digests[0], SIZE));
	layout_proved_prune(layout);
	ck_assert(!folder_has(folder, LAYOUT_PROVED_NAME ".part"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout_proved_record");
	TCase *t = tcase_create("layout_proved_record");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, proved_layout_setup, proved_layout_teardown);
	tcase_add_loop_test(t, tampered, 0, (int)COUNT_OF(records));
	tcase_add_test(t, in_the_way);
	suite_add_tcase(s, t);
	return test_run(s);
}
