#include "bundles/part.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundles/frame.h"
#include "bundles/room.h"
#include "common/file.h"
#include "common/mem.h"
#include "common/stream.h"

/* The lock counts only if the name still stands for the file that we locked: its last holder may have renamed it. */
static bool is_same_file(const char *path, int fd)
{
	struct stat named, held;

	return lstat(path, &named) == 0 && fstat(fd, &held) == 0 && S_ISREG(held.st_mode) &&
	       named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

/* A link too: it may lead anywhere. */
static enum err_code in_the_way(const char *path, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "%s is there already and is no regular file: move it away", path);
}

static enum err_code open_locked(const char *path, int create, int *ret_fd, struct err *err)
{
	struct stat st;

	for (;;) {
		CLEANUP(close_fd) int fd = open(path, O_RDWR | create | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);

		if (fd < 0 && errno == ENOENT && create == 0)
			return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
		if (fd < 0 && (errno == ELOOP || errno == EISDIR) && lstat(path, &st) == 0)
			return in_the_way(path, err);
		if (fd < 0)
			return err_errno(err, path);
		if (fstat(fd, &st) != 0)
			return err_errno(err, path);
		if (!S_ISREG(st.st_mode))
			return in_the_way(path, err);
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
	struct stat st = { 0 };
	enum err_code code = file_check_output(target, err);

	if (code == ERR_OK)
		code = str_copy(target, &p.target, err);
	if (code == ERR_OK)
		code = str_format(&p.path, err, "%s.part", target);
	if (code == ERR_OK)
		code = open_locked(p.path, O_CREAT, &p.fd, err);
	if (code == ERR_OK && fstat(p.fd, &st) != 0)
		code = err_errno(err, p.path);
	p.keep = code != ERR_OK || st.st_size > 0;
	if (code == ERR_OK)
		*ret_part = p;
	else
		part_release(&p);
	return code;
}

enum err_code part_open_old(const char *target, struct part *ret_part, struct err *err)
{
	struct part p = { .fd = -1, .keep = true };
	enum err_code code = str_copy(target, &p.target, err);

	if (code == ERR_OK)
		code = str_format(&p.path, err, "%s.part.old", target);
	if (code == ERR_OK)
		code = open_locked(p.path, 0, &p.fd, err);
	if (code == ERR_OK)
		*ret_part = p;
	else
		part_release(&p);
	return code;
}

/* Synced before anything else is written: whatever a power loss leaves, it begins in a way that only ours do. */
enum err_code part_begin(struct part *p, struct err *err)
{
	enum err_code code;

	p->keep = p->resumed = false;
	if (ftruncate(p->fd, 0) != 0)
		return err_errno(err, p->path);
	code = write_at(p->fd, FRAME_EMPTY, FRAME_EMPTY_BYTES, 0, p->path, err);
	if (code != ERR_OK || p->piped)
		return code;
	code = part_sync(p, err);
	return code == ERR_OK ? folder_sync_of(p->path, err) : code;
}

enum err_code part_set_aside(struct part *p, struct part *ret_old, struct err *err)
{
	struct part old = { .fd = -1, .keep = true };
	enum err_code code = str_format(&old.path, err, "%s.old", p->path);

	if (code == ERR_OK)
		code = str_copy(p->target, &old.target, err);
	if (code == ERR_OK && rename(p->path, old.path) != 0)
		code = err_errno(err, old.path);
	if (code != ERR_OK) {
		part_release(&old);
		return code;
	}
	old.fd = p->fd; /* and with it the lock */
	p->fd = -1;
	p->keep = p->resumed = false;
	*ret_old = old;
	return open_locked(p->path, O_CREAT, &p->fd, err);
}

enum err_code part_check_room(const struct part *p, uint64_t size_bytes, struct err *err)
{
	struct room room = { 0 };
	enum err_code code;

	if (p->target == NULL)
		return ERR_OK;
	code = room_of(p->fd, p->path, &room, err);
	room.held_bytes += p->held_bytes;
	return code == ERR_OK ? room_check(&room, p->path, size_bytes, err) : code;
}

/* True where these very bytes are in the file. */
static bool stands(const struct part *p, const void *bytes, size_t len, uint64_t offset_bytes)
{
	unsigned char chunk[STREAM_CHUNK_BYTES];
	const unsigned char *from = bytes;

	while (len > 0) {
		size_t some = len < sizeof(chunk) ? len : sizeof(chunk);

		if (read_at(p->fd, chunk, some, offset_bytes, p->path, NULL) != ERR_OK ||
		    memcmp(chunk, from, some) != 0)
			return false;
		from += some;
		len -= some;
		offset_bytes += some;
	}
	return true;
}

static enum err_code send(struct part *p, const void *bytes, size_t len, struct err *err)
{
	const char *from = bytes;

	while (len > 0) {
		ssize_t n = write(p->pipe, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, p->path);
		from += n;
		len -= (size_t)n;
		p->flowed_bytes += (uint64_t)n;
	}
	return ERR_OK;
}

enum err_code part_open_pipe(int pipe, const char *name, struct part *ret_part, struct err *err)
{
	struct part p = { .fd = -1, .piped = true, .pipe = pipe };
	enum err_code code = str_copy(name, &p.path, err);

	if (code == ERR_OK)
		code = str_copy(name, &p.target, err);
	if (code == ERR_OK)
		code = file_nameless(folder_temporary(), &p.fd, err);
	if (code == ERR_OK)
		*ret_part = p;
	else
		part_release(&p);
	return code;
}

enum err_code part_open_measured(const char *target, struct part *ret_part, struct err *err)
{
	struct part p = { .fd = -1, .piped = true, .measured = true };
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code =
		target != NULL ? folder_of(target, &folder, err) : str_copy(folder_temporary(), &folder, err);

	if (code == ERR_OK)
		code = str_format(&p.path, err, "%s.part", target != NULL ? target : "bundle");
	if (code == ERR_OK && target != NULL)
		code = str_copy(target, &p.target, err);
	if (code == ERR_OK)
		code = file_nameless(folder, &p.fd, err);
	if (code == ERR_OK && target != NULL)
		p.held_bytes = room_held(p.path);
	if (code == ERR_OK)
		*ret_part = p;
	else
		part_release(&p);
	return code;
}

enum err_code part_flow(struct part *p, uint64_t len_bytes, struct err *err)
{
	unsigned char chunk[STREAM_CHUNK_BYTES];
	enum err_code code = ERR_OK;

	while (code == ERR_OK && p->flowed_bytes < len_bytes) {
		uint64_t left = len_bytes - p->flowed_bytes;
		size_t len = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		code = read_at(p->fd, chunk, len, p->flowed_bytes, p->path, err);
		if (code == ERR_OK)
			code = send(p, chunk, len, err);
	}
	p->flowing = true;
	return code;
}

enum err_code part_write(struct part *p, const void *bytes, size_t len, uint64_t offset_bytes, struct err *err)
{
	if (p->flowing) {
		assert(offset_bytes == p->flowed_bytes);
		return send(p, bytes, len, err);
	}
	if (p->resumed && stands(p, bytes, len, offset_bytes))
		return ERR_OK;
	return write_at(p->fd, bytes, len, offset_bytes, p->path, err);
}

enum err_code part_sync(const struct part *p, struct err *err)
{
	return fsync(p->fd) == 0 ? ERR_OK : err_errno(err, p->path);
}

enum err_code part_publish(struct part *p, uint64_t size_bytes, struct err *err)
{
	enum err_code code;

	if (ftruncate(p->fd, (off_t)size_bytes) != 0)
		return err_errno(err, p->path);
	code = part_sync(p, err);
	if (code != ERR_OK)
		return code;
	if (rename(p->path, p->target) != 0)
		return err_errno(err, p->target);
	free(take_ptr(&p->path));
	return folder_sync_of(p->target, err);
}

void part_release(struct part *p)
{
	if (p->path != NULL && p->fd >= 0 && !p->keep && !p->piped)
		unlink(p->path); /* while the lock is held: it is ours */
	if (p->path != NULL || p->target != NULL)
		close_fd(&p->fd); /* else it is a zeroed one, whose fd 0 is not ours */
	free(p->path);
	free(p->target);
	*p = (struct part){ .fd = -1 };
}
