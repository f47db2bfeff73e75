#include "trust/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

static const char *other_folder(void)
{
	const char *path = secure_getenv(SITE_VARIABLE);

	return path != NULL && *path != '\0' ? path : NULL;
}

/* What cannot be looked at is taken for there. */
static bool machine_has(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

enum err_code site_folder(const char **ret_path, struct err *err)
{
	const char *other = other_folder();

	if (other == NULL) {
		*ret_path = SITE_FOLDER;
		return ERR_OK;
	}
	if (machine_has(SITE_FOLDER "/" SITE_KEYS) || machine_has(SITE_FOLDER "/" SITE_REVOKED) ||
	    machine_has(SITE_FOLDER "/" SITE_POLICY))
		return err_set(err, ERR_USAGE,
			       SITE_VARIABLE " names %s, but this machine has its trust in " SITE_FOLDER
					     ", which alone counts: unset " SITE_VARIABLE,
			       other);
	*ret_path = other;
	return ERR_OK;
}

enum err_code site_path(const char *folder, const char *name, char **ret_path, struct err *err)
{
	const char *site = NULL;
	enum err_code code = site_folder(&site, err);

	return code == ERR_OK
		       ? str_format(ret_path, err, "%s%s%s%s%s", site, folder != NULL ? "/" : "",
				    folder != NULL ? folder : "", name != NULL ? "/" : "", name != NULL ? name : "")
		       : code;
}

/* What others could have written says nothing about whom the site trusts. */
static enum err_code check_opened(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_errno(err, path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(err, ERR_UNPROVED,
			       "%s: belongs to user %lu, so it does not say whom to trust here: chown root %s", path,
			       (unsigned long)st.st_uid, path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_UNPROVED,
			       "%s: others can write to it (mode %04o), so it does not say whom to trust here: look "
			       "what is in it, then chmod go-w %s",
			       path, (unsigned)(st.st_mode & 07777), path);
	return ERR_OK;
}

/* A link that leads nowhere was put there to lead somewhere: what it should lead to must not count as not there. */
static enum err_code check_missing(int above, const char *name, const char *path, struct err *err)
{
	struct stat st;

	if (fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? ERR_OK : err_errno(err, path);
	return err_set(err, ERR_IO, "%s: is a link to what is not there, so it does not say whom to trust here", path);
}

/* Open by a path below a folder that is open; -1 and ERR_OK where nothing is there. */
static enum err_code open_checked(int above, const char *name, int flags, const char *path, int *ret_fd,
				  struct err *err)
{
	CLEANUP(close_fd) int fd = openat(above, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	enum err_code code;

	if (fd < 0 && errno == ENOENT)
		return check_missing(above, name, path, err);
	if (fd < 0)
		return err_errno(err, path);
	code = check_opened(fd, path, err);
	if (code != ERR_OK)
		return code;
	*ret_fd = fd;
	fd = -1;
	return ERR_OK;
}

/* The site's folder or one in it.  A folder that the environment names must be there: else a mistake in its name would
 * mean that anything goes. */
static enum err_code open_folder(const char *folder, int *ret_fd, struct err *err)
{
	CLEANUP(close_fd) int site_fd = -1;
	CLEANUP(free_ptr) char *path = NULL;
	const char *site = NULL;
	enum err_code code = site_folder(&site, err);

	if (code == ERR_OK)
		code = open_checked(AT_FDCWD, site, O_DIRECTORY, site, &site_fd, err);
	if (code == ERR_OK && site_fd < 0 && other_folder() != NULL)
		return err_set(err, ERR_IO, "%s: no such folder, and " SITE_VARIABLE " names it", site);
	if (code != ERR_OK || site_fd < 0)
		return code;
	if (folder != NULL) {
		code = site_path(folder, NULL, &path, err);
		return code == ERR_OK ? open_checked(site_fd, folder, O_DIRECTORY, path, ret_fd, err) : code;
	}
	*ret_fd = site_fd;
	site_fd = -1;
	return ERR_OK;
}

static enum err_code add_name(struct site_files *files, const char *name, struct err *err)
{
	enum err_code code =
		vec_grow(&files->names, &files->cap, files->len + 1, sizeof(*files->names), LIMIT_TRUST_FILES, err);

	if (code == ERR_OK)
		code = str_copy(name, &files->names[files->len], err);
	files->len += code == ERR_OK;
	return code;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err_code read_names(DIR *dir, const char *folder, bool (*take)(const char *name), struct site_files *files,
				struct err *err)
{
	const struct dirent *entry;
	enum err_code code = ERR_OK;

	while (code == ERR_OK) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (take(entry->d_name))
			code = add_name(files, entry->d_name, err);
		if (code != ERR_OK)
			return err_add(err, "files in %s", folder);
	}
	return code == ERR_OK && errno != 0 ? err_errno(err, folder) : code;
}

enum err_code site_list(const char *folder, bool (*take)(const char *name), struct site_files *ret_files,
			struct err *err)
{
	CLEANUP(site_files_release) struct site_files files = { 0 };
	int fd = -1;
	DIR *dir;
	enum err_code code = open_folder(folder, &fd, err);

	if (code != ERR_OK || fd < 0)
		return code;
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return err_errno(err, folder);
	}
	code = read_names(dir, folder, take, &files, err);
	closedir(dir);
	if (code != ERR_OK)
		return code;
	if (files.len > 0)
		qsort(files.names, files.len, sizeof(*files.names), compare);
	*ret_files = files;
	files = (struct site_files){ 0 };
	return ERR_OK;
}

static enum err_code read_file(int folder_fd, const char *name, const char *path, struct buf *out, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	struct stat st;
	enum err_code code = folder_fd >= 0 ? open_checked(folder_fd, name, 0, path, &fd, err) : ERR_OK;

	if (code != ERR_OK)
		return code;
	if (fd < 0)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_IO, "%s: no regular file", path);
	return file_read_all(fd, path, out, err);
}

enum err_code site_read(const char *folder, const char *name, struct buf *out, struct err *err)
{
	CLEANUP(close_fd) int folder_fd = -1;
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = site_path(folder, name, &path, err);

	if (code == ERR_OK)
		code = open_folder(folder, &folder_fd, err);
	return code == ERR_OK ? read_file(folder_fd, name, path, out, err) : code;
}

enum err_code site_read_named(const char *path, struct buf *out, struct err *err)
{
	CLEANUP(close_fd) int folder_fd = -1;
	CLEANUP(free_ptr) char *folder = NULL;
	const char *slash = strrchr(path, '/');
	enum err_code code = folder_of(path, &folder, err);

	if (code == ERR_OK)
		code = open_checked(AT_FDCWD, folder, O_DIRECTORY, folder, &folder_fd, err);
	return code == ERR_OK ? read_file(folder_fd, slash != NULL ? slash + 1 : path, path, out, err) : code;
}

void site_files_release(struct site_files *files)
{
	size_t i;

	for (i = 0; i < files->len; i++)
		free(files->names[i]);
	free(files->names);
	*files = (struct site_files){ 0 };
}
