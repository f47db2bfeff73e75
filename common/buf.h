/* buf.h - a growable byte buffer that names its maximum at birth.
 *
 * Lifecycle  init, add any number of times, release.  Zeroed by release, which
 *            may run twice.
 * Bounds     Never more than max bytes; one more is ERR_LIMIT.
 * Ownership  data belongs to the buffer and is always NUL-terminated once
 *            something was added; the NUL is not counted in len.
 * Errors     ERR_NOMEM, ERR_LIMIT.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct buf {
	char *data; /* owned; NULL while empty */
	size_t len, cap, max;
};

/* An empty buffer that may grow to max bytes. */
void buf_init(struct buf *b, uint64_t max);
/* Append len bytes. */
enum err_code buf_add(struct buf *b, const void *bytes, size_t len, struct err *err);
/* Append a string. */
enum err_code buf_puts(struct buf *b, const char *text, struct err *err);
/* Append formatted text. */
enum err_code buf_printf(struct buf *b, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Forget the content, keep the room. */
void buf_clear(struct buf *b);
/* The content as a string, "" while empty. */
const char *buf_text(const struct buf *b);
/* Free the content.  A zeroed buffer is fine. */
void buf_release(struct buf *b);
/* The same for a content that is a secret: it is overwritten first. */
void buf_wipe(struct buf *b);
#endif
