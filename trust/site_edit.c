#include "trust/site_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/site.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

bool site_is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= SITE_NAME_MAX && strspn(text, LETTERS "._-") == len && strchr(LETTERS, *text) != NULL;
}

size_t site_stem_len(const char *name)
{
	static const char *const ends[] = { ".pem", ".pub", ".list" };
	size_t i;

	for (i = 0; i < COUNT_OF(ends); i++) {
		if (text_ends(name, ends[i]))
			return strlen(name) - strlen(ends[i]);
	}
	return strlen(name);
}

enum err_code site_lock(bool make, int *ret_fd, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	const char *path = NULL;
	enum err_code code = site_folder(&path, err);

	if (code == ERR_OK && make)
		code = folder_make(path, err);
	if (code != ERR_OK)
		return code;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s: no such folder, so there is nothing to be removed", path);
	if (fd < 0)
		return err_errno(err, path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return err_set(err, ERR_CONFLICT, "%s: another run is changing it: wait for it", path);
	*ret_fd = fd;
	fd = -1;
	return ERR_OK;
}

void site_unmake(void)
{
	const char *path = NULL;

	if (site_folder(&path, NULL) == ERR_OK)
		rmdir(path);
}

enum err_code site_put(const char *folder, const char *name, const void *bytes, size_t len, struct err *err)
{
	CLEANUP(free_ptr) char *above = NULL;
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = site_path(folder, NULL, &above, err);

	if (code == ERR_OK)
		code = folder_make(above, err);
	if (code == ERR_OK)
		code = folder_sync_of(above, err);
	if (code == ERR_OK)
		code = site_path(folder, name, &path, err);
	return code == ERR_OK ? file_replace(path, bytes, len, err) : code;
}

enum err_code site_remove(const char *folder, const char *name, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = site_path(folder, name, &path, err);

	if (code != ERR_OK)
		return code;
	if (unlink(path) != 0)
		return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "%s: no such file", path) : err_errno(err, path);
	return folder_sync_of(path, err);
}
