/* room.h - whether a file of some size, or several, have a place where they are written.
 *
 * Units   Bytes.
 * Errors  ERR_IO: room_check says both sizes, and what to do.
 */
#ifndef BUNDLES_ROOM_H
#define BUNDLES_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct room {
	uint64_t free_bytes; /* on the disk, for this user; UINT64_MAX where it does not say */
	uint64_t held_bytes; /* what the file has of it already */
	bool is_fat;         /* a file system that takes no file of 4 GiB */
};

/* The room that an open file has; path names it. */
enum err_code room_of(int fd, const char *path, struct room *ret_room, struct err *err);
/* What a file that may be there holds of the disk. */
uint64_t room_held(const char *path);
/* A file of so many bytes, or more, is to be written there. */
enum err_code room_check(const struct room *r, const char *path, uint64_t size_bytes, struct err *err);
/* Files of so many bytes together are to be written into a folder, the largest of largest_bytes. */
enum err_code room_check_folder(const char *folder, uint64_t total_bytes, uint64_t largest_bytes, struct err *err);
#endif
