#include "tests/lib/graph_text.h"

#include <check.h>
#include <stdio.h>

#include "common/mem.h"

static const char *or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static void put_node(FILE *to, const struct graph *g, uint32_t node, uint32_t owner)
{
	const struct node *n = &g->nodes[node];

	fprintf(to, "%.17s %s%s%s %s %s %s %s of %s\n", n->digest.text, role_name(n->role), n->absent ? ", absent" : "",
		n->left_out ? ", left out" : "", n->media_type, or_dash(n->artifact_type), or_dash(n->platform),
		or_dash(n->predicate_type), g->images[owner].name);
}

char *graph_text(const struct graph *g)
{
	CLEANUP(free_ptr) uint32_t *order = NULL;
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	size_t order_len = 0, len = 0, i;
	char *text = NULL;
	FILE *to = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(to);
	ck_assert_int_eq(graph_order(g, &order, &order_len, NULL), ERR_OK);
	ck_assert_int_eq(graph_owners(g, &owners, NULL), ERR_OK);
	for (i = 0; i < order_len; i++)
		put_node(to, g, order[i], owners[order[i]]);
	for (i = 0; i < g->links_len; i++)
		fprintf(to, "%.17s <- %.17s %s\n", g->nodes[g->links[i].subject].digest.text,
			g->nodes[g->links[i].referrer].digest.text, link_name(g->links[i].kind));
	for (i = 0; i < g->images_len; i++)
		fprintf(to, "%s %.17s\n", g->images[i].name, g->nodes[g->images[i].root].digest.text);
	fclose(to);
	return text;
}

const char *first_difference(const char *a, const char *b)
{
	size_t same = 0;

	while (a[same] == b[same] && a[same] != '\0')
		same++;
	while (same > 0 && b[same - 1] != '\n')
		same--;
	return b + same;
}
