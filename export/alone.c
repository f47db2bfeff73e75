#include "export/alone.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/platform.h"

/* A walk over one or all images that passes over other platforms. */
struct visit {
	const struct graph *g;
	const char *platform; /* NULL: all are visited */
	bool *seen;           /* owned: by node */
	uint32_t *stack;      /* owned; a node is in it once at most */
	size_t stack_len;
};

static void visit_release(struct visit *v)
{
	free(v->seen);
	free(v->stack);
}

static enum err_code visit_init(struct visit *v, const struct graph *g, struct err *err)
{
	*v = (struct visit){ .g = g };
	v->seen = calloc(g->nodes_len + 1, sizeof(*v->seen));
	v->stack = calloc(g->nodes_len + 1, sizeof(*v->stack));
	return v->seen != NULL && v->stack != NULL ? ERR_OK : err_nomem(err);
}

static bool is_for(const struct graph *g, uint32_t node, const char *platform)
{
	const char *one;
	size_t i;

	for (i = 0; (one = graph_platform(g, node, i)) != NULL; i++) {
		if (strcmp(one, platform) == 0)
			return true;
	}
	return false;
}

static bool is_other(const struct visit *v, uint32_t node)
{
	const struct node *n = &v->g->nodes[node];

	return v->platform != NULL && n->role == ROLE_MANIFEST && n->platform != NULL &&
	       !is_for(v->g, node, v->platform);
}

static void push(struct visit *v, uint32_t node)
{
	if (v->seen[node] || !node_is_carried(&v->g->nodes[node]) || is_other(v, node))
		return;
	v->seen[node] = true;
	v->stack[v->stack_len++] = node;
}

/* An attestation that its index lists goes with the image that it is about. */
static void push_successors(struct visit *v, uint32_t node)
{
	const struct node *n = &v->g->nodes[node];
	const struct link *links;
	size_t len = graph_links_of(v->g, node, &links), i;

	for (i = 0; i < n->edges_len; i++) {
		const struct edge *e = &v->g->edges[n->edges + i];

		if (e->kind != EDGE_ATTESTATION)
			push(v, e->to);
	}
	for (i = 0; i < len; i++)
		push(v, links[i].referrer);
}

static void visit_image(struct visit *v, uint32_t root)
{
	push(v, root);
	while (v->stack_len > 0)
		push_successors(v, v->stack[--v->stack_len]);
}

/* How many platforms an index offers, and whether one of them is this. */
static size_t platforms_of(const struct graph *g, uint32_t root, const char *platform, bool *ret_has)
{
	const struct node *n = &g->nodes[root];
	size_t count = 0, i;

	*ret_has = false;
	for (i = 0; n->role == ROLE_INDEX && i < n->edges_len; i++) {
		uint32_t at = g->edges[n->edges + i].to;
		const struct node *child = &g->nodes[at];

		if (child->role != ROLE_MANIFEST || child->platform == NULL || !node_is_carried(child))
			continue;
		count++;
		*ret_has |= is_for(g, at, platform);
	}
	return count;
}

/* True where every image that has a choice has this platform, and some image has one. */
static bool fits_all(const struct graph *g, const char *platform)
{
	bool any = false, has;
	size_t i;

	for (i = 0; i < g->images_len; i++) {
		if (platforms_of(g, g->images[i].root, platform, &has) < 2)
			continue;
		if (!has)
			return false;
		any = true;
	}
	return any;
}

/* The text as the graph has it, so that it lives as long. */
static const char *text_of(const struct graph *g, const char *platform)
{
	size_t i;

	for (i = 0; i < g->nodes_len; i++) {
		if (g->nodes[i].platform != NULL && strcmp(g->nodes[i].platform, platform) == 0)
			return g->nodes[i].platform;
	}
	for (i = 0; i < g->more_len; i++) {
		if (strcmp(g->more[i].platform, platform) == 0)
			return g->more[i].platform;
	}
	return NULL;
}

static const char *choose(const struct graph *g)
{
	char text[PLATFORM_TEXT_MAX];
	struct platform host;
	bool has;
	size_t i, e;

	if (platform_host(&host, NULL) == ERR_OK && fits_all(g, platform_format(&host, text)))
		return text_of(g, text);
	for (i = 0; i < g->images_len; i++) {
		const struct node *n = &g->nodes[g->images[i].root];

		if (platforms_of(g, g->images[i].root, "", &has) < 2)
			continue;
		for (e = 0; e < n->edges_len; e++) {
			const struct node *child = &g->nodes[g->edges[n->edges + e].to];

			if (child->role == ROLE_MANIFEST && child->platform != NULL && fits_all(g, child->platform))
				return child->platform;
		}
		return NULL;
	}
	return NULL;
}

enum err_code alone_of(const struct graph *g, struct alone *ret_alone, struct err *err)
{
	CLEANUP(visit_release) struct visit v = { 0 };
	struct alone alone = { .platform = choose(g) };
	enum err_code code = alone.platform != NULL ? visit_init(&v, g, err) : ERR_OK;
	size_t i;

	v.platform = alone.platform;
	for (i = 0; code == ERR_OK && alone.platform != NULL && i < g->images_len; i++)
		visit_image(&v, g->images[i].root);
	for (i = 0; code == ERR_OK && alone.platform != NULL && i < g->nodes_len; i++)
		alone.bytes += v.seen[i] ? g->nodes[i].size_bytes : 0;
	if (code == ERR_OK)
		*ret_alone = alone;
	return code;
}
