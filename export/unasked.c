#include "export/unasked.h"

#include <stdlib.h>

#include "common/intern.h"
#include "common/mem.h"

/* A manifest that an index lists, and where that index came from. */
struct unasked_manifest {
	uint32_t node;
	uint16_t source;
};

struct weighing {
	struct gather *gather;
	struct unasked sum;
	struct unasked_manifest *list; /* owned */
	size_t len, next, open;
	struct intern counted; /* blobs, by digest */
	bool asking;           /* inside a source's manifest(), which may answer before it returns */
};

static void weighing_release(struct weighing *w)
{
	free(w->list);
	intern_release(&w->counted);
}

static bool is_unasked(const struct graph *g, const struct edge *e)
{
	return e->left_out && e->manifest && g->nodes[e->to].left_out;
}

/* Each once, whatever lists it. */
static enum err_code list_manifests(struct weighing *w, struct err *err)
{
	const struct graph *g = &w->gather->graph;
	CLEANUP(free_ptr) bool *listed = calloc(g->nodes_len + 1, sizeof(*listed));
	size_t i, e;

	w->list = calloc(g->nodes_len + 1, sizeof(*w->list));
	if (listed == NULL || w->list == NULL)
		return err_nomem(err);
	for (i = 0; i < g->nodes_len; i++) {
		for (e = g->nodes[i].edges; e < g->nodes[i].edges + g->nodes[i].edges_len; e++) {
			uint32_t to = g->edges[e].to;

			if (!is_unasked(g, &g->edges[e]) || listed[to])
				continue;
			listed[to] = true;
			w->list[w->len++] = (struct unasked_manifest){ .node = to, .source = g->nodes[i].source };
		}
	}
	return ERR_OK;
}

static enum err_code count_blob(struct weighing *w, const struct descriptor *d, struct err *err)
{
	const char *text;

	if (graph_find(&w->gather->graph, &d->digest) != NODE_NONE || intern_has(&w->counted, d->digest.text))
		return ERR_OK;
	/* The second is a lie, which a sum need not hold. */
	if (w->counted.len == UNASKED_BLOBS_MAX || d->size_bytes > INT64_MAX - w->sum.bytes) {
		w->sum.partial = true;
		return ERR_OK;
	}
	w->sum.bytes += d->size_bytes;
	return intern_text(&w->counted, d->digest.text, &text, err);
}

static enum err_code count_manifest(struct weighing *w, const struct source_manifest *got, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	enum err_code code = manifest_parse(got->bytes, got->len, got->media_type, got->digest.text, &m, err);
	size_t i;

	if (code != ERR_OK) {
		w->sum.partial = true;
		return code == ERR_NOMEM ? code : ERR_OK;
	}
	w->sum.partial |= m.kind == MANIFEST_INDEX; /* what is below that is for others to find */
	if (m.has_config)
		code = count_blob(w, &m.config, err);
	for (i = 0; code == ERR_OK && i < m.items_len; i++)
		code = count_blob(w, &m.items[i], err);
	return code;
}

static enum err_code ask_next(struct weighing *w, struct err *err);

static enum err_code on_manifest(void *ctx, const struct source_manifest *got, struct err *err)
{
	struct weighing *w = ctx;
	enum err_code code = ERR_OK;

	w->open--;
	if (got->bytes != NULL)
		code = count_manifest(w, got, err);
	else
		w->sum.partial = true;
	return code == ERR_OK && !w->asking ? ask_next(w, err) : code;
}

/* As many as may be open, for as long as sources answer at once. */
static enum err_code ask_next(struct weighing *w, struct err *err)
{
	enum err_code code = ERR_OK;

	w->asking = true;
	while (code == ERR_OK && w->open < UNASKED_WIDTH && w->next < w->len && w->next < UNASKED_MAX) {
		const struct unasked_manifest *m = &w->list[w->next++];
		struct source *source = w->gather->walk.sources[m->source];
		struct descriptor d = node_descriptor(&w->gather->graph.nodes[m->node]);

		w->open++;
		code = source->manifest(source, &d, on_manifest, w, err);
	}
	w->asking = false;
	return code;
}

enum err_code unasked_weigh(struct gather *g, struct unasked *ret_unasked, struct err *err)
{
	CLEANUP(weighing_release) struct weighing w = { .gather = g };
	struct err why = { 0 };
	enum err_code code = list_manifests(&w, &why);

	if (code == ERR_OK)
		code = ask_next(&w, &why);
	if (code == ERR_OK)
		code = http_run(g->http, &why);
	if (code == ERR_NOMEM)
		return err_nomem(err);
	w.sum.partial |= code != ERR_OK || w.len > UNASKED_MAX;
	*ret_unasked = w.sum;
	return ERR_OK;
}
