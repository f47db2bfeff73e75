/* upload_content.h - the content of a blob on its way into a registry: as one stream from any byte on, or in chunks.
 *
 * Lifecycle  upload_content_init; upload_content_from any number of times, or upload_content_chunk; release.
 * Bounds     A chunk has at most UPLOAD_CHUNK_MAX bytes, and stays in memory until the next one is asked for: it can
 *            be sent again.
 * Proof      The last byte is given only after the read that meets the end of the proved content.
 * Ownership  Streams belong to the content.
 * Errors     Those of the opener and of what it opens; ERR_NOMEM.
 */
#ifndef COMMON_UPLOAD_CONTENT_H
#define COMMON_UPLOAD_CONTENT_H

#include <stdbool.h>

#include "common/limits.h"
#include "common/stream.h"

#define UPLOAD_CHUNK_BYTES ((size_t)(5 * MIB)) /* no object store wants its parts larger */
#define UPLOAD_CHUNK_MAX ((size_t)(32 * MIB))

/* The content from its first byte; the read that meets its end fails unless it is proved. */
typedef enum err_code upload_open_fn(void *ctx, struct instream **ret_in, struct err *err);

struct upload_content {
	struct instream in; /* what upload_content_from gives */
	uint64_t size_bytes;
	upload_open_fn *open;
	void *ctx;
	struct instream *source;
	uint64_t skip_bytes; /* still to be read and dropped */
	bool has_last;
	char last;
	char *chunk;
	size_t chunk_len, chunk_cap;
	uint64_t chunk_at_bytes;
};

void upload_content_init(struct upload_content *c, uint64_t size_bytes, upload_open_fn *open, void *ctx);
/* Open it anew, and give what follows after so many bytes. */
enum err_code upload_content_from(struct upload_content *c, uint64_t at_bytes, struct instream **ret_in,
				  struct err *err);
/* The bytes from there on, as many as are in memory; where that is the end of the chunk, the next one, of so many
 * bytes or up to the end.  For what lies in front of the chunk it is opened again. */
enum err_code upload_content_chunk(struct upload_content *c, uint64_t at_bytes, size_t chunk_bytes,
				   const char **ret_bytes, size_t *ret_len, struct err *err);
/* Begin the chunks again. */
void upload_content_restart(struct upload_content *c);
void upload_content_release(struct upload_content *c);
#endif
