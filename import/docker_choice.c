#include "import/docker_choice.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum err_code docker_choice_init(struct docker_choice *c, struct plan *plan, bool referrers, struct err *err)
{
	*c = (struct docker_choice){ .plan = plan, .referrers = referrers };
	c->place = calloc(plan->graph.nodes_len + 1, sizeof(*c->place));
	c->send = calloc(plan->graph.nodes_len + 1, sizeof(*c->send));
	c->there = calloc(plan->graph.images_len + 1, sizeof(*c->there));
	c->sends = calloc(plan->graph.images_len + 1, sizeof(*c->sends));
	if (c->place != NULL && c->send != NULL && c->there != NULL && c->sends != NULL)
		return ERR_OK;
	docker_choice_release(c);
	return err_nomem(err);
}

void docker_choice_release(struct docker_choice *c)
{
	free(c->place);
	free(c->send);
	free(c->there);
	free(c->sends);
	*c = (struct docker_choice){ 0 };
}

/* An available manifest has all its layers, those too that the bundle leaves out because of it. */
static void see_held(struct docker_choice *c, const struct digest *manifest)
{
	const struct graph *g = &c->plan->graph;
	size_t i;

	for (i = 0; i < g->nodes_len; i++) {
		if (g->nodes[i].holder.image != NULL && strcmp(g->nodes[i].holder.manifest, manifest->text) == 0)
			c->plan->skip[i] = true;
	}
}

void docker_choice_see(struct docker_choice *c, const struct docker_image *got)
{
	const struct graph *g = &c->plan->graph;
	size_t i, j;

	for (i = 0; i < got->manifests_len; i++) {
		uint32_t node = graph_find(g, &got->manifests[i].digest);

		if (got->manifests[i].available)
			see_held(c, &got->manifests[i].digest);
		if (node == NODE_NONE || g->nodes[node].role != ROLE_MANIFEST || !got->manifests[i].available)
			continue;
		for (j = 0; j < g->nodes[node].edges_len; j++) {
			uint32_t layer = g->edges[g->nodes[node].edges + j].to;

			if (g->nodes[layer].role == ROLE_LAYER || g->nodes[layer].absent)
				c->plan->skip[layer] = true;
		}
	}
}

bool docker_choice_named(const struct docker_choice *c, size_t image)
{
	const struct graph *g = &c->plan->graph;

	return digest_equal(&c->plan->images[image].was, &g->nodes[g->images[image].root].digest);
}

static bool lists_manifests(const struct graph *g, const struct node *n)
{
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		if (manifest_kind(g->nodes[g->edges[n->edges + i].to].media_type) != MANIFEST_NONE)
			return true;
	}
	return false;
}

static bool keeps(const struct docker_choice *c, const struct link *link)
{
	const struct graph *g = &c->plan->graph;
	const struct node *n = &g->nodes[link->referrer];

	if (!c->referrers || link->kind == LINK_BUILDKIT || n->role != ROLE_REFERRER || !node_is_carried(n))
		return false;
	if (strcmp(n->media_type, TYPE_OCI_MANIFEST) != 0 && strcmp(n->media_type, TYPE_DOCKER_MANIFEST) != 0)
		return false;
	return !lists_manifests(g, n);
}

bool docker_choice_ties(const struct docker_choice *c, const struct link *link)
{
	return c->send[link->subject] && c->send[link->referrer] && keeps(c, link) &&
	       c->place[link->subject] < c->place[link->referrer];
}

/* The nodes found so far, in order. */
struct list {
	uint32_t *items;
	size_t len, cap;
};

static void list_release(struct list *l)
{
	free(l->items);
}

static enum err_code add(struct docker_choice *c, struct list *l, uint32_t node, struct err *err)
{
	enum err_code code;

	if (c->place[node] != 0)
		return ERR_OK;
	code = vec_grow(&l->items, &l->cap, l->len + 1, sizeof(*l->items), c->plan->graph.nodes_len, err);
	if (code != ERR_OK)
		return code;
	l->items[l->len++] = node;
	c->place[node] = (uint32_t)l->len;
	return ERR_OK;
}

static enum err_code add_successors(struct docker_choice *c, struct list *l, uint32_t node, struct err *err)
{
	const struct graph *g = &c->plan->graph;
	const struct node *n = &g->nodes[node];
	const struct link *links;
	size_t len = node_is_carried(n) ? graph_links_of(g, node, &links) : 0, i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < n->edges_len; i++)
		code = add(c, l, g->edges[n->edges + i].to, err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		if (keeps(c, &links[i]))
			code = add(c, l, links[i].referrer, err);
	}
	return code;
}

static bool names(const struct gc_refs *refs, const struct digest *wanted)
{
	size_t i;

	for (i = 0; i < refs->len; i++) {
		if (digest_equal(&refs->items[i].to, wanted))
			return true;
	}
	return false;
}

/* What the bundle brings of it and of what belongs to it directly is there to stay. */
static bool keeps_all_of(const struct docker_choice *c, uint32_t node, const struct gc_refs *refs)
{
	const struct graph *g = &c->plan->graph;
	const struct node *n = &g->nodes[node], *to;
	const struct link *links;
	size_t len = graph_links_of(g, node, &links), i;

	for (i = 0; i < n->edges_len; i++) {
		to = &g->nodes[g->edges[n->edges + i].to];
		if (node_is_carried(to) && !names(refs, &to->digest))
			return false;
	}
	for (i = 0; i < len; i++) {
		if (keeps(c, &links[i]) && !names(refs, &g->nodes[links[i].referrer].digest))
			return false;
	}
	return true;
}

static bool has_node(const struct docker_choice *c, uint32_t node)
{
	const struct node *n = &c->plan->graph.nodes[node];
	CLEANUP(containerd_content_release) struct containerd_content got = { 0 };

	if (!node_is_carried(n))
		return true;
	return containerd_content(c->store, &n->digest, &got, NULL) == ERR_OK && got.there &&
	       got.size_bytes == n->size_bytes && keeps_all_of(c, node, &got.refs);
}

/* The daemon's content store says that a load would change nothing. */
static bool has_all(const struct docker_choice *c, const struct list *l, size_t begin)
{
	size_t i;

	for (i = begin; i < l->len; i++) {
		if (!has_node(c, l->items[i]))
			return false;
	}
	return true;
}

/* What an earlier image has brought in, or has there, is no matter of this one. */
static enum err_code choose_image(struct docker_choice *c, struct list *l, size_t image, struct err *err)
{
	const struct graph *g = &c->plan->graph;
	bool sends = !c->there[image];
	size_t begin = l->len, i;
	enum err_code code = add(c, l, g->images[image].root, err);

	for (i = begin; code == ERR_OK && i < l->len; i++) {
		sends |= g->nodes[l->items[i]].role == ROLE_REFERRER;
		code = add_successors(c, l, l->items[i], err);
	}
	if (code == ERR_OK && sends && c->store != NULL && docker_choice_named(c, image))
		sends = !has_all(c, l, begin);
	for (i = begin; sends && i < l->len; i++)
		c->send[l->items[i]] = true;
	c->sends[image] = sends;
	c->any |= sends;
	return code;
}

static enum err_code check_node(const struct docker_choice *c, uint32_t node, struct err *err)
{
	const struct node *n = &c->plan->graph.nodes[node];

	if (c->place[node] == 0 || strcmp(digest_algorithm(&n->digest), "sha256") == 0)
		return ERR_OK;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s %s: a Docker daemon knows sha256 only; use the embedded store (--to store)",
		       role_name(n->role), n->digest.text);
}

enum err_code docker_choice_make(struct docker_choice *c, struct err *err)
{
	CLEANUP(list_release) struct list l = { 0 };
	struct plan *plan = c->plan;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++)
		code = choose_image(c, &l, i, err);
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		uint32_t node = plan->order[i];
		const struct node *n = &plan->graph.nodes[node];

		code = check_node(c, node, err);
		if (!c->send[node])
			plan->skip[node] = true;
		if (n->role == ROLE_REFERRER && node_is_carried(n) && c->place[node] == 0)
			plan_lose(plan, node, &plan->lost_referrers);
	}
	return code;
}
