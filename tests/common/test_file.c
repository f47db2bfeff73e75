#include "common/file.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const struct {
	const char *name;
	size_t len, max;
	enum err_code want;
} reads[] = {
	{ "empty", 0, 0, ERR_OK },
	{ "one byte", 1, 1, ERR_OK },
	{ "one over", 2, 1, ERR_LIMIT },
	{ "more than a chunk", 40000, 40000, ERR_OK },
	{ "chunk", 16384, 16384, ERR_OK },
	{ "far over", 40000, 20000, ERR_LIMIT },
	{ "room left", 16385, 99999, ERR_OK },
};

START_TEST(read_file)
{
	CLEANUP(buf_release) struct buf b;
	CLEANUP(free_ptr) char *bytes = malloc(reads[_i].len + 1);
	struct err err = { 0 };
	size_t i;

	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < reads[_i].len; i++)
		bytes[i] = (char)(i * 7);
	folder_put(folder, "f", bytes, reads[_i].len);
	buf_init(&b, reads[_i].max);
	ck_assert_msg(file_read("f", &b, &err) == reads[_i].want, "%s: %s", reads[_i].name, err.msg);
	if (reads[_i].want == ERR_OK)
		ck_assert_uint_eq(b.len, reads[_i].len);
	else
		ck_assert_int_eq(strncmp(err.msg, "f: ", 3), 0);
	if (b.len > 0)
		ck_assert_mem_eq(b.data, bytes, b.len);
}
END_TEST

START_TEST(read_appends)
{
	CLEANUP(buf_release) struct buf b;

	buf_init(&b, 6);
	folder_put(folder, "f", "abc", 3);
	ck_assert_int_eq(file_read("f", &b, NULL), ERR_OK);
	ck_assert_int_eq(file_read("f", &b, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&b), "abcabc");
}
END_TEST

static const struct {
	const char *name, *path;
	enum err_code want;
} unreadable[] = {
	{ "missing", "none", ERR_NOT_FOUND },
	{ "in a missing folder", "none/f", ERR_NOT_FOUND },
	{ "no name", "", ERR_NOT_FOUND },
	{ "below a file", "file/f", ERR_IO },
	{ "a folder", "sub", ERR_IO },
	{ "a pipe that nobody writes to", "pipe", ERR_IO },
	{ "a device", "/dev/zero", ERR_IO },
	{ "a link to itself", "loop", ERR_IO },
	{ "a link to nothing", "dangling", ERR_NOT_FOUND },
};

START_TEST(read_refused)
{
	CLEANUP(buf_release) struct buf b;
	struct err err = { 0 };

	folder_put(folder, "file", "", 0);
	folder_make_in(folder, "sub");
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(symlink("none", "dangling"), 0);
	buf_init(&b, 100);
	ck_assert_msg(file_read(unreadable[_i].path, &b, &err) == unreadable[_i].want, "%s: %s", unreadable[_i].name,
		      err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, unreadable[_i].path));
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(replace)
{
	CLEANUP(free_ptr) char *text = NULL;
	CLEANUP(free_ptr) char *path = folder_path(folder, "f");

	ck_assert_int_eq(file_replace("f", "first", 5, NULL), ERR_OK);
	ck_assert_int_eq(file_replace(path, "2", 1, NULL), ERR_OK);
	text = folder_read(folder, "f", NULL);
	ck_assert_str_eq(text, "2");
	ck_assert_uint_eq(folder_count(folder), 1); /* and nothing beside it */
	folder_put(folder, "f.part", "left by a killed run", 20);
	ck_assert_int_eq(file_replace("f", "", 0, NULL), ERR_OK);
	free(take_ptr(&text));
	text = folder_read(folder, "f", NULL);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(folder_count(folder), 1);
}
END_TEST

/* What cannot be replaced stays as it was, and nothing is left beside it. */
START_TEST(replace_refused)
{
	CLEANUP(free_ptr) char *text = NULL;
	struct err err = { 0 };

	folder_put(folder, "kept", "kept", 4);
	ck_assert_int_eq(symlink("kept", "f.part"), 0);
	ck_assert_int_eq(file_replace("f", "x", 1, &err), ERR_IO); /* a link may lead anywhere */
	text = folder_read(folder, "kept", NULL);
	ck_assert_str_eq(text, "kept");
	ck_assert_int_eq(file_replace("none/f", "x", 1, &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, "none/f"));
}
END_TEST

/* A device in /dev that became a file would be the end of that device for everybody. */
static const char *const no_files[] = { "sub", "pipe", "link to a pipe", "/dev/null" };

START_TEST(replace_no_file)
{
	struct err err = { 0 };
	struct stat before, after;
	char part[64];

	folder_make_in(folder, "sub");
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert_int_eq(symlink("pipe", "link to a pipe"), 0);
	ck_assert_int_eq(lstat(no_files[_i], &before), 0);
	ck_assert_int_eq(file_check_output(no_files[_i], &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, no_files[_i]));
	if (no_files[_i][0] == '/') /* not in earnest */
		return;
	ck_assert_int_eq(file_replace(no_files[_i], "x", 1, &err), ERR_CONFLICT);
	ck_assert_int_eq(lstat(no_files[_i], &after), 0);
	ck_assert(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
	snprintf(part, sizeof(part), "%s.part", no_files[_i]);
	ck_assert(!folder_has(folder, part));
}
END_TEST

START_TEST(replace_file_or_nothing)
{
	folder_put(folder, "file", "", 0);
	ck_assert_int_eq(symlink("none", "dangling"), 0);
	ck_assert_int_eq(file_check_output("file", NULL), ERR_OK);
	ck_assert_int_eq(file_check_output("none", NULL), ERR_OK);
	ck_assert_int_eq(file_check_output("dangling", NULL), ERR_OK);
}
END_TEST

static const struct {
	const char *name, *path;
	enum err_code want;
} folders[] = {
	{ "one", "a", ERR_OK },
	{ "three", "a/b/c", ERR_OK },
	{ "slash at the end", "a/b/", ERR_OK },
	{ "slashes in a row", "a//b", ERR_OK },
	{ "here", ".", ERR_OK },
	{ "root", "/", ERR_OK },
	{ "some are there", "sub/x", ERR_OK },
	{ "all are there", "sub", ERR_OK },
	{ "through a link", "link/x", ERR_OK },
	{ "nothing", "", ERR_IO },
	{ "a file", "file", ERR_IO },
	{ "below a file", "file/x", ERR_IO },
	{ "a link to nothing", "dangling", ERR_IO },
};

START_TEST(make)
{
	struct err err = { 0 };
	struct stat st;

	folder_put(folder, "file", "", 0);
	folder_make_in(folder, "sub");
	ck_assert_int_eq(symlink("sub", "link"), 0);
	ck_assert_int_eq(symlink("none", "dangling"), 0);
	ck_assert_msg(folder_make(folders[_i].path, &err) == folders[_i].want, "%s: %s", folders[_i].name, err.msg);
	if (folders[_i].want == ERR_OK) {
		ck_assert_int_eq(stat(folders[_i].path, &st), 0);
		ck_assert(S_ISDIR(st.st_mode));
		ck_assert_int_eq(folder_make(folders[_i].path, &err), ERR_OK);
	}
}
END_TEST

START_TEST(sync_of)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "f");
	struct err err = { 0 };

	ck_assert_int_eq(folder_sync_of("f", &err), ERR_OK);
	ck_assert_int_eq(folder_sync_of(path, &err), ERR_OK);
	ck_assert_int_eq(folder_sync_of("/f", &err), ERR_OK);
	ck_assert_int_eq(folder_sync_of("none/f", &err), ERR_IO);
}
END_TEST

START_TEST(close_once)
{
	int fd = open(".", O_RDONLY), kept = fd;

	ck_assert_int_ge(fd, 0);
	close_fd(&fd);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(fcntl(kept, F_GETFD), -1);
	close_fd(&fd);
}
END_TEST

/* In a folder with a folder "d", a link "l" to it, and nothing else. */
static const struct {
	const char *path, *want; /* below the folder */
} reals[] = {
	{ "d", "/d" },
	{ "./d", "/d" },
	{ "d/", "/d" },
	{ "d/../d//", "/d" },
	{ "l", "/d" },
	{ "l/", "/d" },
	{ ".", "" },
	{ "", "" },
	{ "new", "/new" },
	{ "./new", "/new" },
	{ "new/", "/new" },
	{ "new//", "/new" },
	{ "l/new", "/d/new" },
	{ "new/a/b", "/new/a/b" },
	{ "new/./a", "/new/a" },
	{ "new/../d", "/d" },
	{ "new/.", "/new" },
	{ "new/a/..", "/new" },
	{ "d/new/../..", "" },
};

START_TEST(real)
{
	CLEANUP(free_ptr) char *absolute = NULL;
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *want = NULL;
	CLEANUP(free_ptr) char *root = realpath(folder, NULL);
	unsigned turn;

	ck_assert_ptr_nonnull(root);
	ck_assert_int_eq(mkdir("d", 0755), 0);
	ck_assert_int_eq(symlink("d", "l"), 0);
	ck_assert_int_eq(str_format(&absolute, NULL, "%s/%s", folder, reals[_i].path), ERR_OK);
	ck_assert_int_eq(str_format(&want, NULL, "%s%s", root, reals[_i].want), ERR_OK);
	for (turn = 0; turn < 2; turn++) {
		struct err err = { 0 };

		ck_assert_msg(path_real(turn == 0 ? reals[_i].path : absolute, &path, &err) == ERR_OK, "%s", err.msg);
		ck_assert_str_eq(path, want);
		free(take_ptr(&path));
	}
	ck_assert_int_eq(path_real("/no-such-folder/../x", &path, NULL), ERR_OK);
	ck_assert_str_eq(path, "/x");
}
END_TEST

START_TEST(real_refused)
{
	char *path = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(path_real("loop/x", &path, &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, "loop"));
	ck_assert_ptr_null(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("file");
	TCase *t = tcase_create("file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, read_file, 0, (int)COUNT_OF(reads));
	tcase_add_test(t, read_appends);
	tcase_add_loop_test(t, read_refused, 0, (int)COUNT_OF(unreadable));
	tcase_add_test(t, replace);
	tcase_add_test(t, replace_refused);
	tcase_add_loop_test(t, replace_no_file, 0, (int)COUNT_OF(no_files));
	tcase_add_test(t, replace_file_or_nothing);
	tcase_add_loop_test(t, make, 0, (int)COUNT_OF(folders));
	tcase_add_test(t, sync_of);
	tcase_add_test(t, close_once);
	tcase_add_loop_test(t, real, 0, (int)COUNT_OF(reals));
	tcase_add_test(t, real_refused);
	suite_add_tcase(s, t);
	return test_run(s);
}
