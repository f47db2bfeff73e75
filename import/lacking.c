#include "import/lacking.h"

#include <stdlib.h>
#include <string.h>

#include "bundles/source.h"
#include "common/limits.h"
#include "common/mem.h"

struct lacking {
	struct admission *admission;
	const struct plan *plan;
	const struct graph *graph; /* what is judged: the plan's, or whole where that is a part of a bundle */
	struct graph whole;        /* of it what was not chosen is left out, but not what vouches for that */
	struct source *source;     /* of the bundle */
	bool *there;               /* by node of graph: what is not carried and is, or may be, at the target */
	bool *unknown;             /* by node of graph: the plan does not know it, so nobody can be asked about it */
	struct target_question *questions;
	size_t len, cap;
};

static void lacking_release(struct lacking *l)
{
	if (l->source != NULL)
		l->source->free(l->source);
	graph_release(&l->whole);
	free(l->there);
	free(l->unknown);
	free(l->questions);
}

/* Docker looks for manifests among layers, too: whether such a layer is left out, or must be there, it may be there. */
static bool may_be_manifest(const struct node *n)
{
	return n->role != ROLE_LAYER || manifest_kind(n->media_type) != MANIFEST_NONE;
}

static bool may_be_run(const struct lacking *l, enum role role)
{
	return role == ROLE_MANIFEST || role == ROLE_INDEX || (role == ROLE_ATTESTATION && l->admission->runs_all);
}

/* Of a bundle that was chosen from, the rest has signatures too: of what was not chosen only these are left. */
static void leave_unchosen(struct lacking *l)
{
	const struct graph *chosen = &l->plan->graph;
	size_t i;

	for (i = 0; i < l->whole.nodes_len; i++) {
		struct node *n = &l->whole.nodes[i];
		uint32_t at = graph_find(chosen, &n->digest);

		if (n->role == ROLE_MANIFEST || n->role == ROLE_INDEX)
			n->left_out |= at == NODE_NONE || !node_is_carried(&chosen->nodes[at]);
		l->unknown[i] = at == NODE_NONE && !node_is_carried(n) && may_be_manifest(n) &&
				(n->role != ROLE_ATTESTATION || l->admission->runs_all);
	}
}

/* What is judged, and what is known of it. */
static enum err_code make_graph(struct lacking *l, struct err *err)
{
	enum err_code code = l->plan->partial ? plan_walk_whole(l->plan, &l->whole, err) : ERR_OK;

	if (code != ERR_OK)
		return code;
	l->graph = l->plan->partial ? &l->whole : &l->plan->graph;
	l->there = calloc(l->graph->nodes_len + 1, sizeof(*l->there));
	l->unknown = calloc(l->graph->nodes_len + 1, sizeof(*l->unknown));
	if (l->there == NULL || l->unknown == NULL)
		return err_nomem(err);
	if (l->plan->partial)
		leave_unchosen(l);
	return bundle_source_new(l->plan->bundle, &l->source, err);
}

static int compare_names(const void *name, const void *image)
{
	return strcmp(name, ((const struct image *)image)->name);
}

/* An image of the plan, as it is judged. */
static const struct image *image_of(const struct lacking *l, size_t image)
{
	const struct graph *g = l->graph;

	return bsearch(l->plan->graph.images[image].name, g->images, g->images_len, sizeof(*g->images), compare_names);
}

static enum err_code judge(struct lacking *l, size_t image, struct err *err)
{
	return admission_check_image(l->admission, l->graph, image_of(l, image), l->source, l->plan->names, l->there,
				     err);
}

/* What may be run of an image, and does not go along.  Of what the plan does not know, what lists it is asked about. */
static enum err_code add_questions(struct lacking *l, size_t image, struct err *err)
{
	const struct graph *g = l->graph;
	CLEANUP(candidates_release) struct candidates all = { 0 };
	enum err_code code = candidates_gather_there(g, image_of(l, image)->root, l->source, l->there, &all, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < all.subjects_len; i++) {
		const struct candidate_subject *s = &all.subjects[i];
		uint32_t node = graph_find(&l->plan->graph, s->digest);

		if (node == NODE_NONE || node_is_carried(&l->plan->graph.nodes[node]) || !may_be_run(l, s->role))
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
	const struct graph *g = l->graph;
	enum err_code code = ERR_OK;
	bool lacks = false;
	size_t i;

	for (i = 0; i < g->nodes_len; i++) {
		l->there[i] = !node_is_carried(&g->nodes[i]) && may_be_manifest(&g->nodes[i]);
		lacks |= l->there[i];
	}
	for (i = 0; lacks && code == ERR_OK && i < l->plan->graph.images_len; i++) {
		struct err why = { 0 };

		code = judge(l, i, &why);
		if (code == ERR_UNPROVED)
			code = add_questions(l, i, err);
		else if (code != ERR_OK)
			*err = why;
	}
	return code;
}

/* One image by what was answered of it: a range of questions.  What nobody could be asked about may be there wherever
 * what lists it is. */
static enum err_code judge_answers(struct lacking *l, size_t from, size_t *ret_end, struct err *err)
{
	size_t image = l->questions[from].image, i;
	bool any = false;

	memcpy(l->there, l->unknown, l->graph->nodes_len * sizeof(*l->there));
	for (i = from; i < l->len && l->questions[i].image == image; i++) {
		const struct target_question *q = &l->questions[i];

		l->there[graph_find(l->graph, &l->plan->graph.nodes[q->node].digest)] = q->there;
		any |= q->there;
	}
	*ret_end = i;
	return any ? judge(l, image, err) : ERR_OK;
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

	a->runs_all = t->runs_all;
	if (a->len == 0 && a->revoked.len == 0)
		return ERR_OK;
	graph_init(&l.whole);
	code = make_graph(&l, err);
	if (code == ERR_OK)
		code = find_questions(&l, err);
	return code == ERR_OK && l.len > 0 ? ask(&l, t, err) : code;
}
