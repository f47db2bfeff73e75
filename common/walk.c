#include "common/walk.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/walk_private.h"

static void question_link(struct question *q, struct question **at)
{
	q->next = *at;
	q->link = at;
	if (*at != NULL)
		(*at)->link = &q->next;
	*at = q;
}

static void question_unlink(struct question *q)
{
	*q->link = q->next;
	if (q->next != NULL)
		q->next->link = q->link;
}

static void question_free(struct question *q)
{
	question_unlink(q);
	free(q->candidate);
	free(q->name);
	free(q->asked);
	free(q);
}

static enum err_code question_new(struct walk *w, uint32_t node, uint16_t source, struct question **at,
				  struct question **ret_question, struct err *err)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return err_nomem(err);
	*q = (struct question){ .walk = w, .node = node, .source = source };
	question_link(q, at);
	*ret_question = q;
	return ERR_OK;
}

/* The answer of a source may come before it returns, and bring new questions: they wait for this loop, however deep the
 * graph is. */
static enum err_code start_waiting(struct walk *w, struct err *err)
{
	enum err_code code = ERR_OK;

	if (w->starting)
		return ERR_OK;
	w->starting = true;
	while (code == ERR_OK && w->waiting != NULL && w->under_way < WALK_UNDER_WAY_MAX) {
		struct question *q = w->waiting;

		if (w->waiting_last == q)
			w->waiting_last = NULL;
		question_unlink(q);
		question_link(q, &w->open);
		w->under_way++;
		code = q->ask(q, err);
	}
	w->starting = false;
	return code;
}

enum err_code walk_ask_later(struct walk *w, uint32_t node, uint16_t source, const struct descriptor *candidate,
			     walk_ask_fn *ask, struct err *err)
{
	struct question *q = NULL;
	struct question **end = w->waiting_last != NULL ? &w->waiting_last->next : &w->waiting;
	enum err_code code = question_new(w, node, source, end, &q, err);

	if (code != ERR_OK)
		return code;
	w->waiting_last = q;
	q->ask = ask;
	if (candidate != NULL) {
		q->candidate = malloc(sizeof(*q->candidate));
		if (q->candidate == NULL)
			return err_nomem(err);
		*q->candidate = *candidate;
	}
	return start_waiting(w, err);
}

enum err_code walk_answered(struct question *q, enum err_code code, struct err *err)
{
	struct walk *w = q->walk;

	w->under_way -= q->ask != NULL;
	question_free(q);
	return code == ERR_OK ? start_waiting(w, err) : code;
}

void walk_init(struct walk *w, struct graph *graph, walk_manifest_fn *on_manifest, void *ctx)
{
	*w = (struct walk){ .graph = graph, .on_manifest = on_manifest, .ctx = ctx };
}

void walk_release(struct walk *w)
{
	while (w->open != NULL)
		question_free(w->open);
	while (w->waiting != NULL)
		question_free(w->waiting);
	free(w->sources);
	asked_release(&w->asked);
	free(w->dropped);
	*w = (struct walk){ 0 };
}

struct source *walk_source(const struct walk *w, const struct node *n)
{
	return w->sources[n->source];
}

static enum err_code source_place(struct walk *w, struct source *source, uint16_t *ret_place, struct err *err)
{
	enum err_code code;
	size_t i;

	for (i = 0; i < w->sources_len; i++) {
		if (w->sources[i] == source)
			break;
	}
	if (i == w->sources_len) {
		code = vec_grow(&w->sources, &w->sources_cap, i + 1, sizeof(struct source *), UINT16_MAX, err);
		if (code != ERR_OK)
			return err_add(err, "repositories of these images");
		w->sources[w->sources_len++] = source;
	}
	*ret_place = (uint16_t)i;
	return ERR_OK;
}

/* Whether this is the first time. */
enum err_code walk_once(struct walk *w, uint32_t node, uint16_t source, enum asked_what what, bool *ret_first,
			struct err *err)
{
	return asked_once(&w->asked, node, source, what, ret_first, err);
}

/* Whoever has a manifest is asked what refers to it. */
bool walk_has(const struct walk *w, uint32_t node, uint16_t source)
{
	return asked_has(&w->asked, node, source, ASKED_REFERRERS);
}

/* Mark what of an index is not wanted; nothing of that is asked for.  Its edges are its entries. */
static enum err_code leave_out(struct walk *w, uint32_t node, const struct manifest *m, struct err *err)
{
	CLEANUP(free_ptr) bool *taken = calloc(m->items_len + 1, sizeof(*taken));
	const struct node *n = &w->graph->nodes[node];
	enum err_code code = taken != NULL ? selection_of_index(w->selection, m, taken, err) : err_nomem(err);
	size_t i;

	for (i = 0; code == ERR_OK && i < n->edges_len; i++)
		w->graph->edges[n->edges + i].left_out = !taken[i];
	return code;
}

/* The blobs that a manifest lists are looked for where it came from: a config is one, whatever its media type claims.
 */
static void place_blobs(struct walk *w, uint32_t node, uint16_t source)
{
	struct graph *g = w->graph;
	size_t i;

	for (i = 0; i < g->nodes[node].edges_len; i++) {
		const struct edge *e = &g->edges[g->nodes[node].edges + i];

		if (!e->manifest && !e->left_out)
			g->nodes[e->to].source = source;
	}
}

enum err_code walk_visit_children(struct walk *w, uint32_t node, uint16_t source, struct err *err)
{
	struct graph *g = w->graph;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->nodes[node].edges_len; i++) {
		const struct edge *e = &g->edges[g->nodes[node].edges + i];

		if (e->manifest && !e->left_out)
			code = walk_visit(w, e->to, node, source, err);
	}
	return code;
}

/* Go on from a node that this source has and another one gave first. */
static enum err_code follow(struct walk *w, uint32_t node, uint16_t source, struct err *err)
{
	bool first = false;
	enum err_code code = walk_once(w, node, source, ASKED_REFERRERS, &first, err);

	if (code != ERR_OK || !first)
		return code;
	code = walk_visit_children(w, node, source, err);
	return code == ERR_OK ? walk_ask_referrers(w, node, source, err) : code;
}

enum err_code walk_expand(struct walk *w, uint32_t node, uint16_t source, const struct source_manifest *got,
			  struct manifest *m, struct err *err)
{
	bool first;
	enum err_code code;

	if (w->graph->nodes[node].expanded)
		return follow(w, node, source, err); /* it came under a name, or from another source, meanwhile */
	w->graph->nodes[node].absent = false;
	w->graph->nodes[node].source = source;
	code = graph_add_manifest(w->graph, node, m, err);
	if (code == ERR_OK && w->on_manifest != NULL)
		code = w->on_manifest(w->ctx, node, got->bytes, got->len, err);
	if (code == ERR_OK)
		code = walk_once(w, node, source, ASKED_REFERRERS, &first, err);
	if (code == ERR_OK && m->kind == MANIFEST_INDEX && w->selection != NULL)
		code = leave_out(w, node, m, err);
	if (code != ERR_OK)
		return code;
	manifest_release(m); /* thousands of questions about its children take as much again */
	place_blobs(w, node, source);
	code = walk_visit_children(w, node, source, err);
	return code == ERR_OK ? walk_ask_referrers(w, node, source, err) : code;
}

static enum err_code expand(struct walk *w, uint32_t node, uint16_t source, const struct source_manifest *got,
			    struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	enum err_code code = ERR_OK;

	if (!w->graph->nodes[node].expanded)
		code = manifest_parse(got->bytes, got->len, got->media_type, got->digest.text, &m, err);
	return code == ERR_OK ? walk_expand(w, node, source, got, &m, err) : code;
}

static enum err_code on_manifest(void *ctx, const struct source_manifest *got, struct err *err)
{
	struct question *q = ctx;
	enum err_code code = ERR_OK;

	if (got->bytes != NULL)
		code = expand(q->walk, q->node, q->source, got, err);
	else
		q->walk->graph->nodes[q->node].absent = !q->walk->graph->nodes[q->node].expanded;
	return walk_answered(q, code, err);
}

static enum err_code ask_manifest(struct question *q, struct err *err)
{
	struct source *s = q->walk->sources[q->source];
	struct descriptor d = node_descriptor(&q->walk->graph->nodes[q->node]);

	return s->manifest(s, &d, on_manifest, q, err);
}

/* A step from a node that was reached to another. */
enum err_code walk_reach(struct walk *w, uint32_t node, uint32_t from, struct err *err)
{
	struct node *n = &w->graph->nodes[node];
	unsigned depth = w->graph->nodes[from].depth + 1U;

	if (depth > LIMIT_GRAPH_DEPTH)
		return err_set(err, ERR_LIMIT, "%s lies more than %d steps below its image", n->digest.text,
			       LIMIT_GRAPH_DEPTH);
	n->depth = depth < n->depth ? (uint8_t)depth : n->depth;
	return w->graph->nodes[from].of_referrer ? walk_mark_of_referrer(w, node, err) : ERR_OK;
}

enum err_code walk_visit(struct walk *w, uint32_t node, uint32_t from, uint16_t source, struct err *err)
{
	bool first = false;
	enum err_code code = walk_reach(w, node, from, err);

	if (code == ERR_OK)
		code = walk_once(w, node, source, ASKED_MANIFEST, &first, err);
	if (code != ERR_OK || !first)
		return code;
	return walk_ask_later(w, node, source, NULL, ask_manifest, err);
}

static enum err_code root_found(struct walk *w, const struct question *q, const struct source_manifest *got,
				struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	enum err_code code = manifest_parse(got->bytes, got->len, got->media_type, q->name, &m, err);
	struct descriptor d = { .digest = got->digest, .size_bytes = got->len, .media_type = m.media_type };
	uint32_t node = NODE_NONE;
	bool first;

	if (code == ERR_OK)
		code = graph_add(w->graph, &d, &node, err);
	if (code == ERR_OK)
		code = graph_add_image(w->graph, q->name, node, err);
	if (code != ERR_OK)
		return code;
	w->graph->nodes[node].depth = 0;
	code = walk_once(w, node, q->source, ASKED_MANIFEST, &first, err);
	return code == ERR_OK ? walk_expand(w, node, q->source, got, &m, err) : code;
}

static enum err_code on_root(void *ctx, const struct source_manifest *got, struct err *err)
{
	struct question *q = ctx;
	enum err_code code;

	if (got->bytes != NULL)
		code = root_found(q->walk, q, got, err);
	else
		code = err_set(err, ERR_NOT_FOUND, "%s: no such image there", q->asked);
	return walk_answered(q, code, err);
}

/* A name waits for its manifest. */
static enum err_code root_question(struct walk *w, struct source *source, const char *name,
				   struct question **ret_question, struct err *err)
{
	uint16_t place = 0;
	enum err_code code = source_place(w, source, &place, err);

	if (code == ERR_OK)
		code = question_new(w, NODE_NONE, place, &w->open, ret_question, err);
	return code == ERR_OK ? str_copy(name, &(*ret_question)->name, err) : code;
}

enum err_code walk_image(struct walk *w, struct source *source, const struct reference *ref, const char *name,
			 struct err *err)
{
	struct question *q = NULL;
	enum err_code code = root_question(w, source, name, &q, err);

	if (code == ERR_OK)
		code = reference_text(ref, &q->asked, err);
	return code == ERR_OK ? source->resolve(source, ref, on_root, q, err) : code;
}

enum err_code walk_root(struct walk *w, struct source *source, const struct descriptor *d, const char *name,
			struct err *err)
{
	struct question *q = NULL;
	enum err_code code = root_question(w, source, name, &q, err);

	if (code == ERR_OK)
		code = str_format(&q->asked, err, "%s, %s", name, d->digest.text);
	return code == ERR_OK ? source->manifest(source, d, on_root, q, err) : code;
}
