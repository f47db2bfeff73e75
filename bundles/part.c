#include "bundles/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"

static enum err_code check_target(const char *target, struct err *err)
{
	struct stat st;

	if (stat(target, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFLICT, "%s is there already and is no regular file: choose another name",
			       target);
	return ERR_OK;
}

/* The lock counts only if the name still stands for the file that we locked: its last holder may have renamed it. */
static bool is_same_file(const char *path, int fd)
{
	struct stat named, held;

	return lstat(path, &named) == 0 && fstat(fd, &held) == 0 && S_ISREG(held.st_mode) &&
	       named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

static enum err_code open_locked(const char *path, int *ret_fd, struct err *err)
{
	for (;;) {
		CLEANUP(close_fd) int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);

		if (fd < 0)
			return err_errno(err, path);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			if (errno != EWOULDBLOCK)
				return err_errno(err, path);
			return err_set(err, ERR_CONFLICT,
				       "%s: another run is writing it: wait for it, or write elsewhere", path);
		}
		if (is_same_file(path, fd)) {
			*ret_fd = fd;
			fd = -1;
			return ERR_OK;
		}
	}
}

enum err_code part_open(const char *target, struct part *ret_part, struct err *err)
{
	struct part p = { .fd = -1 };
	enum err_code code = check_target(target, err);

	if (code == ERR_OK)
		code = str_copy(target, &p.target, err);
	if (code == ERR_OK)
		code = str_format(&p.path, err, "%s.part", target);
	if (code == ERR_OK)
		code = open_locked(p.path, &p.fd, err);
	if (code == ERR_OK && ftruncate(p.fd, 0) != 0)
		code = err_errno(err, p.path);
	if (code == ERR_OK)
		*ret_part = p;
	else
		part_release(&p);
	return code;
}

enum err_code part_check_room(const struct part *p, uint64_t need_bytes, struct err *err)
{
	char need[TEXT_SIZE_MAX], room[TEXT_SIZE_MAX];
	struct statvfs fs;
	uint64_t room_bytes;

	if (fstatvfs(p->fd, &fs) != 0)
		return err_errno(err, p->path);
	if (__builtin_mul_overflow((uint64_t)fs.f_bavail, (uint64_t)fs.f_frsize, &room_bytes) ||
	    room_bytes >= need_bytes)
		return ERR_OK;
	return err_set(err, ERR_IO,
		       "%s: at least %s are still to be written, and the disk has room for %s: free some space",
		       p->path, text_size(need_bytes, need), text_size(room_bytes, room));
}

enum err_code part_publish(struct part *p, uint64_t size_bytes, struct err *err)
{
	if (ftruncate(p->fd, (off_t)size_bytes) != 0 || fsync(p->fd) != 0)
		return err_errno(err, p->path);
	if (rename(p->path, p->target) != 0)
		return err_errno(err, p->target);
	free(take_ptr(&p->path));
	return folder_sync_of(p->target, err);
}

void part_release(struct part *p)
{
	if (p->path != NULL && p->fd >= 0)
		unlink(p->path); /* while the lock is held: it is ours */
	if (p->target != NULL)
		close_fd(&p->fd);
	free(p->path);
	free(p->target);
	*p = (struct part){ .fd = -1 };
}
