#include "trust/coverage.h"

#include <stdlib.h>
#include <string.h>

static int compare_places(const void *a, const void *b)
{
	uint32_t x = ((const struct coverage_place *)a)->node, y = ((const struct coverage_place *)b)->node;

	return (x > y) - (x < y);
}

enum err_code coverage_init(struct coverage *c, const struct candidates *all, struct err *err)
{
	size_t len = all->subjects_len, i;

	*c = (struct coverage){ .all = all, .from = COVERAGE_NONE };
	c->places = calloc(len + 1, sizeof(*c->places));
	c->covered = calloc(len + 1, sizeof(*c->covered));
	c->stack = calloc(len + 1, sizeof(*c->stack));
	if (c->places == NULL || c->covered == NULL || c->stack == NULL) {
		coverage_release(c);
		return err_nomem(err);
	}
	for (i = 0; i < len; i++)
		c->places[i] = (struct coverage_place){ .node = all->subjects[i].node, .subject = i };
	qsort(c->places, len, sizeof(*c->places), compare_places);
	return ERR_OK;
}

size_t coverage_subject(const struct coverage *c, uint32_t node)
{
	const struct coverage_place wanted = { .node = node };
	const struct coverage_place *found =
		bsearch(&wanted, c->places, c->all->subjects_len, sizeof(*c->places), compare_places);

	return found != NULL ? found->subject : COVERAGE_NONE;
}

const bool *coverage_from(struct coverage *c, size_t subject)
{
	const struct graph *g = c->all->graph;
	size_t depth = 0, i;

	if (c->from == subject)
		return c->covered;
	memset(c->covered, 0, c->all->subjects_len * sizeof(*c->covered));
	c->from = subject;
	c->covered[subject] = true;
	c->stack[depth++] = subject;
	while (depth > 0) {
		const struct node *n = &g->nodes[c->all->subjects[c->stack[--depth]].node];

		for (i = 0; i < n->edges_len; i++) {
			size_t below = coverage_subject(c, g->edges[n->edges + i].to);

			if (below == COVERAGE_NONE || c->covered[below])
				continue;
			c->covered[below] = true;
			c->stack[depth++] = below;
		}
	}
	return c->covered;
}

void coverage_release(struct coverage *c)
{
	free(c->places);
	free(c->covered);
	free(c->stack);
	*c = (struct coverage){ 0 };
}
