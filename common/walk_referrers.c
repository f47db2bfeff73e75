/* The part of walk.h that finds what refers to a node, and takes of it what is wanted. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/walk_private.h"

/* True where referrers of a node are taken by what they are; what refers to a referrer is taken all the same. */
static bool chooses_of(const struct walk *w, uint32_t subject)
{
	return w->selection != NULL && w->selection->some_referrers && !w->graph->nodes[subject].of_referrer;
}

static enum err_code drop(struct walk *w, const struct digest *referrer, struct err *err)
{
	enum err_code code =
		vec_grow(&w->dropped, &w->dropped_cap, w->dropped_len + 1, sizeof(*w->dropped), LIMIT_NODES, err);

	if (code == ERR_OK)
		w->dropped[w->dropped_len++] = *referrer;
	return code;
}

/* It belongs to a referrer that is taken.  Who was asked before that was known, and left out some of what refers to it,
 * is asked again: so the order in which it is found out does not matter. */
enum err_code walk_mark_of_referrer(struct walk *w, uint32_t node, struct err *err)
{
	bool was = w->graph->nodes[node].of_referrer;
	enum err_code code = ERR_OK;
	size_t i;

	w->graph->nodes[node].of_referrer = true;
	if (was || w->selection == NULL || !w->selection->some_referrers)
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < w->sources_len; i++) {
		if (!asked_has(&w->asked, node, (uint16_t)i, ASKED_REFERRERS))
			continue;
		code = walk_visit_children(w, node, (uint16_t)i, err);
		if (code == ERR_OK)
			code = walk_ask_referrers(w, node, (uint16_t)i, err);
	}
	return code;
}

/* A referrer is wanted: tie it to its subject. */
static enum err_code tie(struct walk *w, uint32_t subject, const struct descriptor *d, enum link_kind kind,
			 uint32_t *ret_node, struct err *err)
{
	enum err_code code = graph_add(w->graph, d, ret_node, err);

	if (code == ERR_OK)
		code = graph_link(w->graph, subject, *ret_node, kind, err);
	return code == ERR_OK ? walk_mark_of_referrer(w, *ret_node, err) : code;
}

static enum err_code take(struct walk *w, const struct question *q, const struct descriptor *d, enum link_kind kind,
			  struct err *err)
{
	uint32_t node = NODE_NONE;
	enum err_code code = tie(w, q->node, d, kind, &node, err);

	return code == ERR_OK ? walk_visit(w, node, q->node, q->source, err) : code;
}

/* A referrer whose manifest was asked for because of its type, and is wanted.  One that is listed and not there has no
 * type: it is absent, and that is said. */
static enum err_code take_read(const struct question *q, const struct source_manifest *got, struct manifest *m,
			       struct err *err)
{
	struct walk *w = q->walk;
	uint32_t node = NODE_NONE;
	bool first;
	enum err_code code = tie(w, q->node, q->candidate, LINK_SUBJECT, &node, err);

	if (code == ERR_OK)
		code = walk_reach(w, node, q->node, err);
	if (code == ERR_OK)
		code = walk_once(w, node, q->source, ASKED_MANIFEST, &first, err);
	if (code != ERR_OK)
		return code;
	if (got->bytes != NULL)
		return walk_expand(w, node, q->source, got, m, err);
	w->graph->nodes[node].absent = !w->graph->nodes[node].expanded;
	return ERR_OK;
}

/* The type is read from the manifest itself: listings are known to be wrong. */
static enum err_code on_candidate(void *ctx, const struct source_manifest *got, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct question *q = ctx;
	struct walk *w = q->walk;
	enum err_code code = ERR_OK;

	if (got->bytes != NULL)
		code = manifest_parse(got->bytes, got->len, got->media_type, got->digest.text, &m, err);
	if (code == ERR_OK &&
	    (got->bytes == NULL || !chooses_of(w, q->node) || selection_takes_type(w->selection, m.artifact_type)))
		code = take_read(q, got, &m, err);
	else if (code == ERR_OK)
		code = drop(w, &q->candidate->digest, err);
	return walk_answered(q, code, err);
}

static enum err_code ask_candidate(struct question *q, struct err *err)
{
	struct source *s = q->walk->sources[q->source];

	return s->manifest(s, q->candidate, on_candidate, q, err);
}

static enum err_code read_candidate(struct walk *w, const struct question *of, const struct descriptor *d,
				    struct err *err)
{
	struct descriptor candidate = { .digest = d->digest, .size_bytes = d->size_bytes };
	enum err_code code = intern_text(&w->graph->strings, d->media_type, &candidate.media_type, err);

	return code == ERR_OK ? walk_ask_later(w, of->node, of->source, &candidate, ask_candidate, err) : code;
}

static enum err_code on_referrer(struct walk *w, const struct question *q, const struct source_referrer *r,
				 struct err *err)
{
	const struct descriptor *d = &r->descriptor;
	uint32_t node = graph_find(w->graph, &d->digest);

	if (!chooses_of(w, q->node) || selection_takes_link(w->selection, r->kind))
		return take(w, q, d, r->kind, err);
	if (r->kind != LINK_SUBJECT)
		return drop(w, &d->digest, err);
	if (node == NODE_NONE || !w->graph->nodes[node].expanded)
		return read_candidate(w, q, d, err);
	if (selection_takes_type(w->selection, w->graph->nodes[node].artifact_type))
		return take(w, q, d, r->kind, err);
	return drop(w, &d->digest, err);
}

static enum err_code on_referrers(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	struct question *q = ctx;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++)
		code = on_referrer(q->walk, q, &referrers[i], err);
	return walk_answered(q, code, err);
}

static enum err_code ask_referrers(struct question *q, struct err *err)
{
	struct source *s = q->walk->sources[q->source];
	struct digest subject = q->walk->graph->nodes[q->node].digest;

	return s->referrers(s, &subject, on_referrers, q, err);
}

enum err_code walk_ask_referrers(struct walk *w, uint32_t node, uint16_t source, struct err *err)
{
	if (w->selection != NULL && selection_no_referrers(w->selection))
		return ERR_OK;
	return walk_ask_later(w, node, source, NULL, ask_referrers, err);
}

static int compare_digests(const void *a, const void *b)
{
	return strcmp(((const struct digest *)a)->text, ((const struct digest *)b)->text);
}

size_t walk_dropped(struct walk *w)
{
	size_t count = 0, i;

	if (w->dropped_len > 0)
		qsort(w->dropped, w->dropped_len, sizeof(*w->dropped), compare_digests);
	for (i = 0; i < w->dropped_len; i++) {
		bool again = i > 0 && digest_equal(&w->dropped[i], &w->dropped[i - 1]);

		count += !again && graph_find(w->graph, &w->dropped[i]) == NODE_NONE;
	}
	return count;
}
