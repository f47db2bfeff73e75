/* file.h - files and folders: whole small files, and publishing by rename.
 *
 * Errors  ERR_NOT_FOUND (no such file), ERR_CONFLICT (what is to become a file
 *         is something else), ERR_IO, ERR_LIMIT, ERR_NOMEM; messages name the
 *         path.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

/* Append the whole content of a regular file. */
enum err_code file_read(const char *path, struct buf *out, struct err *err);
/* Append the whole content of whatever can be read by that path, a pipe too, as <(…) of a shell. */
enum err_code file_read_any(const char *path, struct buf *out, struct err *err);
/* Append everything that comes from a descriptor, a pipe or whatever it is; name is for messages. */
enum err_code file_read_all(int fd, const char *name, struct buf *out, struct err *err);
/* ERR_CONFLICT where what has the name already that a file is to get is none: a folder, a device, a pipe. */
enum err_code file_check_output(const char *path, struct err *err);
/* Replace a file's content at once: a temporary name beside it, sync, rename, sync of the folder.  What is no file is
 * left as it is. */
enum err_code file_replace(const char *path, const void *bytes, size_t len, struct err *err);
/* Where temporary files go: $TMPDIR, else /var/tmp, for they may be large. */
const char *folder_temporary(void);
/* A file without a name in a folder: it is gone when it is closed, whatever happens. */
enum err_code file_nameless(const char *folder, int *ret_fd, struct err *err);
/* Make a folder and the folders above it. */
enum err_code folder_make(const char *path, struct err *err);
/* The folder that holds path, for the caller to free. */
enum err_code folder_of(const char *path, char **ret_folder, struct err *err);
/* The one spelling of a path, absolute and without links, for the caller to free; what is not there keeps its name. */
enum err_code path_real(const char *path, char **ret_path, struct err *err);
/* Sync the folder that holds path, so that a rename in it lasts. */
enum err_code folder_sync_of(const char *path, struct err *err);
/* Cleanup handler: close *fd if it is open. */
void close_fd(int *fd);
#endif
