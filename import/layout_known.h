/* layout_known.h - images of a layout that were accepted, so that none is judged again while its graph is the same.
 *
 * A graph is known by its root, by which of the manifests under that are not there, and by
 * what refers to the others; the rest is proved by digests.
 *
 * Lifecycle  A zeroed one is empty; layout_known_find and layout_known_keep any number of
 *            times; layout_known_release.
 * Bounds     LIMIT_IMAGES images, with LIMIT_JUDGED manifests; what would be too much is not
 *            kept.
 * Ownership  What is found is this one's, until the same key is kept again.
 * Errors     ERR_NOMEM; those of the source.
 */
#ifndef IMPORT_LAYOUT_KNOWN_H
#define IMPORT_LAYOUT_KNOWN_H

#include <stdbool.h>

#include "common/graph.h"
#include "common/intern.h"
#include "common/source.h"

struct layout_known {
	void *images;              /* a tsearch tree */
	size_t len, manifests_len; /* images, and manifests of all of them */
	struct intern digests;     /* of these */
};

/* True where an image of this key, which says its name and root, would have the same graph again; then *ret_absent are
 * the digests of its manifests that are not there. */
bool layout_known_find(const struct layout_known *l, char *key, struct source *source, const char *const **ret_absent,
		       size_t *ret_len);
/* Takes the key over where it is kept. */
enum err_code layout_known_keep(struct layout_known *l, char **key, const struct graph *g, struct source *source,
				struct err *err);
void layout_known_release(struct layout_known *l);
#endif
