/* The second half of graph.h: what is computed once everything has been found. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/graph.h"
#include "common/limits.h"
#include "common/mem.h"

static bool is_index(const struct node *n)
{
	return manifest_kind(n->media_type) == MANIFEST_INDEX;
}

/* What a listed thing is for, given what the manifest that lists it is for. */
static enum role role_of(const struct graph *g, const struct node *from, const struct edge *e)
{
	bool of_image = from->role == ROLE_INDEX || from->role == ROLE_MANIFEST;

	switch (e->kind) {
	case EDGE_ATTESTATION:
	case EDGE_CHILD:
		if (manifest_kind(g->nodes[e->to].media_type) == MANIFEST_NONE)
			return ROLE_ARTIFACT; /* an index may list anything, and call it anything */
		if (e->kind == EDGE_ATTESTATION)
			return ROLE_ATTESTATION;
		if (!of_image)
			return ROLE_REFERRER;
		return is_index(&g->nodes[e->to]) ? ROLE_INDEX : ROLE_MANIFEST;
	case EDGE_CONFIG:
		return ROLE_CONFIG;
	case EDGE_STATEMENT:
		return ROLE_STATEMENT;
	case EDGE_LAYER:
		break;
	}
	return of_image ? ROLE_LAYER : ROLE_ARTIFACT;
}

struct queue {
	uint32_t *items; /* nodes whose role became stronger */
	size_t len, cap;
};

static enum err_code strengthen(struct graph *g, struct queue *q, uint32_t node, enum role role, struct err *err)
{
	enum err_code code;

	if (g->nodes[node].role <= role)
		return ERR_OK;
	code = vec_grow(&q->items, &q->cap, q->len + 1, sizeof(*q->items), SIZE_MAX / sizeof(*q->items), err);
	if (code != ERR_OK)
		return code;
	g->nodes[node].role = role;
	q->items[q->len++] = node;
	return ERR_OK;
}

/* Roles only ever become stronger, and there are few: this ends after at most ROLE_COUNT visits of a node. */
static enum err_code spread_roles(struct graph *g, struct queue *q, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->images_len; i++) {
		const struct node *root = &g->nodes[g->images[i].root];

		code = strengthen(g, q, g->images[i].root, is_index(root) ? ROLE_INDEX : ROLE_MANIFEST, err);
	}
	for (i = 0; code == ERR_OK && i < g->links_len; i++) {
		bool buildkit = g->links[i].kind == LINK_BUILDKIT;

		code = strengthen(g, q, g->links[i].referrer, buildkit ? ROLE_ATTESTATION : ROLE_REFERRER, err);
	}
	while (code == ERR_OK && q->len > 0) {
		const struct node *n = &g->nodes[q->items[--q->len]];

		for (i = 0; code == ERR_OK && i < n->edges_len; i++) {
			const struct edge *e = &g->edges[n->edges + i];

			code = strengthen(g, q, e->to, role_of(g, n, e), err);
		}
	}
	return code;
}

/* What one index leaves out another may list for what was asked for: then it was asked for. */
static void mark_left_out(struct graph *g)
{
	size_t i;

	for (i = 0; i < g->edges_len; i++) {
		struct node *n = &g->nodes[g->edges[i].to];

		n->left_out |= g->edges[i].left_out && !n->expanded && !n->absent;
	}
}

/* Everything is there: what has not come by now is not in the graph. */
static enum err_code tie_loose(struct graph *g, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->loose_len; i++) {
		uint32_t subject = graph_find(g, &g->loose[i].subject);

		if (subject != NODE_NONE)
			code = graph_link(g, subject, g->loose[i].referrer, g->loose[i].kind, err);
	}
	g->loose_len = 0;
	return code;
}

static int compare_images(const void *a, const void *b)
{
	return strcmp(((const struct image *)a)->name, ((const struct image *)b)->name);
}

/* One name, one image: the same image asked for twice is one, two images under one name are a mistake. */
static enum err_code sort_images(struct graph *g, struct err *err)
{
	size_t kept = 0, i;

	if (g->images_len == 0)
		return ERR_OK;
	qsort(g->images, g->images_len, sizeof(*g->images), compare_images);
	for (i = 1; i < g->images_len; i++) {
		const struct image *a = &g->images[kept], *b = &g->images[i];

		if (strcmp(a->name, b->name) != 0)
			g->images[++kept] = *b;
		else if (a->root != b->root)
			return err_set(err, ERR_CONFLICT, "%s stands for two images, %s and %s: give each one a name",
				       a->name, g->nodes[a->root].digest.text, g->nodes[b->root].digest.text);
	}
	g->images_len = kept + 1;
	return ERR_OK;
}

static int compare_links(const void *a, const void *b, void *graph)
{
	const struct link *x = a, *y = b;
	const struct graph *g = graph;

	if (x->subject != y->subject)
		return strcmp(g->nodes[x->subject].digest.text, g->nodes[y->subject].digest.text);
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(g->nodes[x->referrer].digest.text, g->nodes[y->referrer].digest.text);
}

static void sort_links(struct graph *g)
{
	size_t kept = 0, i;

	if (g->links_len == 0)
		return;
	qsort_r(g->links, g->links_len, sizeof(*g->links), compare_links, g);
	for (i = 1; i < g->links_len; i++) {
		if (compare_links(&g->links[kept], &g->links[i], g) != 0)
			g->links[++kept] = g->links[i];
	}
	g->links_len = kept + 1;
}

static int compare_platforms(const void *a, const void *b)
{
	const struct node_platform *x = a, *y = b;

	return x->node != y->node ? (x->node < y->node ? -1 : 1) : strcmp(x->platform, y->platform);
}

static void sort_platforms(struct graph *g)
{
	size_t kept = 0, i;

	if (g->more_len == 0)
		return;
	qsort(g->more, g->more_len, sizeof(*g->more), compare_platforms);
	for (i = 1; i < g->more_len; i++) {
		if (compare_platforms(&g->more[kept], &g->more[i]) != 0)
			g->more[++kept] = g->more[i];
	}
	g->more_len = kept + 1;
}

/* A statement travels in front, whatever its size: so its size has a bound. */
static enum err_code check_statements(const struct graph *g, struct err *err)
{
	size_t i;

	for (i = 0; i < g->nodes_len; i++) {
		const struct node *n = &g->nodes[i];

		if (n->role == ROLE_STATEMENT && n->size_bytes > LIMIT_STATEMENT_BYTES)
			return err_set(err, ERR_LIMIT, "statement %s has more than %" PRIu64 " MiB", n->digest.text,
				       LIMIT_STATEMENT_BYTES / MIB);
	}
	return ERR_OK;
}

/* Nodes that list something, each once. */
struct level {
	uint32_t *nodes;
	size_t len;
};

/* What the nodes of a level list, where that lists something itself. */
static void descend(const struct graph *g, const struct level *from, uint8_t *reached, uint8_t depth, struct level *to)
{
	size_t i, j;

	to->len = 0;
	for (i = 0; i < from->len; i++) {
		const struct node *n = &g->nodes[from->nodes[i]];

		for (j = 0; j < n->edges_len; j++) {
			uint32_t child = g->edges[n->edges + j].to;

			if (g->nodes[child].edges_len == 0 || reached[child] == depth)
				continue;
			reached[child] = depth;
			to->nodes[to->len++] = child;
		}
	}
}

/* The longest way counts: of the ways to an index a walk takes the one that it happens to find first, and others go
 * down each of them. */
static enum err_code check_depth(const struct graph *g, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *one = calloc(g->nodes_len + 1, sizeof(*one));
	CLEANUP(free_ptr) uint32_t *other = calloc(g->nodes_len + 1, sizeof(*other));
	CLEANUP(free_ptr) uint8_t *reached = calloc(g->nodes_len + 1, sizeof(*reached));
	struct level at = { .nodes = one }, below = { .nodes = other };
	uint8_t depth;
	size_t i;

	if (one == NULL || other == NULL || reached == NULL)
		return err_nomem(err);
	for (i = 0; i < g->nodes_len; i++) {
		if (g->nodes[i].edges_len > 0)
			at.nodes[at.len++] = (uint32_t)i;
	}
	for (depth = 1; at.len > 0 && depth <= LIMIT_GRAPH_DEPTH + 1; depth++) {
		struct level was = at;

		descend(g, &at, reached, depth, &below);
		at = below;
		below = was;
	}
	if (at.len == 0)
		return ERR_OK;
	return err_set(err, ERR_LIMIT, "%s lies more than %d steps below an index", g->nodes[at.nodes[0]].digest.text,
		       LIMIT_GRAPH_DEPTH);
}

enum err_code graph_settle(struct graph *g, struct err *err)
{
	struct queue q = { 0 };
	enum err_code code = tie_loose(g, err);

	if (code != ERR_OK)
		return code;
	mark_left_out(g);
	sort_links(g);
	sort_platforms(g);
	code = sort_images(g, err);
	if (code == ERR_OK)
		code = spread_roles(g, &q, err);
	free(q.items);
	if (code == ERR_OK)
		code = check_statements(g, err);
	return code == ERR_OK ? check_depth(g, err) : code;
}

size_t graph_links_of(const struct graph *g, uint32_t subject, const struct link **ret_links)
{
	const char *digest = g->nodes[subject].digest.text;
	size_t low = 0, high = g->links_len, len = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(g->nodes[g->links[mid].subject].digest.text, digest) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + len < g->links_len && g->links[low + len].subject == subject)
		len++;
	*ret_links = g->links != NULL ? g->links + low : NULL;
	return len;
}

const char *graph_platform(const struct graph *g, uint32_t node, size_t i)
{
	size_t low = 0, high = g->more_len;

	if (i == 0)
		return g->nodes[node].platform;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->more[mid].node < node)
			low = mid + 1;
		else
			high = mid;
	}
	low += i - 1;
	return low < g->more_len && g->more[low].node == node ? g->more[low].platform : NULL;
}

const char *graph_platform_for(const struct graph *g, uint32_t node, const struct platform *wanted)
{
	const char *text;
	struct platform have;
	size_t i;

	for (i = 0; (text = graph_platform(g, node, i)) != NULL; i++) {
		if (platform_parse(text, &have, NULL) == ERR_OK && platform_match(wanted, &have))
			return text;
	}
	return NULL;
}

bool graph_runs_on(const struct graph *g, uint32_t node, const struct platform *wanted)
{
	return g->nodes[node].platform == NULL || graph_platform_for(g, node, wanted) != NULL;
}
