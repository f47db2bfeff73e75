/* load_answer.h - what a daemon says while it loads: JSON lines, read as they come.
 *
 * Lifecycle  load_answer_init; the stream takes the body, finish takes a last
 *            line without its end; look; load_answer_release.
 * Bounds     LOAD_LINE_MAX bytes a line; the first failure of each kind is
 *            kept, cut to ERR_MSG_MAX.
 * Errors     ERR_LIMIT (a longer line), ERR_FORMAT (a line that is no JSON
 *            object), ERR_NOMEM.  What the daemon reports is no error of the
 *            stream: the caller looks at it when the transfer is over, because
 *            HTTP says 200 whatever happened.
 * Source     moby daemon/containerd/image_exporter.go, LoadImage; Docker
 *            Engine API, ImageLoad.
 */
#ifndef IMPORT_LOAD_ANSWER_H
#define IMPORT_LOAD_ANSWER_H

#include <stdbool.h>

#include "common/stream.h"

#define LOAD_LINE_MAX 65536

struct load_answer {
	struct outstream out;
	struct buf line;
	char error[ERR_MSG_MAX]; /* why the load failed; "" for success */
	/* True where it is expected that the image of this familiar name cannot be unpacked. */
	bool (*expected)(void *ctx, const char *name);
	void *ctx;
	char unpack[ERR_MSG_MAX]; /* the daemon's line on an image that is loaded but cannot run; "" if there is none */
	size_t loaded;            /* images that were given their name */
};

/* expected may be NULL: nothing is. */
void load_answer_init(struct load_answer *a, bool (*expected)(void *ctx, const char *name), void *ctx);
void load_answer_release(struct load_answer *a);
#endif
