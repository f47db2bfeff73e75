/* seek.h - the seek table: where every frame stands in the file and what part of the tar it holds.
 *
 * Lifecycle  Writing: seek_add for every frame in the file's order, seek_write.
 *            Reading: seek_read.  Then look, and seek_release.
 * Units      Offsets are bytes: in the file, and in the tar it decodes to.
 * Bounds     At most SEEK_FRAMES_MAX frames, 16 bytes each in memory.
 * Errors     ERR_DAMAGED, ERR_LIMIT, ERR_IO, ERR_NOMEM.
 * Source     The zstd seekable format, version 0.1.0, last in the file:
 *              4  5E 2A 4D 18
 *              4  how many bytes follow
 *              then for each frame, skippable ones and the empty one included,
 *              4  its size in the file
 *              4  its size decoded, 0 for those that hold nothing
 *              and at the end
 *              4  how many frames
 *              1  descriptor: 00, no checksums
 *              4  B1 EA 92 8F
 */
#ifndef BUNDLES_SEEK_H
#define BUNDLES_SEEK_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/stream.h"

#define SEEK_FRAMES_MAX ((size_t)2000000)

struct seek_entry {
	uint64_t file_offset, tar_offset;
};

/* entries[len] is where the next frame would begin: the sizes of frame i are differences. */
struct seek_table {
	struct seek_entry *entries; /* owned */
	size_t len, cap;
};

/* Begin an empty table. */
enum err_code seek_init(struct seek_table *t, struct err *err);
/* Add the next frame. */
enum err_code seek_add(struct seek_table *t, uint64_t stored_bytes, uint64_t decoded_bytes, struct err *err);
/* Add the frames of so much raw content, each of FRAME_CONTENT_BYTES but for the last. */
enum err_code seek_add_raw(struct seek_table *t, uint64_t content_bytes, struct err *err);
/* Forget the frames from len on. */
void seek_cut(struct seek_table *t, size_t len);
/* How many bytes seek_write writes of so many frames. */
uint64_t seek_bytes(size_t frames);
enum err_code seek_write(const struct seek_table *t, struct outstream *out, struct err *err);
/* Read the table at the end of a file; its frames end exactly where it begins. */
enum err_code seek_read(int fd, uint64_t file_bytes, const char *name, struct seek_table *ret_table, struct err *err);
/* The frame that holds this byte of the tar; the byte must be in the table. */
size_t seek_find(const struct seek_table *t, uint64_t tar_offset);
/* A zeroed table is fine. */
void seek_release(struct seek_table *t);
#endif
