/* The part of frame_read.h that finds where a frame ends where no seek table says it. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zstd.h>

#include "bundles/frame.h"
#include "bundles/frame_read.h"
#include "common/mem.h"

/* The most that can belong to the frame: what such content may take, and what the file has. */
static enum err_code reach(const struct frame_file *file, uint64_t file_at, uint64_t content_bytes, size_t *ret_len,
			   struct err *err)
{
	size_t bound = ZSTD_compressBound((size_t)content_bytes);
	struct stat st;
	uint64_t left;

	if (fstat(file->fd, &st) != 0)
		return err_errno(err, file->name);
	left = (uint64_t)st.st_size > file_at ? (uint64_t)st.st_size - file_at : 0;
	*ret_len = left < bound ? (size_t)left : bound;
	return ERR_OK;
}

enum err_code frame_walk(const struct frame_file *file, uint64_t file_at, uint64_t content_bytes, uint64_t *ret_stored,
			 struct err *err)
{
	CLEANUP(free_ptr) unsigned char *bytes = NULL;
	size_t len = 0, stored;
	enum err_code code = reach(file, file_at, content_bytes, &len, err);

	if (code != ERR_OK)
		return code;
	bytes = malloc(len + 1);
	if (bytes == NULL)
		return err_nomem(err);
	code = read_at(file->fd, bytes, len, file_at, file->name, err);
	if (code != ERR_OK)
		return code;
	stored = ZSTD_findFrameCompressedSize(bytes, len);
	if (ZSTD_isError(stored) || !frame_begins(bytes, len, (size_t)content_bytes))
		return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": no whole frame of %" PRIu64 " bytes",
			       file->name, file_at, content_bytes);
	*ret_stored = stored;
	return ERR_OK;
}
