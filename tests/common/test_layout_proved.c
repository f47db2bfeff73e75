#include "common/layout_proved.h"

#include <stdio.h>
#include <sys/mman.h>

#include "common/file.h"
#include "tests/lib/proved_layout.h"
#include "tests/lib/test_main.h"

/* ---- What is done to a blob ---- */

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

static void read_it(const char *path)
{
	CLEANUP(buf_release) struct buf bytes = { .max = SIZE };

	ck_assert_int_eq(file_read(path, &bytes, NULL), ERR_OK);
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
		proved_layout_open_again();
		ahead_s = 5;
		ck_assert(layout_proved_look(layout, &digests[0], SIZE) &&
			  layout_proved_look(layout, &digests[1], SIZE));
		layout_proved_save(layout);
		wait_for_tick(blobs[0]); /* it was some seconds ago */
	}
	acts[at].act(blobs[0]);
	proved_layout_open_again();
	ck_assert_msg(is_proved(0) == acts[at].proved, "%s: %d", acts[at].name, is_proved(0));
	ck_assert_msg(is_proved(1), "%s: the other", acts[at].name);
	ck_assert_msg(layout_proved_look(layout, &digests[0], SIZE) == acts[at].whole, "%s", acts[at].name);
	ck_assert(!layout_proved_has(layout, &digests[1], SIZE + 1));
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
	struct stat st;

	proved_layout_open_again(); /* what was put is forgotten */
	ck_assert_int_eq(stat(blobs[0], &st), 0);
	stopped = st.st_ctim;
	ahead_s = clocks[_i].ahead_s;
	ck_assert(layout_proved_look(layout, &digests[0], SIZE));
	layout_proved_save(layout);
	ck_assert_int_eq(folder_has(folder, LAYOUT_PROVED_NAME), clocks[_i].noted);
	proved_layout_open_again();
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
	proved_layout_open_again();
	put(0);
	layout_proved_save(layout);
	proved_layout_open_again();
	ck_assert_msg(is_proved(0) == systems[_i].noted, "%s", systems[_i].name);
	ck_assert(layout_proved_look(layout, &digests[0], SIZE));
	file_system = NFS_SUPER_MAGIC; /* the record came there by a copy */
	proved_layout_open_again();
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
	proved_layout_open_again();
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
	proved_layout_open_again();
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
	proved_layout_open_again();
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
	tcase_add_checked_fixture(t, proved_layout_setup, proved_layout_teardown);
	tcase_add_loop_test(t, touched, 0, 2 * (int)COUNT_OF(acts));
	tcase_add_loop_test(t, settled, 0, (int)COUNT_OF(clocks));
	tcase_add_loop_test(t, file_systems, 0, (int)COUNT_OF(systems));
	tcase_add_test(t, beside);
	tcase_add_test(t, written_once);
	tcase_add_test(t, pruned);
	tcase_add_test(t, not_opened);
	suite_add_tcase(s, t);
	return test_run(s);
}
