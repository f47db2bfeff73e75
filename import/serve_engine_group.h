/* serve_engine_group.h - the images of a catalog as a daemon counts them: by what they are, with all their names.
 *
 * Lifecycle  engine_groups_all or engine_groups_of; look; engine_groups_release.
 * Ownership  Names and images are the view's.
 * Errors     Those of catalog.h.
 */
#ifndef IMPORT_SERVE_ENGINE_GROUP_H
#define IMPORT_SERVE_ENGINE_GROUP_H

#include "import/catalog.h"

struct engine_group {
	const struct catalog_image *last; /* the image of its last name, which stands for all of them */
	const char *const *names;         /* in order; at least one */
	size_t names_len;
};

/* True where an image is to be counted. */
typedef bool engine_group_fn(void *ctx, const struct catalog_image *image);

struct engine_groups {
	struct engine_group *items; /* owned: by the digest of their root */
	size_t len;
	const struct catalog_image **images; /* owned: of all groups, one group behind the other */
	const char **names;                  /* owned: theirs */
};

/* All images that fn wants. */
enum err_code engine_groups_all(struct catalog_view *v, engine_group_fn *fn, void *ctx,
				struct engine_groups *ret_groups, struct err *err);
/* The one group of a root that is there. */
enum err_code engine_groups_of(struct catalog_view *v, const struct digest *root, struct engine_groups *ret_groups,
			       struct err *err);
/* The descriptor of an image's root; where the catalog does not know its type, the manifest does. */
enum err_code engine_root_of(struct source *source, const struct catalog_image *image, struct descriptor *ret_root,
			     struct err *err);
/* Zeroed ones are fine. */
void engine_groups_release(struct engine_groups *g);
#endif
