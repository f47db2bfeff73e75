#include "common/layout_proved.h"

#include <check.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define SIZE 4096

static char *folder, *record;
static struct layout *layout;
static char content[2][SIZE];
static struct digest digests[2];
static char *blobs[2]; /* their files */

/* What the system says of the clock and of the file system. */
static time_t ahead_s;
static unsigned file_system;
static bool whole_seconds;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int status = (int)syscall(SYS_clock_gettime, clock, now);

	now->tv_sec += clock == CLOCK_REALTIME_COARSE ? ahead_s : 0;
	return status;
}

int fstatfs(int fd, struct statfs *fs)
{
	int status = (int)syscall(SYS_fstatfs, fd, fs);

	fs->f_type = file_system;
	return status;
}

int futimens(int fd, const struct timespec times[2])
{
	struct timespec given[2] = { times[0], times[1] };

	if (whole_seconds)
		given[1].tv_nsec = 0;
	return (int)syscall(SYS_utimensat, fd, NULL, given, 0);
}

int fsync(int fd)
{
	(void)fd; /* whether the disk was waited for nobody here can see */
	return 0;
}

static void open_again(void)
{
	layout_close(layout);
	ck_assert_int_eq(layout_open(folder, true, &layout, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(layout, NULL), ERR_OK);
	layout_proved_open(layout);
}

static bool is_proved(size_t i)
{
	return layout_proved_has(layout, &digests[i], SIZE);
}

static void put(size_t i)
{
	struct memory_stream in;

	memory_stream_init(&in, content[i], SIZE);
	ck_assert_int_eq(layout_put(layout, &digests[i], SIZE, &in.in, NULL), ERR_OK);
}

/* Until a change has another time than the last one. */
static void wait_for_tick(const char *path)
{
	struct timespec now;
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	do {
		ck_assert_int_eq(syscall(SYS_clock_gettime, CLOCK_REALTIME_COARSE, &now), 0);
	} while (now.tv_sec < st.st_ctim.tv_sec ||
		 (now.tv_sec == st.st_ctim.tv_sec && now.tv_nsec <= st.st_ctim.tv_nsec));
}

static void setup(void)
{
	size_t i;

	ahead_s = 0;
	whole_seconds = false;
	file_system = EXT4_SUPER_MAGIC;
	folder = folder_new();
	record = folder_path(folder, LAYOUT_PROVED_NAME);
	for (i = 0; i < COUNT_OF(digests); i++) {
		CLEANUP(free_ptr) char *name = NULL;

		memset(content[i], (int)('a' + i), SIZE);
		ck_assert_int_eq(digest_of(content[i], SIZE, NULL, &digests[i], NULL), ERR_OK);
		ck_assert_int_eq(str_format(&name, NULL, "blobs/sha256/%s", digest_hex(&digests[i])), ERR_OK);
		blobs[i] = folder_path(folder, name);
	}
	layout = NULL;
	open_again();
	put(0);
	put(1);
}

static void teardown(void)
{
	layout_close(layout);
	free(blobs[0]);
	free(blobs[1]);
	free(record);
	folder_remove(folder);
}

/* ---- What is done to a blob ---- */

static void nothing(const char *path)
{
	(void)path;
}

static void read_it(const char *path)
{
	CLEANUP(buf_release) struct buf bytes = { .max = SIZE };

	ck_assert_int_eq(file_read(path, &bytes, NULL), ERR_OK);
}

static void overwrite(const char *path, off_t at)
{
	int fd = open(path, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, "x", 1, at), 1);
	close(fd);
}

static void flip(const char *path)
{
	overwrite(path, SIZE / 2);
}

static void flip_later(const char *path)
{
	wait_for_tick(path);
	flip(path);
}

static void flip_and_restore(const char *path)
{
	struct stat st;
	struct timespec times[2];

	wait_for_tick(path);
	ck_assert_int_eq(stat(path, &st), 0);
	flip(path);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Through a mapping that has read the page before. Where the tests run on tmpfs, whose layouts are not believed, that
 * would not show. */
static void flip_mapped(const char *path)
{
	int fd = open(path, O_RDWR);
	char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	volatile char *byte = map + SIZE / 2;
	struct statfs fs;

	ck_assert(map != MAP_FAILED && *byte == content[0][0]);
	*byte = 'x';
	ck_assert_int_eq(munmap(map, SIZE), 0);
	ck_assert_int_eq(syscall(SYS_fstatfs, fd, &fs), 0);
	close(fd);
	if (fs.f_type == TMPFS_MAGIC)
		flip(path);
}

static void write_anew(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	ck_assert_int_eq(pwrite(fd, content[0], SIZE, 0), SIZE);
	close(fd);
}

static void cut_and_grow(const char *path)
{
	ck_assert_int_eq(truncate(path, 1), 0);
	ck_assert_int_eq(truncate(path, SIZE), 0);
}

static void cut(const char *path)
{
	ck_assert_int_eq(truncate(path, SIZE - 1), 0);
}

static void grow(const char *path)
{
	overwrite(path, SIZE);
}

/* By another file with its times. */
static void replace(const char *path)
{
	CLEANUP(free_ptr) char *other = folder_path(folder, "other");
	struct timespec times[2];
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	folder_put(folder, "other", content[0], SIZE);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ck_assert_int_eq(utimensat(AT_FDCWD, other, times, 0), 0);
	ck_assert_int_eq(rename(other, path), 0);
}

static void link_again(const char *path)
{
	CLEANUP(free_ptr) char *other = folder_path(folder, "other");

	wait_for_tick(path);
	ck_assert_int_eq(link(path, other), 0);
}

static void give_rights(const char *path)
{
	wait_for_tick(path);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static void lead_elsewhere(const char *path)
{
	CLEANUP(free_ptr) char *other = folder_path(folder, "other");

	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink(other, path), 0);
}

static void make_folder(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void take_away(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

static const struct {
	const char *name;
	void (*act)(const char *path);
	bool proved, whole; /* without reading it, and when it is read */
} acts[] = {
	{ "nothing", nothing, true, true },
	{ "read", read_it, true, true },
	{ "written to in the same tick", flip, false, false },
	{ "written to later", flip_later, false, false },
	{ "written to, and its time restored", flip_and_restore, false, false },
	{ "written to through a mapping", flip_mapped, false, false },
	{ "the same written anew", write_anew, false, true },
	{ "cut and grown", cut_and_grow, false, false },
	{ "cut", cut, false, false },
	{ "grown", grow, false, false },
	{ "replaced by the same", replace, false, true },
	{ "linked", link_again, false, true },
	{ "other rights", give_rights, false, true },
	{ "a symbolic link", lead_elsewhere, false, false },
	{ "a folder", make_folder, false, false },
	{ "gone", take_away, false, false },
};

/* Once put, and once more when it was found and read. */
START_TEST(touched)
{
	size_t at = (size_t)_i / 2;
	bool found = _i % 2 == 1;

	layout_proved_save(layout);
	if (found) {
		ck_assert_int_eq(unlink(record), 0);
		open_again();
		ahead_s = 5;
		ck_assert(layout_proved_look(layout, &digests[0], SIZE) &&
			  layout_proved_look(layout, &digests[1], SIZE));
		layout_proved_save(layout);
		wait_for_tick(blobs[0]); /* it was some seconds ago */
	}
	acts[at].act(blobs[0]);
	open_again();
	ck_assert_msg(is_proved(0) == acts[at].proved, "%s: %d", acts[at].name, is_proved(0));
	ck_assert_msg(is_proved(1), "%s: the other", acts[at].name);
	ck_assert_msg(layout_proved_look(layout, &digests[0], SIZE) == acts[at].whole, "%s", acts[at].name);
	ck_assert(!layout_proved_has(layout, &digests[1], SIZE + 1));
}
END_TEST

/* ---- What is done to the record ---- */

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
	open_again();
	ck_assert_msg(is_proved(0) == records[_i].first, "%s", records[_i].name);
	ck_assert_msg(is_proved(1) == records[_i].second, "%s", records[_i].name);
	ahead_s = 5;
	ck_assert(layout_proved_look(layout, &digests[0], SIZE) && layout_proved_look(layout, &digests[1], SIZE));
	layout_proved_save(layout);
	open_again();
	ck_assert_msg(is_proved(0) && is_proved(1), "%s: not made anew", records[_i].name);
}
END_TEST

/* Where none can be written, all else goes on. */
START_TEST(in_the_way)
{
	folder_make_in(folder, LAYOUT_PROVED_NAME);
	layout_proved_save(layout);
	open_again();
	ck_assert(!is_proved(0) && layout_proved_look(layout, &digests[0], SIZE));
	layout_proved_prune(layout);
	ck_assert(!folder_has(folder, LAYOUT_PROVED_NAME ".part"));
}
END_TEST

/* ---- What is noted ---- */

static const struct {
	const char *name;
	time_t ahead_s;
	bool noted;
} clocks[] = {
	{ "just changed", 0, false },
	{ "a second ago", 1, false },
	{ "some seconds ago", 4, true },
	{ "in the future", -10, false },
};

/* What was changed a moment ago may be changed again without another time. */
START_TEST(settled)
{
	open_again(); /* what was put is forgotten */
	ahead_s = clocks[_i].ahead_s;
	ck_assert(layout_proved_look(layout, &digests[0], SIZE));
	layout_proved_save(layout);
	ck_assert_int_eq(folder_has(folder, LAYOUT_PROVED_NAME), clocks[_i].noted);
	open_again();
	ck_assert_msg(is_proved(0) == clocks[_i].noted, "%s", clocks[_i].name);
}
END_TEST

static const struct {
	const char *name;
	unsigned magic;
	bool whole_seconds, noted;
} systems[] = {
	{ "ext4", EXT4_SUPER_MAGIC, false, true },   { "xfs", XFS_SUPER_MAGIC, false, true },
	{ "btrfs", BTRFS_SUPER_MAGIC, false, true }, { "tmpfs", TMPFS_MAGIC, false, false },
	{ "ext3", EXT4_SUPER_MAGIC, true, false },   { "FAT", MSDOS_SUPER_MAGIC, false, false },
	{ "NFS", NFS_SUPER_MAGIC, false, false },    { "an overlay", OVERLAYFS_SUPER_MAGIC, false, false },
	{ "fuse", FUSE_SUPER_MAGIC, false, false },
};

START_TEST(file_systems)
{
	layout_close(layout);
	layout = NULL;
	file_system = systems[_i].magic;
	whole_seconds = systems[_i].whole_seconds;
	open_again();
	put(0);
	layout_proved_save(layout);
	open_again();
	ck_assert_msg(is_proved(0) == systems[_i].noted, "%s", systems[_i].name);
	ck_assert(layout_proved_look(layout, &digests[0], SIZE));
	file_system = NFS_SUPER_MAGIC; /* the record came there by a copy */
	open_again();
	ck_assert(!is_proved(0));
}
END_TEST

/* A run adds to what another has written since it began. */
START_TEST(beside)
{
	CLEANUP(layout_close_ptr) struct layout *other = NULL;

	ck_assert_int_eq(layout_open(folder, false, &other, NULL), ERR_OK);
	layout_proved_open(other);
	layout_proved_save(layout);
	ahead_s = 5;
	ck_assert_int_eq(unlink(blobs[0]), 0);
	ck_assert(layout_proved_look(other, &digests[1], SIZE));
	put(0);
	layout_proved_save(layout);
	layout_proved_save(other);
	open_again();
	ck_assert(is_proved(0) && is_proved(1));
}
END_TEST

START_TEST(written_once)
{
	struct stat before, after;

	layout_proved_save(layout);
	ck_assert_int_eq(stat(record, &before), 0);
	layout_proved_save(layout); /* the same again */
	layout_proved_prune(layout);
	open_again();
	folder_put(folder, LAYOUT_PROVED_NAME ".part", "x", 1);
	layout_proved_save(layout); /* and nothing */
	ck_assert_int_eq(stat(record, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert(!folder_has(folder, LAYOUT_PROVED_NAME ".part"));
}
END_TEST

START_TEST(pruned)
{
	CLEANUP(free_ptr) char *text = NULL;

	layout_proved_save(layout);
	ck_assert_int_eq(layout_remove(layout, &digests[0], NULL), ERR_OK);
	open_again();
	layout_proved_prune(layout);
	text = folder_read(folder, LAYOUT_PROVED_NAME, NULL);
	ck_assert(strstr(text, digests[0].text) == NULL && strstr(text, digests[1].text) != NULL);
}
END_TEST

/* An archive, and a layout of which nothing is to be remembered. */
START_TEST(not_opened)
{
	layout_close(layout);
	ck_assert_int_eq(layout_open(folder, false, &layout, NULL), ERR_OK);
	ck_assert(!is_proved(0) && layout_proved_look(layout, &digests[0], SIZE));
	layout_proved_save(layout);
	ck_assert(!folder_has(folder, LAYOUT_PROVED_NAME));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout_proved");
	TCase *t = tcase_create("layout_proved");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, touched, 0, 2 * (int)COUNT_OF(acts));
	tcase_add_loop_test(t, tampered, 0, (int)COUNT_OF(records));
	tcase_add_test(t, in_the_way);
	tcase_add_loop_test(t, settled, 0, (int)COUNT_OF(clocks));
	tcase_add_loop_test(t, file_systems, 0, (int)COUNT_OF(systems));
	tcase_add_test(t, beside);
	tcase_add_test(t, written_once);
	tcase_add_test(t, pruned);
	tcase_add_test(t, not_opened);
	suite_add_tcase(s, t);
	return test_run(s);
}
