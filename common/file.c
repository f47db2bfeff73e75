#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/stream.h"

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

enum err_code file_read_all(int fd, const char *name, struct buf *out, struct err *err)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, name);
		if (buf_add(out, chunk, (size_t)n, err) != ERR_OK)
			return err_add(err, "%s", name);
	}
	return ERR_OK;
}

enum err_code file_read(const char *path, struct buf *out, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block */
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
	if (fd < 0)
		return err_errno(err, path);
	if (fstat(fd, &st) != 0)
		return err_errno(err, path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_IO, "%s: no regular file", path);
	return file_read_all(fd, path, out, err);
}

enum err_code file_read_any(const char *path, struct buf *out, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
	return fd >= 0 ? file_read_all(fd, path, out, err) : err_errno(err, path);
}

static enum err_code write_synced(const char *path, const void *bytes, size_t len, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	enum err_code code;

	if (fd < 0)
		return err_errno(err, path);
	code = write_at(fd, bytes, len, 0, path, err);
	if (code == ERR_OK && fsync(fd) != 0)
		code = err_errno(err, path);
	return code;
}

/* Links are followed: /dev/stdout is one. */
enum err_code file_check_output(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFLICT, "%s is there already and is no regular file: choose another name",
			       path);
	return ERR_OK;
}

enum err_code file_replace(const char *path, const void *bytes, size_t len, struct err *err)
{
	CLEANUP(free_ptr) char *part = NULL;
	enum err_code code = file_check_output(path, err);

	if (code == ERR_OK)
		code = str_format(&part, err, "%s.part", path);
	if (code != ERR_OK)
		return code;
	code = write_synced(part, bytes, len, err);
	if (code == ERR_OK && rename(part, path) != 0)
		code = err_errno(err, path);
	if (code != ERR_OK) {
		unlink(part);
		return code;
	}
	return folder_sync_of(path, err);
}

const char *folder_temporary(void)
{
	const char *folder = getenv("TMPDIR");

	return folder != NULL && *folder != '\0' ? folder : "/var/tmp";
}

/* Who has set TMPDIR long ago, or not at all, does not know what is wanted of that folder. */
static enum err_code nameless_failed(const char *folder, struct err *err)
{
	const char *temporary = folder_temporary();
	size_t len = strlen(temporary);
	enum err_code code = err_errno(err, folder);

	if (err == NULL || strncmp(folder, temporary, len) != 0 || strcspn(folder + len, "/") != 0 ||
	    folder[len + strspn(folder + len, "/")] != '\0')
		return code;
	return err_set(err, code, "%s (temporary files go there: TMPDIR names another folder)", err->msg);
}

/* O_TMPFILE where the file system knows it, else a name that is gone at once. */
enum err_code file_nameless(const char *folder, int *ret_fd, struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code;

	*ret_fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*ret_fd >= 0)
		return ERR_OK;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return nameless_failed(folder, err);
	code = str_format(&name, err, "%s/.bundle-XXXXXX", folder);
	if (code != ERR_OK)
		return code;
	*ret_fd = mkostemp(name, O_CLOEXEC);
	if (*ret_fd < 0)
		return nameless_failed(folder, err);
	unlink(name);
	return ERR_OK;
}

static enum err_code make_one(const char *path, struct err *err)
{
	struct stat st;

	if (mkdir(path, 0755) == 0)
		return ERR_OK;
	if (errno != EEXIST || stat(path, &st) != 0)
		return err_errno(err, path);
	return S_ISDIR(st.st_mode) ? ERR_OK : err_set(err, ERR_IO, "%s: there already, and no folder", path);
}

enum err_code folder_make(const char *path, struct err *err)
{
	CLEANUP(free_ptr) char *copy = NULL;
	enum err_code code = str_copy(path, &copy, err);
	char *slash;

	if (code != ERR_OK)
		return code;
	slash = strchr(copy + strspn(copy, "/"), '/');
	for (; code == ERR_OK && slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		code = make_one(copy, err);
		*slash = '/';
	}
	return code == ERR_OK ? make_one(copy, err) : code;
}

enum err_code folder_of(const char *path, char **ret_folder, struct err *err)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? str_copy(".", ret_folder, err)
			     : str_format(ret_folder, err, "%.*s/", (int)(slash - path), path);
}

/* Below a folder whose one spelling is known, a last component that is not there. */
static enum err_code real_below(const char *real, const char *last, char **ret_path, struct err *err)
{
	const char *slash = strrchr(real, '/');

	if (strcmp(last, ".") == 0)
		return str_copy(real, ret_path, err);
	if (strcmp(last, "..") == 0)
		return str_format(ret_path, err, "%.*s", slash > real ? (int)(slash - real) : 1, real);
	return str_format(ret_path, err, "%s/%s", strcmp(real, "/") == 0 ? "" : real, last);
}

enum err_code path_real(const char *path, char **ret_path, struct err *err)
{
	CLEANUP(free_ptr) char *found = realpath(path, NULL);
	CLEANUP(free_ptr) char *copy = NULL;
	CLEANUP(free_ptr) char *folder = NULL;
	CLEANUP(free_ptr) char *real = NULL;
	const char *slash;
	enum err_code code;
	size_t len;

	if (found != NULL) {
		*ret_path = take_ptr(&found);
		return ERR_OK;
	}
	if (errno != ENOENT)
		return err_errno(err, path);
	code = str_copy(*path != '\0' ? path : ".", &copy, err);
	if (code != ERR_OK)
		return code;
	for (len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	code = folder_of(copy, &folder, err);
	if (code == ERR_OK)
		code = path_real(folder, &real, err);
	slash = strrchr(copy, '/');
	return code == ERR_OK ? real_below(real, slash != NULL ? slash + 1 : copy, ret_path, err) : code;
}

enum err_code folder_sync_of(const char *path, struct err *err)
{
	CLEANUP(free_ptr) char *folder = NULL;
	CLEANUP(close_fd) int fd = -1;
	enum err_code code = folder_of(path, &folder, err);

	if (code != ERR_OK)
		return code;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return err_errno(err, folder);
	return ERR_OK;
}
