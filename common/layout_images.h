/* layout_images.h - the images of a layout under full names.
 *
 * Lifecycle  layout_images_make; look; layout_images_release.
 * Ownership  Entries are the layout's, names are the list's.
 * Errors     ERR_NOMEM, ERR_IO.
 * Rules      io.containerd.image.name is a full name, and so is a ref.name that has a '/', ':' or '@' in it.  A
 *            ref.name that is a tag, as most tools write it, says nothing of the repository: the image is then called
 *            localhost/BASE:TAG, where BASE is the file's or folder's name, so that it never claims to be an image of
 *            Docker Hub.  The only image of a layout, without any name, is localhost/BASE:latest; of several, those
 *            without a name, or with one that cannot be one, are localhost/BASE@DIGEST.  A name with a digest that is
 *            not the entry's cannot be one.
 */
#ifndef COMMON_LAYOUT_IMAGES_H
#define COMMON_LAYOUT_IMAGES_H

#include "common/layout_survey.h"

struct layout_image {
	const struct layout_entry *entry;
	char *name;
};

struct layout_images {
	struct layout_image *items;
	size_t len;
};

/* Name what a survey of the layout at path has found. */
enum err_code layout_images_make(const struct layout_survey *s, const char *path, struct layout_images *ret_images,
				 struct err *err);
/* "localhost/BASE" of a path. */
enum err_code layout_base(const char *path, char **ret_base, struct err *err);
/* A zeroed list is fine. */
void layout_images_release(struct layout_images *images);
#endif
