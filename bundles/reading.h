/* reading.h - the inside of an opened bundle, for reader.h and what proves it.
 *
 * Lifecycle, ownership  Those of reader.h.
 * Errors  Those of the stream; ERR_DAMAGED for every difference.
 */
#ifndef BUNDLES_READING_H
#define BUNDLES_READING_H

#include <stdint.h>

#include "bundles/description.h"
#include "bundles/frame_read.h"
#include "bundles/head.h"
#include "bundles/reader.h"
#include "bundles/seek.h"
#include "bundles/shape.h"

struct bundle {
	char *path; /* owned */
	int fd;     /* owned */
	uint64_t size_bytes;
	struct head head;
	struct seek_table seek;
	struct frame_file file; /* path, fd and seek, as frame readers want them */
	struct description description;
	struct shape shape;
};

/* The next bytes of a stream must be these.  what names them in messages. */
enum err_code expect_bytes(struct instream *in, const void *want, size_t len, const char *what, struct err *err);
/* The next member's header, as it must be. */
enum err_code expect_header(struct instream *in, const struct member *m, struct err *err);
/* Zeros, at most two blocks and a padding. */
enum err_code expect_zeros(struct instream *in, size_t len, const char *what, struct err *err);
/* All that is left of a stream must be the content of a member: of its size and digest. */
enum err_code expect_digest(struct instream *in, const struct member *m, struct err *err);
#endif
