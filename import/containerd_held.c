#include "import/containerd_held.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

enum err_code ctr_held_init(struct ctr_held *held, const struct graph *g, struct err *err)
{
	size_t len = g->nodes_len + 2;

	*held = (struct ctr_held){ .graph = g };
	held->there = calloc(len, sizeof(*held->there));
	held->refers = calloc(len, sizeof(*held->refers));
	held->begin = calloc(len, sizeof(*held->begin));
	held->found = calloc(len, sizeof(*held->found));
	held->seen = calloc(len, sizeof(*held->seen));
	if (held->there != NULL && held->refers != NULL && held->begin != NULL && held->found != NULL &&
	    held->seen != NULL)
		return ERR_OK;
	ctr_held_release(held);
	return err_nomem(err);
}

static enum err_code add_refs(struct ctr_held *held, const struct gc_refs *refs, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < refs->len; i++) {
		uint32_t node = graph_find(held->graph, &refs->items[i].to);

		if (node == NODE_NONE)
			continue;
		code = vec_grow(&held->to, &held->to_cap, held->to_len + 1, sizeof(*held->to), LIMIT_EDGES, err);
		if (code == ERR_OK)
			held->to[held->to_len++] = node;
	}
	return code;
}

static enum err_code look_at(struct ctr_held *held, struct containerd *c, uint32_t node, struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	CLEANUP(gc_refs_release) struct gc_refs wanted = { 0 };
	const struct node *n = &held->graph->nodes[node];
	enum err_code code = containerd_content(c, &n->digest, &content, err);

	held->begin[node] = (uint32_t)held->to_len;
	held->there[node] = code == ERR_OK && content.there && content.size_bytes == n->size_bytes;
	if (code != ERR_OK || !held->there[node])
		return code;
	code = gc_refs_of(held->graph, node, &wanted, err);
	held->refers[node] = code == ERR_OK && gc_refs_have(&content.refs, &wanted);
	return code == ERR_OK ? add_refs(held, &content.refs, err) : code;
}

enum err_code ctr_held_look(struct ctr_held *held, struct containerd *c, struct err *err)
{
	enum err_code code = ERR_OK;
	uint32_t i;

	held->to_len = 0;
	for (i = 0; code == ERR_OK && i < held->graph->nodes_len; i++)
		code = look_at(held, c, i, err);
	held->begin[held->graph->nodes_len] = (uint32_t)held->to_len;
	return code;
}

static void find(struct ctr_held *held, uint32_t node)
{
	if (held->seen[node] == held->turn || !held->there[node])
		return;
	held->seen[node] = held->turn;
	held->found[held->found_len++] = node;
}

void ctr_held_from(struct ctr_held *held, uint32_t root)
{
	size_t i;
	uint32_t j;

	held->turn++;
	held->found_len = 0;
	find(held, root);
	for (i = 0; i < held->found_len; i++) {
		for (j = held->begin[held->found[i]]; j < held->begin[held->found[i] + 1]; j++)
			find(held, held->to[j]);
	}
}

bool ctr_held_found(const struct ctr_held *held, uint32_t node)
{
	return held->turn > 0 && held->seen[node] == held->turn;
}

void ctr_held_release(struct ctr_held *held)
{
	free(held->there);
	free(held->refers);
	free(held->begin);
	free(held->to);
	free(held->found);
	free(held->seen);
	*held = (struct ctr_held){ .graph = NULL };
}
