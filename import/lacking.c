#include "import/lacking.h"

#include <stdlib.h>
#include <string.h>

#include "bundles/source.h"
#include "common/limits.h"
#include "common/mem.h"

struct lacking {
	struct admission *admission;
	const struct plan *plan;
	struct source *source; /* of the bundle */
	bool *there;           /* by node: what is not carried and is, or may be, at the target */
	struct target_question *questions;
	size_t len, cap;
};

static void lacking_release(struct lacking *l)
{
	if (l->source != NULL)
		l->source->free(l->source);
	free(l->there);
	free(l->questions);
}

static enum err_code judge(struct lacking *l, size_t image, struct err *err)
{
	const struct graph *g = &l->plan->graph;

	return admission_check_image(l->admission, g, &g->images[image], l->source, l->plan->names, l->there, err);
}

/* What may be run of an image, and is not carried. */
static enum err_code add_questions(struct lacking *l, size_t image, struct err *err)
{
	const struct graph *g = &l->plan->graph;
	CLEANUP(candidates_release) struct candidates all = { 0 };
	enum err_code code = candidates_gather_there(g, g->images[image].root, l->source, l->there, &all, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < all.subjects_len; i++) {
		uint32_t node = all.subjects[i].node;

		if (node_is_carried(&g->nodes[node]) ||
		    (all.subjects[i].role != ROLE_MANIFEST && all.subjects[i].role != ROLE_INDEX))
			continue;
		code = vec_grow(&l->questions, &l->cap, l->len + 1, sizeof(*l->questions), LIMIT_EDGES, err);
		if (code == ERR_OK)
			l->questions[l->len++] = (struct target_question){ .image = image, .node = node };
	}
	return code;
}

/* Whatever would be refused if the target had all that is listed is asked about. */
static enum err_code find_questions(struct lacking *l, struct err *err)
{
	const struct graph *g = &l->plan->graph;
	enum err_code code = ERR_OK;
	bool lacks = false;
	size_t i;

	for (i = 0; i < g->nodes_len; i++) {
		l->there[i] = !node_is_carried(&g->nodes[i]) && g->nodes[i].holder.image == NULL;
		lacks |= l->there[i] && g->nodes[i].role != ROLE_LAYER;
	}
	for (i = 0; lacks && code == ERR_OK && i < g->images_len; i++) {
		struct err why = { 0 };

		code = judge(l, i, &why);
		if (code == ERR_UNPROVED)
			code = add_questions(l, i, err);
		else if (code != ERR_OK)
			*err = why;
	}
	return code;
}

static bool is_revoked(const struct lacking *l, size_t from, size_t end)
{
	size_t i;

	for (i = from; i < end; i++) {
		const struct target_question *q = &l->questions[i];

		if (q->there && revoked_find(&l->admission->revoked, &l->plan->graph.nodes[q->node].digest) != NULL)
			return true;
	}
	return false;
}

/* Of a bundle that was chosen from, the rest has signatures too: whether all of an image would be taken. */
static enum err_code judge_whole(struct lacking *l, const char *name, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	enum err_code code;
	size_t i;

	graph_init(&g);
	code = plan_walk_whole(l->plan, &g, err);
	for (i = 0; code == ERR_OK && i < g.images_len; i++) {
		if (strcmp(g.images[i].name, name) == 0)
			code = admission_check_image(l->admission, &g, &g.images[i], l->source, l->plan->names, NULL,
						     err);
	}
	return code;
}

/* One image by what was answered of it: a range of questions. */
static enum err_code judge_answers(struct lacking *l, size_t from, size_t *ret_end, struct err *err)
{
	size_t image = l->questions[from].image, i;
	struct err why = { 0 }, whole = { 0 };
	enum err_code code;
	bool any = false;

	memset(l->there, 0, l->plan->graph.nodes_len * sizeof(*l->there));
	for (i = from; i < l->len && l->questions[i].image == image; i++) {
		l->there[l->questions[i].node] = l->questions[i].there;
		any |= l->questions[i].there;
	}
	*ret_end = i;
	code = any ? judge(l, image, &why) : ERR_OK;
	if (code == ERR_UNPROVED && l->plan->partial && !is_revoked(l, from, i)) {
		code = judge_whole(l, l->plan->graph.images[image].name, &whole);
		why = code == ERR_UNPROVED ? why : whole;
	}
	return code == ERR_OK ? ERR_OK : err_set(err, code, "%s", why.msg);
}

static enum err_code ask(struct lacking *l, struct target *t, struct err *err)
{
	enum err_code code = t->look(t, l->plan, l->questions, l->len, err);
	size_t i = 0;

	while (code == ERR_OK && i < l->len)
		code = judge_answers(l, i, &i, err);
	if (code == ERR_UNPROVED)
		return err_add(err,
			       "%s has what an index of this bundle lists and the bundle does not bring; bring it with "
			       "what vouches for it, or have the index signed",
			       t->name);
	return code;
}

enum err_code lacking_check(struct admission *a, const struct plan *plan, struct target *t, struct err *err)
{
	CLEANUP(lacking_release) struct lacking l = { .admission = a, .plan = plan };
	enum err_code code;

	if (a->len == 0 && a->revoked.len == 0)
		return ERR_OK;
	l.there = calloc(plan->graph.nodes_len + 1, sizeof(*l.there));
	if (l.there == NULL)
		return err_nomem(err);
	code = bundle_source_new(plan->bundle, &l.source, err);
	if (code == ERR_OK)
		code = find_questions(&l, err);
	return code == ERR_OK && l.len > 0 ? ask(&l, t, err) : code;
}
