/* serve_engine_inspect.h - one image, and all of them, as the Engine API inspects and lists them.
 *
 * Bounds     What the answer takes.
 * Errors     Those of serve_engine_image.h.
 * Versions   Members that an API version has or lacks are as moby has them, from 1.44 on.
 * Unknown    Only a running daemon knows what unpacked layers take, when a name was last given to an image, and how
 *            much of an image others share: totals are those of the content, LastTagTime is Go's zero time, SharedSize
 *            is -1 and no container uses anything.
 * Source     moby daemon/containerd/image_inspect.go, image_list.go; daemon/server/router/image.
 */
#ifndef IMPORT_SERVE_ENGINE_INSPECT_H
#define IMPORT_SERVE_ENGINE_INSPECT_H

#include "import/serve_engine_image.h"

/* An image as it is asked for. */
struct engine_shown {
	const struct engine_image *image;
	struct source *source;
	const char *const *names; /* full normalised names of this root, in order; at least one */
	size_t names_len;
	const char *name; /* the one of them that was asked for, or the last */
	unsigned api;     /* 44 to 55: of 1.44 to 1.55 */
	bool manifests, statements;
	bool one_platform; /* its best manifest is shown as if it were all */
};

/* Put what GET /images/{name}/json answers. */
enum err_code engine_inspect_put(const struct engine_shown *s, struct js_out *o, struct err *err);
/* Put one entry of what GET /images/json answers. */
enum err_code engine_summary_put(const struct engine_shown *s, struct js_out *o, struct err *err);
/* Seconds since 1970 of a time as RFC 3339 writes it; false for what is none. */
bool engine_time(const char *text, int64_t *ret_seconds);
#endif
