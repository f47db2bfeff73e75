#include "common/tree.h"

#include <stdlib.h>

#include "common/mem.h"

enum err_code tree_init(struct tree *t, const struct graph *g, struct err *err)
{
	*t = (struct tree){ .graph = g };
	t->found = calloc(g->nodes_len + 1, sizeof(*t->found));
	t->seen = calloc(g->nodes_len + 1, sizeof(*t->seen));
	t->path = calloc(g->nodes_len + 1, sizeof(*t->path));
	if (t->found != NULL && t->seen != NULL && t->path != NULL)
		return ERR_OK;
	tree_release(t);
	return err_nomem(err);
}

/* A node once a turn; an index is then gone through. */
static void enter(struct tree *t, uint32_t node)
{
	const struct node *n = &t->graph->nodes[node];
	enum manifest_kind kind = manifest_kind(n->media_type);

	if (t->seen[node] == t->turn)
		return;
	t->seen[node] = t->turn;
	if (n->absent || n->left_out ||
	    (kind != MANIFEST_INDEX && kind != MANIFEST_NONE && n->role != ROLE_ATTESTATION))
		t->found[t->found_len++] = node;
	if (kind == MANIFEST_INDEX)
		t->path[t->path_len++] = (struct tree_step){ .index = node };
}

void tree_of(struct tree *t, const struct image *image)
{
	const struct graph *g = t->graph;

	t->found_len = 0;
	t->turn++;
	enter(t, image->root);
	while (t->path_len > 0) {
		struct tree_step *s = &t->path[t->path_len - 1];
		const struct node *index = &g->nodes[s->index];

		if (s->next == index->edges_len)
			t->path_len--;
		else
			enter(t, g->edges[index->edges + s->next++].to);
	}
}

void tree_release(struct tree *t)
{
	free(t->found);
	free(t->seen);
	free(t->path);
	*t = (struct tree){ 0 };
}
