#include "import/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/tree.h"

static enum err_code rename_image(void *ctx, const char *name, char **ret_name, struct err *err)
{
	return mapping_apply(ctx, name, ret_name, err);
}

/* What the manifests list must be in the file, just so. */
static enum err_code check_blob(const struct plan *plan, const struct node *n, struct err *err)
{
	const struct description *d = bundle_description(plan->bundle);
	size_t at = description_find(d, &n->digest);
	const char *path = bundle_path(plan->bundle);

	if (at == BLOB_NONE)
		return err_set(err, ERR_DAMAGED, "%s: not whole: %s %s is listed by a manifest, but not in the bundle",
			       path, role_name(n->role), n->digest.text);
	if (d->blobs[at].size_bytes != n->size_bytes || d->blobs[at].role != n->role)
		return err_set(err, ERR_DAMAGED, "%s: the description says of %s what its manifests do not", path,
			       n->digest.text);
	if ((d->blobs[at].stored == STORED_ABSENT) != n->absent ||
	    (d->blobs[at].stored == STORED_LEFT_OUT) != n->left_out)
		return err_set(err, ERR_DAMAGED, "%s: %s %s is %s, but the description says that it is %s", path,
			       role_name(n->role), n->digest.text, n->absent ? "not in the bundle" : "in the bundle",
			       n->absent ? "there" : stored_name(d->blobs[at].stored));
	return ERR_OK;
}

static enum err_code check_blobs(const struct plan *plan, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->order_len; i++)
		code = check_blob(plan, &plan->graph.nodes[plan->order[i]], err);
	return code;
}

static enum err_code walk_bundle(struct plan *plan, struct mapping *names, struct err *err)
{
	enum err_code code = contents_walk(plan->bundle, rename_image, names, &plan->graph, err);
	const struct mapping_rule *unused = code == ERR_OK ? mapping_unused(names) : NULL;

	if (code != ERR_OK)
		return code;
	if (unused != NULL)
		return err_set(err, ERR_USAGE, "--map %s=%s matches no image of this bundle", unused->from, unused->to);
	code = graph_settle(&plan->graph, err);
	if (code == ERR_OK)
		contents_mark(plan->bundle, &plan->graph);
	return code;
}

/* Put the nodes into the description's order, which is that of the file. */
static enum err_code order_nodes(struct plan *plan, struct err *err)
{
	const struct description *d = bundle_description(plan->bundle);
	size_t len = 0, i;
	uint32_t *order = calloc(plan->order_len + 1, sizeof(*order));

	if (order == NULL)
		return err_nomem(err);
	for (i = 0; i < d->blobs_len; i++) {
		uint32_t node = graph_find(&plan->graph, &d->blobs[i].digest);

		if (node == NODE_NONE || len == plan->order_len) {
			free(order);
			return err_set(err, ERR_DAMAGED, "%s: %s is in the bundle, but belongs to no image",
				       bundle_path(plan->bundle), d->blobs[i].digest.text);
		}
		order[len++] = node;
	}
	free(plan->order);
	plan->order = order;
	return ERR_OK;
}

enum err_code plan_make(struct bundle *bundle, struct mapping *names, struct plan *ret_plan, struct err *err)
{
	struct plan plan = { .bundle = bundle, .names = names };
	enum err_code code;

	graph_init(&plan.graph);
	code = walk_bundle(&plan, names, err);
	if (code == ERR_OK)
		code = graph_order(&plan.graph, &plan.order, &plan.order_len, err);
	if (code == ERR_OK)
		code = check_blobs(&plan, err);
	if (code == ERR_OK)
		code = order_nodes(&plan, err);
	plan.images = calloc(plan.graph.images_len + 1, sizeof(*plan.images));
	plan.skip = calloc(plan.graph.nodes_len + 1, sizeof(*plan.skip));
	plan.lost = calloc(plan.graph.nodes_len + 1, sizeof(*plan.lost));
	if (code == ERR_OK && (plan.images == NULL || plan.skip == NULL || plan.lost == NULL))
		code = err_nomem(err);
	if (code == ERR_OK)
		*ret_plan = plan;
	else
		plan_release(&plan);
	return code;
}

const struct digest *plan_digest(const struct plan *plan, size_t image)
{
	const struct digest *other = &plan->images[image].other;

	return other->text[0] != '\0' ? other : &plan->graph.nodes[plan->graph.images[image].root].digest;
}

enum err_code plan_refuse(struct plan *plan, enum err_code code, struct err *err)
{
	if (!plan->dry_run || code == ERR_OK || err == NULL)
		return code;
	if (plan->refusal.code == ERR_OK)
		plan->refusal = *err;
	return ERR_OK;
}

/* A layer or config that comes with nobody: it was left out, or the source did not have it, and it is not there. */
static bool is_bare(const struct plan *plan, const struct node *manifest)
{
	const struct graph *g = &plan->graph;
	size_t i;

	for (i = 0; i < manifest->edges_len; i++) {
		uint32_t at = g->edges[manifest->edges + i].to;
		const struct node *n = &g->nodes[at];

		if ((n->role == ROLE_LAYER || n->role == ROLE_CONFIG) && n->holder.image == NULL &&
		    !node_is_carried(n) && !plan->skip[at])
			return true;
	}
	return false;
}

enum err_code plan_find_bare(struct plan *plan, struct err *err)
{
	CLEANUP(tree_release) struct tree t = { 0 };
	enum err_code code = tree_init(&t, &plan->graph, err);
	size_t i, j;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++) {
		plan->images[i].bare = 0;
		tree_of(&t, &plan->graph.images[i]);
		for (j = 0; j < t.found_len; j++)
			plan->images[i].bare += is_bare(plan, &plan->graph.nodes[t.found[j]]);
	}
	return code;
}

enum err_code plan_add_run(struct plan *plan, size_t image, const struct digest *manifest, const char *platform,
			   struct err *err)
{
	struct plan_image *p = &plan->images[image];
	enum err_code code = vec_grow(&p->runs, &p->runs_cap, p->runs_len + 1, sizeof(*p->runs), LIMIT_EDGES, err);

	if (code != ERR_OK)
		return code;
	p->runs[p->runs_len] = (struct plan_run){ .manifest = *manifest };
	snprintf(p->runs[p->runs_len++].platform, PLATFORM_TEXT_MAX, "%s", platform != NULL ? platform : "");
	return ERR_OK;
}

/* Whether a manifest is for the platform of what runs; where one of them does not say, it may be. */
static bool is_for(const struct graph *g, uint32_t node, const struct plan_run *run)
{
	const char *platform = graph_platform(g, node, 0);
	size_t i;

	if (platform == NULL || run->platform[0] == '\0')
		return true;
	for (i = 1; platform != NULL && strcmp(platform, run->platform) != 0; i++)
		platform = graph_platform(g, node, i);
	return platform != NULL;
}

/* The new image, of which t has the manifests, lacks what takes the place of something that runs. */
static bool loses(const struct plan *plan, const struct tree *t, const struct plan_run *run)
{
	bool lacks = false, lacks_any = false, runs_any = false;
	size_t i;

	for (i = 0; i < t->found_len; i++) {
		const struct node *n = &plan->graph.nodes[t->found[i]];
		bool whole = !n->absent && !n->left_out && !is_bare(plan, n);
		bool fits = is_for(&plan->graph, t->found[i], run);

		if (n->role != ROLE_MANIFEST)
			continue;
		if (digest_equal(&n->digest, &run->manifest) || (whole && fits))
			return false; /* it stays, or another takes its place */
		lacks |= !whole && fits;
		lacks_any |= !whole;
		runs_any |= whole;
	}
	return lacks || (lacks_any && !runs_any);
}

/* What can be run now and could not be any more, NULL where there is none. */
static const struct plan_run *find_lost(const struct plan *plan, struct tree *t, size_t image)
{
	const struct plan_image *p = &plan->images[image];
	size_t i;

	if (p->runs_len == 0 || !plan_moves(plan, image))
		return NULL;
	tree_of(t, &plan->graph.images[image]);
	for (i = 0; i < p->runs_len; i++) {
		if (loses(plan, t, &p->runs[i]))
			return &p->runs[i];
	}
	return NULL;
}

enum err_code plan_check_layers(struct plan *plan, const char *target, struct err *err)
{
	CLEANUP(tree_release) struct tree t = { 0 };
	enum err_code code = tree_init(&t, &plan->graph, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++) {
		const struct plan_run *lost = find_lost(plan, &t, i);

		if (lost == NULL)
			continue;
		code = err_set(err, ERR_CONFLICT,
			       "%s: %.300s can be run there%s%s, and would not be any more: this bundle brings "
			       "another image without its layers; import one with layers, or under another "
			       "name (--map)",
			       target, plan->graph.images[i].name, lost->platform[0] != '\0' ? " on " : "",
			       lost->platform);
		return plan_refuse(plan, code, err);
	}
	return code;
}

enum err_code plan_check_prerequisites(struct plan *plan, const char *target, struct err *err)
{
	const struct node *first;
	uint64_t bytes = 0;
	char size[TEXT_SIZE_MAX];
	size_t i;

	free(plan->missing);
	plan->missing_len = 0;
	plan->missing = calloc(plan->order_len + 1, sizeof(*plan->missing));
	if (plan->missing == NULL)
		return err_nomem(err);
	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (n->holder.image == NULL || plan->skip[plan->order[i]])
			continue;
		plan->missing[plan->missing_len++] = plan->order[i];
		bytes += n->size_bytes;
	}
	if (plan->missing_len == 0)
		return ERR_OK;
	first = &plan->graph.nodes[plan->missing[0]];
	err_set(err, ERR_MISSING,
		"%s: %zu layer%s (%s) that this bundle leaves out %s not there: import first the bundle with %s, or "
		"ask for one that has them",
		target, plan->missing_len, plan->missing_len == 1 ? "" : "s", text_size(bytes, size),
		plan->missing_len == 1 ? "is" : "are", first->holder.image);
	return plan_refuse(plan, ERR_MISSING, err);
}

void plan_lose(struct plan *plan, uint32_t node, size_t *count)
{
	*count += !plan->lost[node];
	plan->lost[node] = true;
}

bool plan_sends(const struct plan *plan, uint32_t node)
{
	return node_is_carried(&plan->graph.nodes[node]) && !plan->skip[node];
}

uint64_t plan_bytes_to_send(const struct plan *plan)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < plan->order_len; i++)
		bytes += plan_sends(plan, plan->order[i]) ? plan->graph.nodes[plan->order[i]].size_bytes : 0;
	return bytes;
}

void plan_release(struct plan *plan)
{
	size_t i;

	for (i = 0; plan->images != NULL && i < plan->graph.images_len; i++)
		free(plan->images[i].runs);
	graph_release(&plan->graph);
	free(plan->order);
	free(plan->images);
	free(plan->skip);
	free(plan->lost);
	free(plan->missing);
	plan_forget_tags(plan);
	free(plan->tags);
	*plan = (struct plan){ 0 };
}
