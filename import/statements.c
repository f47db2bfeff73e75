#include "import/statements.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

struct lister {
	const struct graph *graph;
	struct source *source;
	const struct statement_filter *filter;
	statement_fn *fn;
	void *ctx;
	const char *platform; /* of the image manifest whose attestations are listed; of several the wanted one */
	const struct node *attestation; /* the one of them that is asked for */
	size_t matched;                 /* image manifests of the wanted platform */
	bool left_out;                  /* there is one of it that the bundle leaves out */
	bool *seen;                     /* by node */
};

static bool wants_type(const struct lister *l, const char *type)
{
	size_t i;

	for (i = 0; i < l->filter->types->len; i++) {
		if (type != NULL && strcmp(l->filter->types->items[i], type) == 0)
			return true;
	}
	return l->filter->types->len == 0;
}

static enum err_code on_has(void *ctx, bool there, struct err *err)
{
	struct statement *s = ctx;

	(void)err;
	s->absent = !there;
	return ERR_OK;
}

static enum err_code list_item(struct lister *l, const struct descriptor *item, struct err *err)
{
	struct statement s = {
		.platform = l->platform,
		.predicate_type = annotation(item->annotations, ANNOTATION_PREDICATE_TYPE),
		.descriptor = item,
	};
	enum err_code code;

	if (strcmp(item->media_type, TYPE_IN_TOTO) != 0 || !wants_type(l, s.predicate_type))
		return ERR_OK;
	code = l->source->has(l->source, item, on_has, &s, err);
	return code == ERR_OK ? l->fn(l->ctx, &s, err) : code;
}

static enum err_code list_items(struct lister *l, const struct manifest *m, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < m->items_len; i++)
		code = list_item(l, &m->items[i], err);
	return code;
}

static enum err_code say_absent(struct lister *l, struct err *err)
{
	struct descriptor d = node_descriptor(l->attestation);
	struct statement s = {
		.platform = l->platform,
		.descriptor = &d,
		.absent = true,
		.manifest = true,
	};

	return l->fn(l->ctx, &s, err);
}

static enum err_code on_attestation(void *ctx, const struct source_manifest *got, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct lister *l = ctx;
	enum err_code code;

	if (got->bytes == NULL)
		return say_absent(l, err);
	code = manifest_parse(got->bytes, got->len, got->media_type, got->digest.text, &m, err);
	return code == ERR_OK ? list_items(l, &m, err) : code;
}

/* BuildKit may tie an attestation to its image twice, in the index and by subject: it is one all the same. */
static bool seen_before(const struct link *links, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++) {
		if (links[j].referrer == links[i].referrer)
			return true;
	}
	return false;
}

static enum err_code tell_referred(void *ctx, const struct engine_referred *r, struct err *err)
{
	struct lister *l = ctx;
	struct statement s = {
		.platform = l->platform,
		.predicate_type = r->predicate_type,
		.descriptor = r->layer,
		.referred = r,
	};

	return wants_type(l, r->predicate_type) ? l->fn(l->ctx, &s, err) : ERR_OK;
}

static enum err_code list_referrers(struct lister *l, uint32_t node, struct err *err)
{
	if (!l->filter->referrers)
		return ERR_OK;
	return engine_referred_each(l->source, &l->graph->nodes[node].digest, tell_referred, l, err);
}

static enum err_code list_manifest(struct lister *l, uint32_t node, struct err *err)
{
	const struct link *links;
	size_t len = graph_links_of(l->graph, node, &links), i;
	enum err_code code = ERR_OK;

	l->platform = l->filter->platform != NULL ? graph_platform_for(l->graph, node, l->filter->platform)
						  : graph_platform(l->graph, node, 0);
	l->matched++;
	for (i = 0; code == ERR_OK && i < len; i++) {
		struct descriptor d;

		l->attestation = &l->graph->nodes[links[i].referrer];
		d = node_descriptor(l->attestation);
		if (l->attestation->role == ROLE_ATTESTATION && !seen_before(links, i))
			code = l->source->manifest(l->source, &d, on_attestation, l, err);
	}
	return code == ERR_OK ? list_referrers(l, node, err) : code;
}

/* An image that does not say what it runs on is taken for any platform. */
static bool wants_platform(const struct lister *l, uint32_t node)
{
	return l->filter->platform == NULL || graph_runs_on(l->graph, node, l->filter->platform);
}

static enum err_code list_tree(struct lister *l, uint32_t node, unsigned depth, struct err *err)
{
	const struct node *n = &l->graph->nodes[node];
	enum err_code code = ERR_OK;
	size_t i;

	if (l->seen[node])
		return ERR_OK; /* listed twice, it is one all the same */
	l->seen[node] = true;
	l->left_out |= n->role == ROLE_MANIFEST && n->left_out && wants_platform(l, node);
	if (n->role == ROLE_MANIFEST && !n->absent && !n->left_out && wants_platform(l, node))
		return list_manifest(l, node, err);
	for (i = 0; code == ERR_OK && n->role == ROLE_INDEX && depth > 0 && i < n->edges_len; i++)
		code = list_tree(l, l->graph->edges[n->edges + i].to, depth - 1, err);
	return code;
}

enum err_code statements_each(const struct graph *g, uint32_t root, struct source *source,
			      const struct statement_filter *filter, statement_fn *fn, void *ctx, struct err *err)
{
	CLEANUP(free_ptr) bool *seen = calloc(g->nodes_len + 1, sizeof(*seen));
	struct lister l = { .graph = g, .source = source, .filter = filter, .fn = fn, .ctx = ctx, .seen = seen };
	char text[PLATFORM_TEXT_MAX];
	enum err_code code = seen != NULL ? list_tree(&l, root, LIMIT_GRAPH_DEPTH, err) : err_nomem(err);

	l.platform = NULL; /* what refers to an index speaks of all platforms */
	if (code == ERR_OK && g->nodes[root].role == ROLE_INDEX)
		code = list_referrers(&l, root, err);
	if (code == ERR_OK && l.matched == 0 && filter->platform != NULL && l.left_out)
		return err_set(err, ERR_NOT_FOUND,
			       "platform %s of the image was not asked for when this bundle was made",
			       platform_format(filter->platform, text));
	if (code == ERR_OK && l.matched == 0 && filter->platform != NULL)
		return err_set(err, ERR_NOT_FOUND, "the image has no platform %s",
			       platform_format(filter->platform, text));
	return code;
}
