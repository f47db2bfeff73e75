#include "export/supply.h"

#include <stdlib.h>

#include "common/mem.h"

struct supply {
	const struct walk *walk;
	struct graph *g;
	struct local *const *locals;
	size_t locals_len;
	bool *missing; /* by node: wanted, and in no source so far */
};

static bool is_wanted(const struct node *n)
{
	return n->role != ROLE_COUNT && !role_is_manifest(n->role) && node_is_carried(n);
}

static const struct local *local_of(const struct supply *s, size_t source)
{
	size_t i;

	for (i = 0; i < s->locals_len; i++) {
		if (local_source(s->locals[i]) == s->walk->sources[source])
			return s->locals[i];
	}
	return NULL;
}

/* From a file, if it lies in one. */
static void take_local(struct supply *s)
{
	size_t source, i;

	for (source = 0; source < s->walk->sources_len; source++) {
		const struct local *l = local_of(s, source);

		for (i = 0; l != NULL && i < s->g->nodes_len; i++) {
			if (!s->missing[i] || !local_has(l, &s->g->nodes[i].digest))
				continue;
			s->g->nodes[i].source = (uint16_t)source;
			s->missing[i] = false;
		}
	}
}

/* What a manifest lists, from a registry that has the manifest. */
static void take_listed(struct supply *s, uint32_t node, uint16_t registry)
{
	const struct node *n = &s->g->nodes[node];
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		uint32_t to = s->g->edges[n->edges + i].to;

		if (!s->missing[to])
			continue;
		s->g->nodes[to].source = registry;
		s->missing[to] = false;
	}
}

static void take_remote(struct supply *s)
{
	size_t source, i;

	for (source = 0; source < s->walk->sources_len; source++) {
		for (i = 0; local_of(s, source) == NULL && i < s->g->nodes_len; i++) {
			if (walk_has(s->walk, (uint32_t)i, (uint16_t)source))
				take_listed(s, (uint32_t)i, (uint16_t)source);
		}
	}
}

/* Nobody here has it: a prerequisite, or absent. */
static enum err_code mark(const struct supply *s, struct node *n, struct err *err)
{
	size_t i;

	for (i = 0; i < s->locals_len && n->holder.image == NULL; i++)
		n->holder = local_holder(s->locals[i], &n->digest);
	n->absent = n->holder.image == NULL;
	if (n->absent || n->role == ROLE_LAYER)
		return ERR_OK;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s was left out of its bundle as a layer of %.200s, and is no layer here: name a source that "
		       "has it",
		       n->digest.text, n->holder.image);
}

enum err_code supply_settle(const struct walk *walk, struct local *const *locals, size_t locals_len, struct err *err)
{
	struct graph *g = walk->graph;
	CLEANUP(free_ptr) bool *missing = calloc(g->nodes_len + 1, sizeof(*missing));
	struct supply s = { .walk = walk, .g = g, .locals = locals, .locals_len = locals_len, .missing = missing };
	enum err_code code = ERR_OK;
	size_t i;

	if (missing == NULL)
		return err_nomem(err);
	for (i = 0; i < g->nodes_len; i++)
		missing[i] = is_wanted(&g->nodes[i]);
	take_local(&s);
	take_remote(&s);
	for (i = 0; code == ERR_OK && i < g->nodes_len; i++) {
		if (missing[i])
			code = mark(&s, &g->nodes[i], err);
	}
	return code;
}
