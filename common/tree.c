#include "common/tree.h"

#include <stdlib.h>

#include "common/mem.h"

enum err_code tree_init(struct tree *t, const struct graph *g, struct err *err)
{
	*t = (struct tree){ .graph = g };
	t->found = calloc(g->nodes_len + 1, sizeof(*t->found));
	t->seen = calloc(g->nodes_len + 1, sizeof(*t->seen));
	if (t->found != NULL && t->seen != NULL)
		return ERR_OK;
	tree_release(t);
	return err_nomem(err);
}

static void find(struct tree *t, uint32_t node)
{
	const struct graph *g = t->graph;
	const struct node *n = &g->nodes[node];
	enum manifest_kind kind = manifest_kind(n->media_type);
	size_t i;

	if (t->seen[node] == t->turn)
		return;
	t->seen[node] = t->turn;
	if (n->absent || n->left_out ||
	    (kind != MANIFEST_INDEX && kind != MANIFEST_NONE && n->role != ROLE_ATTESTATION))
		t->found[t->found_len++] = node;
	for (i = 0; kind == MANIFEST_INDEX && i < n->edges_len; i++)
		find(t, g->edges[n->edges + i].to);
}

void tree_of(struct tree *t, const struct image *image)
{
	t->found_len = 0;
	t->turn++;
	find(t, image->root);
}

void tree_release(struct tree *t)
{
	free(t->found);
	free(t->seen);
	*t = (struct tree){ 0 };
}
