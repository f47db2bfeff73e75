#include "bundles/contents.h"

#include "bundles/source.h"
#include "common/mem.h"
#include "common/walk.h"

static enum err_code keep_name(void *ctx, const char *name, char **ret_name, struct err *err)
{
	(void)ctx;
	return str_copy(name, ret_name, err);
}

static enum err_code walk_one(struct walk *walk, struct source *source, const struct bundle *b, const char *name,
			      const char *as, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	enum err_code code = reference_parse(name, &ref, err);

	if (code == ERR_OK)
		code = walk_image(walk, source, &ref, as, err);
	else
		err_add(err, "%s", bundle_path(b));
	return code == ERR_FORMAT || code == ERR_LIMIT ? err_recode(err, ERR_DAMAGED) : code;
}

/* An image that the description names is there. */
static enum err_code walk_named(struct walk *walk, struct source *source, const struct bundle *b, const char *name,
				const char *as, struct err *err)
{
	enum err_code code = walk_one(walk, source, b, name, as, err);

	if (code != ERR_NOT_FOUND)
		return code;
	return err_set(err, ERR_DAMAGED, "%s: the description names an image that is not in the bundle: %s",
		       bundle_path(b), name);
}

enum err_code contents_walk(const struct bundle *b, contents_rename_fn *rename, void *ctx, struct graph *graph,
			    struct err *err)
{
	return contents_walk_selected(b, NULL, rename, ctx, graph, err);
}

enum err_code contents_walk_selected(const struct bundle *b, const struct selection *selection,
				     contents_rename_fn *rename, void *ctx, struct graph *graph, struct err *err)
{
	const struct description *d = bundle_description(b);
	CLEANUP(walk_release) struct walk walk;
	struct source *source = NULL;
	enum err_code code = bundle_source_new(b, &source, err);
	size_t i;

	walk_init(&walk, graph, NULL, NULL);
	walk.selection = selection;
	for (i = 0; code == ERR_OK && i < d->images_len; i++) {
		CLEANUP(free_ptr) char *as = NULL;

		code = (rename != NULL ? rename : keep_name)(ctx, d->images[i].name, &as, err);
		if (code == ERR_OK && as != NULL)
			code = walk_named(&walk, source, b, d->images[i].name, as, err);
	}
	if (source != NULL)
		source->free(source);
	return code;
}

enum err_code contents_walk_image(const struct bundle *b, const char *name, struct graph *graph, struct err *err)
{
	CLEANUP(walk_release) struct walk walk;
	struct source *source = NULL;
	enum err_code code = bundle_source_new(b, &source, err);

	walk_init(&walk, graph, NULL, NULL);
	if (code == ERR_OK)
		code = walk_one(&walk, source, b, name, name, err);
	if (source != NULL)
		source->free(source);
	return code;
}

/* Which manifests are not there is found by the walk; why, the description says. */
static void mark(struct node *n, const struct description_blob *blob)
{
	bool manifest = role_is_manifest(n->role);

	if (blob->stored == STORED_LEFT_OUT && (!manifest || n->absent)) {
		n->absent = false;
		n->left_out = true;
	} else if (!manifest && blob->stored == STORED_ABSENT) {
		n->absent = true;
	} else if (!manifest) {
		n->holder = blob->holder;
	}
}

void contents_mark_by(const struct description *d, struct graph *graph)
{
	size_t i;

	for (i = 0; i < d->blobs_len; i++) {
		const struct description_blob *blob = &d->blobs[i];
		uint32_t node = stored_is_here(blob->stored) ? NODE_NONE : graph_find(graph, &blob->digest);

		if (node != NODE_NONE)
			mark(&graph->nodes[node], blob);
	}
}

void contents_mark(const struct bundle *b, struct graph *graph)
{
	contents_mark_by(bundle_description(b), graph);
}

enum err_code contents_walk_shown(const struct bundle *b, const char *name, struct graph *graph, struct err *err)
{
	enum err_code code =
		name == NULL ? contents_walk(b, NULL, NULL, graph, err) : contents_walk_image(b, name, graph, err);

	if (code == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "%s: no image %s in this bundle: bundle inspect %s lists them",
			       bundle_path(b), name, bundle_path(b));
	if (code == ERR_OK)
		code = graph_settle(graph, err);
	if (code == ERR_OK)
		contents_mark(b, graph);
	return code;
}
