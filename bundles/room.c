#include "bundles/room.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"

#define STAT_BLOCK_BYTES ((uint64_t)512) /* of st_blocks, whatever the file system's own are */
#define FAT_FILE_MAX UINT32_MAX

static uint64_t held(const struct stat *st)
{
	return S_ISREG(st->st_mode) ? (uint64_t)st->st_blocks * STAT_BLOCK_BYTES : 0;
}

uint64_t room_held(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? held(&st) : 0;
}

enum err_code room_of(int fd, const char *path, struct room *ret_room, struct err *err)
{
	struct room r = { 0 };
	struct statvfs size;
	struct statfs kind;
	struct stat st;

	if (fstatvfs(fd, &size) != 0 || fstatfs(fd, &kind) != 0 || fstat(fd, &st) != 0)
		return err_errno(err, path);
	if (size.f_blocks == 0 || /* as of some file systems in user space: no size at all */
	    __builtin_mul_overflow((uint64_t)size.f_bavail, (uint64_t)size.f_frsize, &r.free_bytes))
		r.free_bytes = UINT64_MAX;
	r.held_bytes = held(&st);
	r.is_fat = kind.f_type == MSDOS_SUPER_MAGIC;
	*ret_room = r;
	return ERR_OK;
}

enum err_code room_check(const struct room *r, const char *path, uint64_t size_bytes, struct err *err)
{
	char need[TEXT_SIZE_MAX], room[TEXT_SIZE_MAX];
	uint64_t left_bytes = size_bytes > r->held_bytes ? size_bytes - r->held_bytes : 0;

	if (r->is_fat && size_bytes > FAT_FILE_MAX)
		return err_set(
			err, ERR_IO,
			"%s: at least %s, and this is a FAT file system, which takes no file of 4 GiB: use a disk "
			"with exFAT or ext4, or fewer images",
			path, text_size(size_bytes, need));
	if (left_bytes <= r->free_bytes)
		return ERR_OK;
	return err_set(err, ERR_IO,
		       "%s: at least %s are still to be written, and the disk has room for %s: free some space", path,
		       text_size(left_bytes, need), text_size(r->free_bytes, room));
}

enum err_code room_check_folder(const char *folder, uint64_t total_bytes, uint64_t largest_bytes, struct err *err)
{
	CLEANUP(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct room room = { 0 };
	enum err_code code = fd >= 0 ? room_of(fd, folder, &room, err) : err_errno(err, folder);

	if (code == ERR_OK)
		code = room_check(&room, folder, largest_bytes, err);
	room.is_fat = false; /* together they may be as large as they like */
	return code == ERR_OK ? room_check(&room, folder, total_bytes, err) : code;
}
