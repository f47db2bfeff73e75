/* The part of graph.h that goes through a settled graph from its images down: the order of nodes, and whose each is. */
#include <stdlib.h>
#include <string.h>

#include "common/graph.h"
#include "common/mem.h"

/* A walk from the images down, each node once. */
struct visit {
	const struct graph *g;
	uint32_t *stack; /* owned */
	size_t stack_len, stack_cap;
	uint32_t *owners; /* the image that reached a node first; NODE_NONE while unseen */
	uint32_t *order;
	size_t order_len;
};

static enum err_code push(struct visit *v, uint32_t node, struct err *err)
{
	enum err_code code;

	if (v->owners[node] != NODE_NONE)
		return ERR_OK;
	code = vec_grow(&v->stack, &v->stack_cap, v->stack_len + 1, sizeof(*v->stack), SIZE_MAX / sizeof(*v->stack),
			err);
	if (code == ERR_OK)
		v->stack[v->stack_len++] = node;
	return code;
}

/* What comes after a node, pushed last first: what it lists, then what refers to it. */
static enum err_code push_successors(struct visit *v, uint32_t node, struct err *err)
{
	const struct node *n = &v->g->nodes[node];
	const struct link *links;
	size_t links_len = graph_links_of(v->g, node, &links), i;
	enum err_code code = ERR_OK;

	for (i = links_len; code == ERR_OK && i-- > 0;)
		code = push(v, links[i].referrer, err);
	for (i = n->edges_len; code == ERR_OK && i-- > 0;)
		code = push(v, v->g->edges[n->edges + i].to, err);
	return code;
}

static enum err_code visit_image(struct visit *v, uint32_t image, struct err *err)
{
	enum err_code code = push(v, v->g->images[image].root, err);

	while (code == ERR_OK && v->stack_len > 0) {
		uint32_t node = v->stack[--v->stack_len];

		if (v->owners[node] != NODE_NONE)
			continue;
		v->owners[node] = image;
		v->order[v->order_len++] = node;
		code = push_successors(v, node, err);
	}
	return code;
}

static void visit_release(struct visit *v)
{
	free(v->stack);
	free(v->owners);
	free(v->order);
}

/* From some of the images: len of them, the first one at first. */
static enum err_code visit_images(struct visit *v, const struct graph *g, size_t first, size_t len, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	v->g = g;
	v->order = calloc(g->nodes_len + 1, sizeof(*v->order));
	v->owners = malloc((g->nodes_len + 1) * sizeof(*v->owners));
	if (v->order == NULL || v->owners == NULL)
		return err_nomem(err);
	memset(v->owners, 0xff, (g->nodes_len + 1) * sizeof(*v->owners));
	for (i = first; code == ERR_OK && i < first + len; i++)
		code = visit_image(v, (uint32_t)i, err);
	return code;
}

/* Small ones to the front, each group in the order in which it was found. */
static void split_small(const struct graph *g, uint32_t *order, size_t len, uint32_t *spare)
{
	size_t front = 0, back = 0, i;

	for (i = 0; i < len; i++) {
		if (node_is_small(&g->nodes[order[i]]))
			order[front++] = order[i];
		else
			spare[back++] = order[i];
	}
	if (back > 0)
		memcpy(order + front, spare, back * sizeof(*order));
}

enum err_code graph_order(const struct graph *g, uint32_t **ret_order, size_t *ret_len, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *spare = calloc(g->nodes_len + 1, sizeof(*spare));
	CLEANUP(visit_release) struct visit v = { 0 };
	enum err_code code = spare != NULL ? visit_images(&v, g, 0, g->images_len, err) : err_nomem(err);

	if (code != ERR_OK)
		return code;
	split_small(g, v.order, v.order_len, spare);
	*ret_len = v.order_len;
	*ret_order = take_ptr(&v.order);
	return ERR_OK;
}

enum err_code graph_owners(const struct graph *g, uint32_t **ret_owners, struct err *err)
{
	return graph_owners_among(g, 0, g->images_len, ret_owners, err);
}

enum err_code graph_owners_among(const struct graph *g, size_t first, size_t len, uint32_t **ret_owners,
				 struct err *err)
{
	CLEANUP(visit_release) struct visit v = { 0 };
	enum err_code code = visit_images(&v, g, first, len, err);

	if (code == ERR_OK)
		*ret_owners = take_ptr(&v.owners);
	return code;
}
