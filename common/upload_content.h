/* upload_content.h - the content of a blob on its way into a registry, as one stream from any byte on.
 *
 * Lifecycle  upload_content_init; upload_content_from any number of times; release.
 * Proof      The last byte is given only after the read that meets the end of the proved content.
 * Bounds     One byte in memory.  Where it goes on from what was given last, it goes on being read; for any other
 *            place it is opened again.
 * Ownership  Streams belong to the content.
 * Errors     Those of the opener and of what it opens; ERR_SIZE where that ends too early; ERR_NOMEM.
 */
#ifndef COMMON_UPLOAD_CONTENT_H
#define COMMON_UPLOAD_CONTENT_H

#include <stdbool.h>

#include "common/stream.h"

/* The content from its first byte; the read that meets its end fails unless it is proved. */
typedef enum err_code upload_open_fn(void *ctx, struct instream **ret_in, struct err *err);

struct upload_content {
	struct instream in; /* what upload_content_from gives */
	uint64_t size_bytes;
	upload_open_fn *open;
	void *ctx;
	struct instream *source;
	uint64_t at_bytes;   /* so many have been given */
	uint64_t skip_bytes; /* still to be read and dropped */
	bool has_last;
	char last;
};

void upload_content_init(struct upload_content *c, uint64_t size_bytes, upload_open_fn *open, void *ctx);
/* Give what follows after so many bytes. */
enum err_code upload_content_from(struct upload_content *c, uint64_t at_bytes, struct instream **ret_in,
				  struct err *err);
void upload_content_release(struct upload_content *c);
#endif
