/* The part of push.h that asks the registry for everything again. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/presence.h"
#include "import/push.h"

/* What the registry answers, and what of the plan was found in it. */
struct check {
	struct push *push;
	struct graph graph;
	uint32_t *turn_of; /* by node of the graph: the image for which it was met, from 1 */
	bool *reached;     /* by item */
	uint32_t *stack;
	size_t stack_len, stack_cap;
};

static void check_release(struct check *c)
{
	graph_release(&c->graph);
	free(c->turn_of);
	free(c->reached);
	free(c->stack);
}

static enum err_code walk_image_there(struct push *p, struct walk *walk, size_t i, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	const char *name = p->plan->graph.images[i].name;
	enum err_code code = reference_parse(name, &ref, err);

	return code == ERR_OK ? walk_image(walk, p->repositories[p->image_repository[i]].source, &ref, name, err)
			      : code;
}

static enum err_code walk_all(struct push *p, struct graph *g, struct err *err)
{
	CLEANUP(walk_release) struct walk walk;
	enum err_code code = ERR_OK;
	size_t i;

	walk_init(&walk, g, NULL, NULL);
	for (i = 0; code == ERR_OK && i < p->plan->graph.images_len; i++)
		code = walk_image_there(p, &walk, i, err);
	if (code == ERR_OK)
		code = http_run(p->site->http, err);
	if (code == ERR_OK)
		return graph_settle(g, err);
	return code == ERR_NOT_FOUND ? err_recode(err, ERR_PARTIAL) : code;
}

static enum err_code meet(struct check *c, uint32_t node, uint32_t turn, struct err *err)
{
	enum err_code code;

	if (c->turn_of[node] == turn || c->graph.nodes[node].absent)
		return ERR_OK;
	code = vec_grow(&c->stack, &c->stack_cap, c->stack_len + 1, sizeof(*c->stack), LIMIT_NODES, err);
	if (code != ERR_OK)
		return code;
	c->turn_of[node] = turn;
	c->stack[c->stack_len++] = node;
	return ERR_OK;
}

static enum err_code meet_below(struct check *c, uint32_t node, uint32_t turn, struct err *err)
{
	const struct graph *g = &c->graph;
	const struct link *links;
	size_t len = graph_links_of(g, node, &links), i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < g->nodes[node].edges_len; i++)
		code = meet(c, g->edges[g->nodes[node].edges + i].to, turn, err);
	for (i = 0; code == ERR_OK && i < len; i++)
		code = meet(c, links[i].referrer, turn, err);
	return code;
}

static void count(struct check *c, uint32_t node, size_t image)
{
	struct push *p = c->push;
	struct plan_image *found = &p->plan->images[image];
	const struct node *n = &c->graph.nodes[node];
	uint32_t planned = graph_find(&p->plan->graph, &n->digest);
	struct push_item *item = planned != NODE_NONE ? push_item_of(p, planned, p->image_repository[image]) : NULL;

	found->platforms += n->role == ROLE_MANIFEST;
	found->attestations += n->role == ROLE_ATTESTATION;
	found->referrers += n->role == ROLE_REFERRER;
	if (item != NULL)
		c->reached[item - p->items] = true;
}

static enum err_code count_image(struct check *c, size_t image, struct err *err)
{
	struct plan *plan = c->push->plan;
	struct plan_image *found = &plan->images[image];
	const struct node *root = &c->graph.nodes[c->graph.images[image].root];
	uint32_t turn = (uint32_t)image + 1;
	enum err_code code = meet(c, c->graph.images[image].root, turn, err);

	while (code == ERR_OK && c->stack_len > 0) {
		uint32_t node = c->stack[--c->stack_len];

		count(c, node, image);
		code = meet_below(c, node, turn, err);
	}
	if (code != ERR_OK)
		return code;
	found->is = root->digest;
	found->platforms -= found->bare < found->platforms ? found->bare : found->platforms;
	found->read_back = found->referrers_known = true;
	if (!digest_equal(&root->digest, plan_digest(plan, image)))
		return err_set(err, ERR_PARTIAL, "%s is %s after the import, not %s: has somebody else moved it?",
			       plan->graph.images[image].name, root->digest.text, plan_digest(plan, image)->text);
	return ERR_OK;
}

static bool should_be_there(const struct push_item *item)
{
	return item->wanted && (item->state == PUSH_THERE || item->state == PUSH_ARRIVED);
}

static enum err_code check_manifests(const struct check *c, struct err *err)
{
	const struct push *p = c->push;
	size_t i;

	for (i = 0; i < p->items_len; i++) {
		const struct node *n = &p->plan->graph.nodes[p->items[i].node];

		if (!should_be_there(&p->items[i]) || c->reached[i] || !push_is_manifest(p, &p->items[i]))
			continue;
		return err_set(err, ERR_PARTIAL,
			       "%s: %s %s was sent, but no image there leads to it: has somebody else written there "
			       "meanwhile? Run again",
			       p->repositories[p->items[i].repository].name, role_name(n->role), n->digest.text);
	}
	return ERR_OK;
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	struct push_slot *slot = ctx;
	const struct push *p = slot->push;
	const struct push_item *item = &p->items[slot->at];
	const struct node *n = &p->plan->graph.nodes[item->node];

	if (there)
		return push_next(slot, err);
	return err_set(err, ERR_PARTIAL, "%s: %s %s was sent, and is not there", p->repositories[item->repository].name,
		       role_name(n->role), n->digest.text);
}

/* What was there before has been asked for already. */
static enum err_code ask_blob(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct push_item *item = &p->items[slot->at];

	*ret_started = item->state == PUSH_ARRIVED && !push_is_manifest(p, item);
	return *ret_started ? presence_start(repository_of(p->repositories[item->repository].source),
					     &p->plan->graph.nodes[item->node].digest, on_blob, slot, err)
			    : ERR_OK;
}

enum err_code push_check(struct push *p, struct err *err)
{
	CLEANUP(check_release) struct check c = { .push = p };
	enum err_code code;
	size_t i;

	graph_init(&c.graph);
	code = walk_all(p, &c.graph, err);
	if (code != ERR_OK)
		return code;
	c.turn_of = calloc(c.graph.nodes_len + 1, sizeof(*c.turn_of));
	c.reached = calloc(p->items_len + 1, sizeof(*c.reached));
	if (c.turn_of == NULL || c.reached == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < c.graph.images_len; i++)
		code = count_image(&c, i, err);
	if (code == ERR_OK)
		code = check_manifests(&c, err);
	return code == ERR_OK ? push_run(p, ask_blob, p->items_len, 2 * p->jobs, err) : code;
}
