#include "import/file_identity.h"

#include <errno.h>
#include <sys/stat.h>

static struct file_identity identity_of(const struct stat *st)
{
	return (struct file_identity){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size_bytes = (uint64_t)st->st_size,
		.modified = st->st_mtim,
		.changed = st->st_ctim,
	};
}

enum err_code identity_of_path(const char *path, struct file_identity *ret_identity, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "%s: no such file", path) : err_errno(err, path);
	*ret_identity = identity_of(&st);
	return ERR_OK;
}

enum err_code identity_of_fd(int fd, const char *name, struct file_identity *ret_identity, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_errno(err, name);
	*ret_identity = identity_of(&st);
	return ERR_OK;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool identity_equal(const struct file_identity *a, const struct file_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size_bytes == b->size_bytes &&
	       same_time(&a->modified, &b->modified);
}

bool identity_untouched(const struct file_identity *a, const struct file_identity *b)
{
	return identity_equal(a, b) && same_time(&a->changed, &b->changed);
}
