/* The part of target_layout that looks what names and tags stand for, and what of that can be run. */
#include <stdlib.h>
#include <string.h>

#include "bundles/profile.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/walk.h"
#include "import/target_layout_private.h"

/* A name that stood for something when it was looked at first may be gone. */
static void look_at_names(const struct target_layout *t, struct plan *plan)
{
	static const struct digest none;
	size_t i;

	for (i = 0; i < plan->graph.images_len; i++) {
		const struct layout_entry *entry = layout_find(t->layout, plan->graph.images[i].name);

		plan->images[i].was = entry != NULL ? digest_unpack(&entry->digest) : none;
	}
}

/* Every blob that a manifest of the plan lists, by node: asked in any order, as often as there is something to ask. */
static enum err_code mark_listed(const struct graph *g, const struct node *n, bool **ret_listed, struct err *err)
{
	bool *listed = calloc(g->nodes_len + 1, sizeof(*listed));
	size_t i;

	if (listed == NULL)
		return err_nomem(err);
	for (i = 0; i < n->edges_len; i++)
		listed[g->edges[n->edges + i].to] = true;
	*ret_listed = listed;
	return ERR_OK;
}

/* Whether a manifest of cosign's has everything that another one there has: then it is the same, grown. */
static enum err_code has_grown(const struct target_layout *t, const struct graph *g, const struct node *is,
			       const struct descriptor *was, bool *ret_grown, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	CLEANUP(buf_release) struct buf bytes = { 0 };
	CLEANUP(free_ptr) bool *listed = NULL;
	enum err_code code;
	size_t i;

	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	code = layout_read_blob(t->layout, was, &bytes, err);
	if (code == ERR_OK)
		code = manifest_parse(buf_text(&bytes), bytes.len, was->media_type, was->digest.text, &m, err);
	if (code == ERR_OK)
		code = mark_listed(g, is, &listed, err);
	*ret_grown = true;
	for (i = 0; code == ERR_OK && i < m.items_len && *ret_grown; i++) {
		uint32_t node = graph_find(g, &m.items[i].digest);

		*ret_grown = node != NODE_NONE && listed[node];
	}
	return code == ERR_NOT_FOUND ? ERR_OK : code; /* what is not there is no loss */
}

/* What a tag of cosign's stands for in the plan: links of one subject and kind, which graph_settle sorted by digest. */
struct tag_links {
	const struct graph *g;
	const struct link *items;
	size_t len;
};

/* The tag, which all have that are carried; false where none is. */
static bool tag_of(const struct tag_links *links, char out[PROFILE_TAG_MAX])
{
	size_t i;

	for (i = 0; i < links->len; i++) {
		if (profile_tag(links->g, &links->items[i], out))
			return true;
	}
	return false;
}

/* What another repository has under the same tag: a layout has an entry for each. */
static bool comes_too(const struct tag_links *links, const struct digest *was)
{
	size_t low = 0, high = links->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(links->g->nodes[links->items[mid].referrer].digest.text, was->text);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* What comes under a tag beside something else that it stands for there. */
static enum err_code look_at_link(struct target_layout *t, struct plan *plan, const struct link *link,
				  const struct descriptor *was, struct err *err)
{
	const struct node *is = &plan->graph.nodes[link->referrer];
	bool may_move = plan->replace || t->owner == LAYOUT_OURS;
	bool grown = false;
	char tag[PROFILE_TAG_MAX];
	enum err_code code;

	if (!profile_tag(&plan->graph, link, tag))
		return ERR_OK;
	code = has_grown(t, &plan->graph, is, was, &grown, may_move ? NULL : err);
	if (may_move) { /* also from what nobody can read */
		grown &= code == ERR_OK;
		t->moves_tags |= !grown;
		code = ERR_OK;
	}
	if (code == ERR_OK && !grown && t->owner != LAYOUT_OURS)
		code = plan_add_tag(plan, tag, &was->digest, &is->digest, err);
	return code;
}

/* cosign's tag for a referrer may stand for something else there, and for no less of the same.  In the store it moves,
 * as all that refers to an image is there whatever its tag stands for. */
static enum err_code look_at_tag(struct target_layout *t, struct plan *plan, const struct tag_links *links,
				 struct err *err)
{
	const struct layout_entry *const *tagged;
	enum err_code code = ERR_OK;
	char tag[PROFILE_TAG_MAX];
	size_t len, i, j;

	if (!tag_of(links, tag))
		return ERR_OK;
	tagged = layout_tagged(t->layout, tag, &len);
	for (i = 0; code == ERR_OK && i < len; i++) {
		const struct descriptor was = layout_descriptor(tagged[i]);

		if (comes_too(links, &was.digest))
			continue;
		for (j = 0; code == ERR_OK && j < links->len; j++)
			code = look_at_link(t, plan, &links->items[j], &was, err);
	}
	return code;
}

static enum err_code look_at_tags(struct target_layout *t, struct plan *plan, struct err *err)
{
	const struct graph *g = &plan->graph;
	enum err_code code = ERR_OK;
	size_t i, len;

	plan_forget_tags(plan);
	for (i = 0; code == ERR_OK && i < g->links_len; i += len) {
		const struct link *first = &g->links[i];

		for (len = 1;
		     i + len < g->links_len && first[len].subject == first->subject && first[len].kind == first->kind;
		     len++)
			;
		code = look_at_tag(t, plan, &(struct tag_links){ .g = g, .items = first, .len = len }, err);
	}
	return code;
}

enum err_code target_layout_walk(struct source *stored, const struct image *image, struct graph *g, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(walk_release) struct walk walk;
	enum err_code code = reference_parse(image->name, &ref, err);

	walk_init(&walk, g, NULL, NULL);
	if (code == ERR_OK)
		code = walk_image(&walk, stored, &ref, image->name, err);
	return code == ERR_OK ? graph_settle(g, err) : code;
}

static bool has_all(const struct target_layout *t, const struct graph *g, const struct node *n)
{
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		struct instream *in = NULL;

		if (layout_blob(t->layout, &g->nodes[g->edges[n->edges + i].to].digest, &in, NULL) != ERR_OK)
			return false;
		instream_release(in);
	}
	return true;
}

/* A manifest runs on every platform that it is listed for, or nobody says on which. */
static enum err_code add_runs(struct plan *plan, size_t image, const struct graph *g, uint32_t node, struct err *err)
{
	const char *platform = graph_platform(g, node, 0);
	enum err_code code = plan_add_run(plan, image, &g->nodes[node].digest, platform, err);
	size_t i;

	for (i = 1; code == ERR_OK && (platform = graph_platform(g, node, i)) != NULL; i++)
		code = plan_add_run(plan, image, &g->nodes[node].digest, platform, err);
	return code;
}

/* What the store has of what a name stands for now; what is damaged there cannot be run. */
static enum err_code look_what_runs(struct target_layout *t, struct source *stored, struct plan *plan, size_t image,
				    struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	enum err_code code;
	uint32_t i;

	graph_init(&g);
	code = target_layout_walk(stored, &plan->graph.images[image], &g, err);
	if (code == ERR_NOT_FOUND || code == ERR_FORMAT || code == ERR_DIGEST || code == ERR_SIZE)
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < g.nodes_len; i++) {
		const struct node *n = &g.nodes[i];

		if (n->role == ROLE_MANIFEST && !n->absent && has_all(t, &g, n))
			code = add_runs(plan, image, &g, i, err);
	}
	return code;
}

/* The same source for all images: what refers to what in a layout is found by going through all of it. */
static enum err_code look_what_all_run(struct target_layout *t, struct plan *plan, struct err *err)
{
	struct source *stored = NULL;
	enum err_code code = layout_source_new(t->layout, &stored, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++) {
		plan->images[i].runs_len = 0; /* it may be another since it was looked at first */
		if (plan_moves(plan, i))
			code = look_what_runs(t, stored, plan, i, err);
	}
	if (stored != NULL)
		stored->free(stored);
	return code;
}

enum err_code target_layout_look_at_names(struct target_layout *t, struct plan *plan, struct err *err)
{
	enum err_code code;

	look_at_names(t, plan);
	code = look_at_tags(t, plan, err);
	return code == ERR_OK ? look_what_all_run(t, plan, err) : code;
}
