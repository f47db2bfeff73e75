/* contents.h - the image graph of a bundle, walked from its own manifests, every one proved.
 *
 * Ownership  The graph is the caller's, also after a failure.
 * Errors     ERR_NOT_FOUND (no such image), ERR_DAMAGED, those of the graph and of reader.h; those of rename.
 */
#ifndef BUNDLES_CONTENTS_H
#define BUNDLES_CONTENTS_H

#include "bundles/reader.h"
#include "common/graph.h"
#include "common/selection.h"

/* What an image is to be called instead; *ret_name is for the caller to free, and NULL where it is to be passed over.
 */
typedef enum err_code contents_rename_fn(void *ctx, const char *name, char **ret_name, struct err *err);

/* Walk all images into a graph that was initialised; the caller settles it.  rename may be NULL. */
enum err_code contents_walk(const struct bundle *b, contents_rename_fn *rename, void *ctx, struct graph *graph,
			    struct err *err);
/* The same, of which selection leaves something out; the graph then has what is left, and what it lists. */
enum err_code contents_walk_selected(const struct bundle *b, const struct selection *selection,
				     contents_rename_fn *rename, void *ctx, struct graph *graph, struct err *err);
/* Mark in a settled graph what only the description says: which layers the target must have, which blobs were absent,
 * and what was left out. The strings are the bundle's. */
void contents_mark(const struct bundle *b, struct graph *graph);
/* The same by a description, or by a part of one. */
void contents_mark_by(const struct description *d, struct graph *graph);
/* Walk the one image of a full normalised name; the caller settles the graph. */
enum err_code contents_walk_image(const struct bundle *b, const char *name, struct graph *graph, struct err *err);
/* What is to be shown, settled and marked: the one image that is named, else all. */
enum err_code contents_walk_shown(const struct bundle *b, const char *name, struct graph *graph, struct err *err);
#endif
