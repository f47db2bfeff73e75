#include "export/survey.h"

#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"
#include "export/fetch.h"
#include "trust/candidate.h"

struct question {
	struct survey *survey;
	uint32_t node;
};

struct survey {
	struct fetch_place place; /* the spool: small blobs arrive in any order, and stand in one */
	struct gather *gather;
	struct watch *watch;
	bool judged;
	unsigned width;
	/* Owned: nodes of this round; those of the last that are not there. */
	uint32_t *small, *early, *large, *lacking;
	size_t small_len, early_len, large_len, lacking_len;
	uint64_t early_bytes;
	size_t next;                             /* of the large ones */
	struct question questions[SURVEY_WIDTH]; /* idle ones stand in front */
	struct question *idle[SURVEY_WIDTH];
	size_t idle_len;
	bool asking; /* inside a source's has(), which may answer before it returns */
	/* Where several sources may have a blob, by node; owned. */
	uint16_t *first, *turn; /* the one that was asked first, and the place of the next to be tried */
};

static void survey_release(struct survey *s)
{
	free(s->small);
	free(s->early);
	free(s->large);
	free(s->lacking);
	free(s->first);
	free(s->turn);
}

static enum err_code spool_open_blob(struct fetch_place *p, uint32_t node, struct outstream **ret_out,
				     struct instream **ret_kept, struct err *err)
{
	struct gather *g = OUTER_OF(p, struct survey, place)->gather;
	struct fd_stage *out = calloc(1, sizeof(*out));
	enum err_code code;

	(void)ret_kept; /* small blobs are fetched again */
	if (out == NULL)
		return err_nomem(err);
	code = spool_reserve(&g->spool, node, g->graph.nodes[node].size_bytes, out, err);
	if (code == ERR_OK)
		*ret_out = &out->out;
	else
		free(out);
	return code;
}

static void spool_close_blob(struct fetch_place *p, struct outstream *out)
{
	(void)p;
	free(OUTER_OF(out, struct fd_stage, out));
}

static enum err_code note_absent(struct fetch_place *p, uint32_t node, struct err *err)
{
	struct survey *s = OUTER_OF(p, struct survey, place);

	(void)err;
	s->gather->graph.nodes[node].absent = true;
	s->lacking[s->lacking_len++] = node;
	return ERR_OK;
}

static enum err_code ask_next(struct survey *s, struct err *err);

static enum err_code on_answer(void *ctx, bool there, struct err *err)
{
	struct question *q = ctx;
	struct survey *s = q->survey;

	s->idle[s->idle_len++] = q;
	if (!there)
		note_absent(&s->place, q->node, err);
	return s->asking ? ERR_OK : ask_next(s, err);
}

/* As many as may be open, for as long as sources answer at once. */
static enum err_code ask_next(struct survey *s, struct err *err)
{
	enum err_code code = ERR_OK;

	s->asking = true;
	while (code == ERR_OK && s->idle_len > 0 && s->next < s->large_len) {
		struct question *q = s->idle[--s->idle_len];
		struct source *source;
		struct descriptor d;

		q->node = s->large[s->next++];
		source = gather_source(s->gather, q->node);
		d = node_descriptor(&s->gather->graph.nodes[q->node]);
		code = source->has(source, &d, on_answer, q, err);
	}
	s->asking = false;
	return code;
}

/* A layer so small that it comes in the time of a question: but not in a dry run, nor from a source that is at hand. */
static bool is_early(const struct survey *s, uint32_t node)
{
	uint64_t size_bytes = s->gather->graph.nodes[node].size_bytes;

	return s->watch != NULL && !gather_source(s->gather, node)->at_once && size_bytes <= LIMIT_EARLY_BYTES &&
	       s->early_bytes + size_bytes <= LIMIT_EARLY_SUM_BYTES;
}

/* What a policy has to read, before anything is written. */
static bool is_judged(const struct survey *s, uint32_t node)
{
	const struct node *n = &s->gather->graph.nodes[node];
	enum candidate_form form;

	return s->judged && n->size_bytes <= LIMIT_SIGNED_BYTES && candidate_form_of(n->media_type, &form);
}

static void enlist(struct survey *s, uint32_t node)
{
	if (node_is_small(&s->gather->graph.nodes[node])) {
		s->small[s->small_len++] = node;
	} else if (is_judged(s, node) || is_early(s, node)) {
		s->early_bytes += s->gather->graph.nodes[node].size_bytes;
		s->early[s->early_len++] = node;
	} else {
		s->large[s->large_len++] = node;
	}
}

/* What has come of the large ones need not be asked of anybody again. */
static enum err_code keep_early(struct survey *s, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < s->early_len; i++) {
		if (!s->gather->graph.nodes[s->early[i]].absent)
			code = spooled_add(s->gather->spooled, s->early[i], err);
	}
	return code;
}

/* Side by side: the large ones are asked for while the small ones come.  Layers are shown when they go to their place.
 */
static enum err_code ask_all(struct survey *s, struct err *err)
{
	CLEANUP(fetch_free_ptr) struct fetch *small = NULL;
	CLEANUP(fetch_free_ptr) struct fetch *early = NULL;
	enum err_code code;

	s->next = s->lacking_len = 0;
	code = fetch_start(s->gather, s->small, s->small_len, s->width, &s->place, s->watch, &small, err);
	if (code == ERR_OK)
		code = fetch_start(s->gather, s->early, s->early_len, s->width, &s->place, NULL, &early, err);
	if (code == ERR_OK)
		code = ask_next(s, err);
	if (code == ERR_OK)
		code = http_run(s->gather->http, err);
	return code == ERR_OK ? keep_early(s, err) : code;
}

/* The sources that were asked, at the first time that anything is lacking. */
static enum err_code note_sources(struct survey *s, struct err *err)
{
	const struct graph *g = &s->gather->graph;
	size_t i;

	if (s->first != NULL)
		return ERR_OK;
	s->first = calloc(g->nodes_len, sizeof(*s->first));
	s->turn = calloc(g->nodes_len, sizeof(*s->turn));
	if (s->first == NULL || s->turn == NULL)
		return err_nomem(err);
	for (i = 0; i < g->nodes_len; i++)
		s->first[i] = g->nodes[i].source;
	return ERR_OK;
}

/* Of the sources that have a manifest, the next one for a blob that it lists. */
static uint16_t next_source(const struct survey *s, uint32_t manifest, uint32_t blob)
{
	const struct walk *w = &s->gather->walk;
	uint16_t at = s->turn[blob];

	while (at < w->sources_len && (at == s->first[blob] || !walk_has(w, manifest, at)))
		at++;
	return at;
}

/* Let what is lacking have its turn at the next source that may have it. */
static void try_others(struct survey *s)
{
	struct graph *g = &s->gather->graph;
	uint16_t none = (uint16_t)s->gather->walk.sources_len;
	size_t i, e;

	for (i = 0; i < s->lacking_len; i++)
		g->nodes[s->lacking[i]].source = none;
	for (i = 0; i < g->nodes_len; i++) {
		for (e = g->nodes[i].edges; e < g->nodes[i].edges + g->nodes[i].edges_len; e++) {
			struct node *blob = &g->nodes[g->edges[e].to];
			uint16_t at;

			if (!blob->absent || role_is_manifest(blob->role))
				continue;
			at = next_source(s, (uint32_t)i, g->edges[e].to);
			blob->source = at < blob->source ? at : blob->source;
		}
	}
	for (i = 0; i < s->lacking_len; i++) {
		struct node *n = &g->nodes[s->lacking[i]];

		n->absent = n->source == none;
		if (n->absent) {
			n->source = s->first[s->lacking[i]];
			continue;
		}
		s->turn[s->lacking[i]] = (uint16_t)(n->source + 1);
		enlist(s, s->lacking[i]);
	}
}

static enum err_code ask_others(struct survey *s, struct err *err)
{
	enum err_code code = s->gather->walk.sources_len > 1 && s->lacking_len > 0 ? note_sources(s, err) : ERR_OK;
	size_t i;

	s->small_len = s->early_len = s->large_len = 0;
	if (code == ERR_OK && s->first != NULL)
		try_others(s);
	for (i = 0; code == ERR_OK && i < s->lacking_len; i++) {
		if (s->gather->graph.nodes[s->lacking[i]].absent)
			watch_leave_out(s->watch, s->lacking[i]);
	}
	return code;
}

static enum err_code survey_init(struct survey *s, size_t len, struct err *err)
{
	size_t i;

	s->small = calloc(len + 1, sizeof(*s->small));
	s->early = calloc(len + 1, sizeof(*s->early));
	s->large = calloc(len + 1, sizeof(*s->large));
	s->lacking = calloc(len + 1, sizeof(*s->lacking));
	for (i = 0; i < SURVEY_WIDTH; i++) {
		s->questions[i].survey = s;
		s->idle[s->idle_len++] = &s->questions[i];
	}
	if (s->small == NULL || s->early == NULL || s->large == NULL || s->lacking == NULL)
		return err_nomem(err);
	return ERR_OK;
}

enum err_code survey_run(struct gather *g, const uint32_t *order, size_t len, unsigned width, struct watch *watch,
			 bool judged, struct err *err)
{
	CLEANUP(survey_release)
	struct survey s = {
		.place = { .open = spool_open_blob, .close = spool_close_blob, .absent = note_absent },
		.gather = g,
		.watch = watch,
		.judged = judged,
		.width = width,
	};
	enum err_code code = survey_init(&s, len, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		const struct node *n = &g->graph.nodes[order[i]];

		if (node_is_carried(n) && !role_is_manifest(n->role))
			enlist(&s, order[i]);
	}
	while (code == ERR_OK && s.small_len + s.early_len + s.large_len > 0) {
		code = ask_all(&s, err);
		if (code == ERR_OK)
			code = ask_others(&s, err);
	}
	return code;
}
