/* proved_layout.h - a layout of two blobs that were just put and proved, and a system that says of its clock and of its
 * file system what a test wants. It is a part of the test that includes it: functions of the system stand before those
 * of the C library in that program alone.
 *
 * Lifecycle  proved_layout_setup and proved_layout_teardown are the fixture; proved_layout_open_again is another run.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_PROVED_LAYOUT_H
#define TESTS_LIB_PROVED_LAYOUT_H

#include <check.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "common/layout_proved.h"
#include "common/mem.h"
#include "tests/lib/folder.h"

#define SIZE 4096

static char *folder, *record; /* its folder, and the file in it of what was proved */
static struct layout *layout;
static char content[2][SIZE];
static struct digest digests[2];
static char *blobs[2]; /* their files */

/* What the system says of the clock and of the file system. */
static time_t ahead_s;
static struct timespec stopped; /* where the clock stands; 0 where it goes */
static unsigned file_system;
static bool whole_seconds;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int status = (int)syscall(SYS_clock_gettime, clock, now);

	if (clock != CLOCK_REALTIME_COARSE)
		return status;
	if (stopped.tv_sec != 0)
		*now = stopped;
	now->tv_sec += ahead_s;
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

static void proved_layout_open_again(void)
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

static void proved_layout_setup(void)
{
	size_t i;

	ahead_s = 0;
	stopped = (struct timespec){ 0 };
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
	proved_layout_open_again();
	put(0);
	put(1);
}

static void proved_layout_teardown(void)
{
	layout_close(layout);
	free(blobs[0]);
	free(blobs[1]);
	free(record);
	folder_remove(folder);
}

/* ---- What is done to a file ---- */

static void nothing(const char *path)
{
	(void)path;
}

static void overwrite(const char *path, off_t at)
{
	int fd = open(path, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, "x", 1, at), 1);
	close(fd);
}
#endif
