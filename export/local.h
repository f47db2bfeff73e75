/* local.h - a file or folder with images in it, opened: a layout, an archive or a bundle, as a source.
 *
 * Lifecycle  local_open; local_pick for everything that is wanted of it; the walk; local_free after the last use of
 *            source and graph.
 * Ownership  A local owns its source and what that reads.
 * Errors     Those of layout_images.h and bundles/reader.h; ERR_UNPROVED where a key of this machine counts and the
 *            bundle has no seal by one; ERR_NOT_FOUND and ERR_CONFLICT for a name that is no image there, or several;
 *            ERR_UNSUPPORTED for a bundle that is not called one.
 */
#ifndef EXPORT_LOCAL_H
#define EXPORT_LOCAL_H

#include "common/graph.h"
#include "common/source.h"
#include "export/location.h"

struct local;

/* Told of every image that was picked: its full name and its root. */
typedef enum err_code local_image_fn(void *ctx, const char *name, const struct descriptor *root, struct err *err);

enum err_code local_open(const struct location *at, struct local **ret_local, struct err *err);
/* True where a location is of this file or folder. */
bool local_is(const struct local *l, const struct location *at);
struct source *local_source(const struct local *l);
/* The images that a location means: all, or the one of a name, which is a full one, a short one as docker takes it, a
 * ref.name, or a tag that only one image has; with a digest, only if it is that. */
enum err_code local_pick(const struct local *l, const struct location *at, local_image_fn *fn, void *ctx,
			 struct err *err);
/* True where the bytes of a blob are here. */
bool local_has(const struct local *l, const struct digest *digest);
/* Who is said to have a blob that was left out of a bundle; its image is NULL where that is not so. */
struct holder local_holder(const struct local *l, const struct digest *digest);
/* ERR_UNPROVED where something that a settled graph carries, or needs at the site, comes from this bundle and is
 * revoked here. */
enum err_code local_check(const struct local *l, const struct graph *g, struct err *err);
/* NULL is fine. */
void local_free(struct local *l);
#endif
