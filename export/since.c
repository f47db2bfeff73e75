#include "export/since.h"

#include <stdlib.h>

#include "bundles/contents.h"
#include "common/mem.h"

/* The first manifest that lists a layer, in the order of the images, is the one that is named. */
static void note_layers(struct since *s, uint32_t node, const char *image)
{
	const struct graph *g = &s->graph;
	const struct node *n = &g->nodes[node];
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		uint32_t layer = g->edges[n->edges + i].to;

		if (g->nodes[layer].role != ROLE_LAYER || g->nodes[layer].absent || g->nodes[layer].left_out ||
		    s->holders[layer].image != NULL)
			continue;
		s->holders[layer] = (struct holder){ .image = image, .manifest = n->digest.text };
	}
}

static enum err_code find_holders(struct since *s, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *order = NULL;
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	const struct graph *g = &s->graph;
	size_t len = 0, i;
	enum err_code code = graph_order(g, &order, &len, err);

	if (code == ERR_OK)
		code = graph_owners(g, &owners, err);
	if (code != ERR_OK)
		return code;
	s->holders = calloc(g->nodes_len + 1, sizeof(*s->holders));
	if (s->holders == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		if (g->nodes[order[i]].role == ROLE_MANIFEST)
			note_layers(s, order[i], g->images[owners[order[i]]].name);
	}
	return ERR_OK;
}

enum err_code since_open(const char *path, struct since *ret_since, struct err *err)
{
	CLEANUP(since_release) struct since s = { 0 };
	enum err_code code = bundle_open(path, &s.bundle, err);

	graph_init(&s.graph);
	if (code == ERR_OK)
		code = contents_walk(s.bundle, NULL, NULL, &s.graph, err);
	if (code == ERR_OK)
		code = graph_settle(&s.graph, err);
	if (code == ERR_OK)
		contents_mark(s.bundle, &s.graph);
	if (code == ERR_OK)
		code = find_holders(&s, err);
	if (code != ERR_OK)
		return code;
	*ret_since = s;
	s = (struct since){ 0 };
	return ERR_OK;
}

void since_mark(const struct since *s, struct graph *graph)
{
	size_t i;

	for (i = 0; i < graph->nodes_len; i++) {
		struct node *n = &graph->nodes[i];
		uint32_t had = graph_find(&s->graph, &n->digest);

		if (had != NODE_NONE && n->role == ROLE_LAYER && !n->absent && !n->left_out &&
		    s->holders[had].image != NULL)
			n->holder = s->holders[had];
	}
}

void since_release(struct since *s)
{
	free(s->holders);
	graph_release(&s->graph);
	bundle_close(s->bundle);
	*s = (struct since){ 0 };
}
