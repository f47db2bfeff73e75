/* The part of plan.h that takes a part of the bundle. */
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/tree.h"
#include "import/plan.h"

/* Images by their full names, sorted. */
struct wanted {
	struct mapping *names;
	char **images;
	size_t len;
};

static void wanted_release(struct wanted *w)
{
	size_t i;

	for (i = 0; i < w->len; i++)
		free(w->images[i]);
	free(w->images);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err_code add_image(const struct bundle *b, const char *text, struct wanted *w, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code = reference_parse(text, &ref, err);

	if (code != ERR_OK) {
		err_add(err, "--image");
		return code == ERR_FORMAT ? err_recode(err, ERR_USAGE) : code;
	}
	code = reference_name(&ref, &name, err);
	if (code != ERR_OK)
		return code;
	if (description_image(bundle_description(b), name) == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: has no image %.300s: bundle inspect lists those that it has",
			       bundle_path(b), name);
	w->images[w->len++] = take_ptr(&name);
	return ERR_OK;
}

static enum err_code read_images(const struct bundle *b, const struct opt_list *images, struct wanted *w,
				 struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	w->images = calloc(images->len + 1, sizeof(*w->images));
	if (w->images == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < images->len; i++)
		code = add_image(b, images->items[i], w, err);
	qsort(w->images, w->len, sizeof(*w->images), compare);
	return code;
}

static enum err_code rename_wanted(void *ctx, const char *name, char **ret_name, struct err *err)
{
	const struct wanted *w = ctx;

	*ret_name = NULL;
	if (w->len > 0 && bsearch(&name, w->images, w->len, sizeof(*w->images), compare) == NULL)
		return ERR_OK;
	return mapping_apply(w->names, name, ret_name, err);
}

/* Some manifest of an image is for this platform, or may be, and is in the bundle. */
static bool brings(const struct tree *t, const struct platform *wanted)
{
	size_t i;

	for (i = 0; i < t->found_len; i++) {
		const struct node *n = &t->graph->nodes[t->found[i]];

		if (n->role == ROLE_MANIFEST && node_is_carried(n) && graph_runs_on(t->graph, t->found[i], wanted))
			return true;
	}
	return false;
}

/* What the index lists need not be in the bundle. */
static enum err_code check_image(const struct bundle *b, struct tree *t, const struct image *image,
				 const struct selection *platforms, struct err *err)
{
	char text[PLATFORM_TEXT_MAX];
	size_t i;

	tree_of(t, image);
	for (i = 0; i < platforms->platforms_len; i++) {
		if (!brings(t, &platforms->platforms[i]))
			return err_set(err, ERR_NOT_FOUND, "%s: does not bring %s of %.300s", bundle_path(b),
				       platform_format(&platforms->platforms[i], text), image->name);
	}
	return ERR_OK;
}

static enum err_code check_platforms(const struct bundle *b, const struct graph *g, const struct selection *platforms,
				     struct err *err)
{
	CLEANUP(tree_release) struct tree t = { 0 };
	enum err_code code = selection_check(platforms, g, err);
	size_t i;

	if (code == ERR_OK)
		code = tree_init(&t, g, err);
	for (i = 0; code == ERR_OK && i < g->images_len; i++) {
		if (manifest_kind(g->nodes[g->images[i].root].media_type) == MANIFEST_INDEX)
			code = check_image(b, &t, &g->images[i], platforms, err);
	}
	return code;
}

static enum err_code walk_wanted(struct plan *plan, const struct plan_choice *choice, struct graph *g, struct err *err)
{
	CLEANUP(wanted_release) struct wanted w = { .names = plan->names };
	enum err_code code = read_images(plan->bundle, choice->images, &w, err);

	if (code == ERR_OK)
		code = contents_walk_selected(plan->bundle, &choice->platforms, rename_wanted, &w, g, err);
	if (code == ERR_OK)
		code = graph_settle(g, err);
	if (code != ERR_OK)
		return code;
	contents_mark(plan->bundle, g);
	return check_platforms(plan->bundle, g, &choice->platforms, err);
}

/* The same order, without what is not in the graph any more. */
static enum err_code order_wanted(const struct plan *plan, const struct graph *g, uint32_t **ret_order, size_t *ret_len,
				  struct err *err)
{
	uint32_t *order = calloc(plan->order_len + 1, sizeof(*order));
	size_t len = 0, i;

	if (order == NULL)
		return err_nomem(err);
	for (i = 0; i < plan->order_len; i++) {
		uint32_t node = graph_find(g, &plan->graph.nodes[plan->order[i]].digest);

		if (node != NODE_NONE)
			order[len++] = node;
	}
	*ret_order = order;
	*ret_len = len;
	return ERR_OK;
}

static int compare_names(const void *name, const void *image)
{
	return strcmp(name, ((const struct image *)image)->name);
}

static enum err_code rename_chosen(void *ctx, const char *name, char **ret_name, struct err *err)
{
	const struct plan *plan = *(const struct plan *const *)ctx;
	const struct graph *g = &plan->graph;
	CLEANUP(free_ptr) char *new = NULL;
	enum err_code code = mapping_apply(plan->names, name, &new, err);

	*ret_name = NULL;
	if (code == ERR_OK && bsearch(new, g->images, g->images_len, sizeof(*g->images), compare_names) != NULL)
		*ret_name = take_ptr(&new);
	return code;
}

enum err_code plan_walk_whole(const struct plan *plan, struct graph *g, struct err *err)
{
	enum err_code code = contents_walk(plan->bundle, rename_chosen, &plan, g, err);
	size_t i;

	if (code == ERR_OK)
		code = graph_settle(g, err);
	if (code != ERR_OK)
		return code;
	contents_mark(plan->bundle, g);
	for (i = 0; i < g->nodes_len; i++) {
		struct node *n = &g->nodes[i];
		uint32_t at = graph_find(&plan->graph, &n->digest);

		if (n->role == ROLE_MANIFEST || n->role == ROLE_INDEX)
			n->left_out |= at == NODE_NONE || !node_is_carried(&plan->graph.nodes[at]);
	}
	return ERR_OK;
}

enum err_code plan_choose(struct plan *plan, const struct plan_choice *choice, struct err *err)
{
	struct plan part = { .bundle = plan->bundle, .names = plan->names, .partial = true, .dry_run = plan->dry_run };
	enum err_code code;

	graph_init(&part.graph);
	code = walk_wanted(plan, choice, &part.graph, err);
	if (code == ERR_OK)
		code = order_wanted(plan, &part.graph, &part.order, &part.order_len, err);
	part.images = calloc(part.graph.images_len + 1, sizeof(*part.images));
	part.skip = calloc(part.graph.nodes_len + 1, sizeof(*part.skip));
	part.lost = calloc(part.graph.nodes_len + 1, sizeof(*part.lost));
	if (code == ERR_OK && (part.images == NULL || part.skip == NULL || part.lost == NULL))
		code = err_nomem(err);
	if (code != ERR_OK) {
		plan_release(&part);
		return code;
	}
	plan_release(plan);
	*plan = part;
	return ERR_OK;
}
