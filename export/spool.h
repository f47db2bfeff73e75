/* spool.h - small blobs on their way: they arrive in any order and are written in one.
 *
 * Lifecycle  spool_open; spool_put or spool_reserve once for a node; spool_read;
 *            spool_release.
 * Bounds     8 bytes of memory a node; the bytes lie in a file without a name,
 *            in the folder of the bundle, which is gone when the process is.
 * Errors     ERR_IO, ERR_NOMEM.
 */
#ifndef EXPORT_SPOOL_H
#define EXPORT_SPOOL_H

#include <stdint.h>

#include "common/stream.h"

struct spool {
	int fd;
	char *name; /* owned: for messages */
	uint64_t end_bytes;
	uint64_t *offsets; /* by node */
	size_t offsets_cap;
};

/* A spool beside the file at path. */
enum err_code spool_open(struct spool *s, const char *path, struct err *err);
/* Keep a node's bytes. */
enum err_code spool_put(struct spool *s, uint32_t node, const void *bytes, size_t len, struct err *err);
/* Room for a node's bytes, to be filled through out. */
enum err_code spool_reserve(struct spool *s, uint32_t node, uint64_t size_bytes, struct fd_stage *ret_out,
			    struct err *err);
/* Read them back. */
void spool_read(const struct spool *s, uint32_t node, uint64_t size_bytes, struct fd_stream *ret_in);
/* A spool that was zeroed and whose fd is -1 is fine. */
void spool_release(struct spool *s);
#endif
