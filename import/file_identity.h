/* file_identity.h - whether a file is still the one that was looked at, told without reading it.
 *
 * Errors  ERR_NOT_FOUND (no such file), ERR_IO.
 */
#ifndef IMPORT_FILE_IDENTITY_H
#define IMPORT_FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "common/err.h"

struct file_identity {
	dev_t device;
	ino_t inode;
	uint64_t size_bytes;
	struct timespec modified, changed;
};

enum err_code identity_of_path(const char *path, struct file_identity *ret_identity, struct err *err);
/* name is for messages. */
enum err_code identity_of_fd(int fd, const char *name, struct file_identity *ret_identity, struct err *err);
/* True for the same content, as far as whoever has not set out to deceive is concerned: a file may be moved, linked and
 * given other rights meanwhile. */
bool identity_equal(const struct file_identity *a, const struct file_identity *b);
/* True where nothing at all was done to it: its times may be given back to a file that was changed, but not the time
 * at which that was done. */
bool identity_untouched(const struct file_identity *a, const struct file_identity *b);
#endif
