#include "tests/lib/folder.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/stream.h"

static size_t counted;

/* What is compared, while nftw goes through the one. */
static const char *compared_one, *compared_other;
static char *differs;

char *folder_new(void)
{
	const char *parent = getenv("TMPDIR");
	char *folder;

	ck_assert_int_ge(asprintf(&folder, "%s/bundle-XXXXXX", parent != NULL ? parent : "/tmp"), 0);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	return folder;
}

char *folder_path(const char *folder, const char *name)
{
	char *path;

	ck_assert_int_ge(asprintf(&path, "%s/%s", folder, name), 0);
	return path;
}

void folder_put(const char *folder, const char *name, const void *bytes, size_t len)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_eq(write_at(fd, bytes, len, 0, path, NULL), ERR_OK);
	close(fd);
}

void folder_make_in(const char *folder, const char *name)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, name);

	ck_assert_int_eq(mkdir(path, 0700), 0);
}

char *folder_read(const char *folder, const char *name, size_t *ret_len)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, name);
	int fd = open(path, O_RDONLY);
	struct stat st;
	char *bytes;

	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_eq(fstat(fd, &st), 0);
	bytes = calloc(1, (size_t)st.st_size + 1);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(read_at(fd, bytes, (size_t)st.st_size, 0, path, NULL), ERR_OK);
	close(fd);
	if (ret_len != NULL)
		*ret_len = (size_t)st.st_size;
	return bytes;
}

bool folder_has(const char *folder, const char *name)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, name);

	return access(path, F_OK) == 0;
}

static int count_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)ftw;
	counted += type != FTW_D;
	return 0;
}

size_t folder_count(const char *folder)
{
	counted = 0;
	ck_assert_int_eq(nftw(folder, count_file, 16, FTW_PHYS), 0);
	return counted;
}

static bool is_alike(const char *name, int type)
{
	CLEANUP(free_ptr) char *one = NULL;
	CLEANUP(free_ptr) char *other = NULL;
	size_t one_len = 0, other_len = 0;

	if (!folder_has(compared_other, name))
		return false;
	if (type == FTW_D)
		return true;
	one = folder_read(compared_one, name, &one_len);
	other = folder_read(compared_other, name, &other_len);
	return one_len == other_len && memcmp(one, other, one_len) == 0;
}

static int compare_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + strlen(compared_one);

	(void)st;
	(void)ftw;
	if (*name == '\0' || is_alike(name + 1, type))
		return 0;
	differs = strdup(name + 1);
	return 1;
}

static void compare(const char *one, const char *other)
{
	compared_one = one;
	compared_other = other;
	ck_assert_int_ge(nftw(one, compare_one, 16, FTW_PHYS), 0);
}

char *folder_difference(const char *one, const char *other)
{
	differs = NULL;
	compare(one, other);
	if (differs == NULL)
		compare(other, one);
	return differs;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_remove(char *folder)
{
	ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_PHYS | FTW_DEPTH), 0);
	free(folder);
}
