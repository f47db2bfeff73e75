#include "trust/candidate.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/candidate_read.h"
#include "trust/sigstore_bundle.h"

#define TYPE_SIMPLE "application/vnd.dev.cosign.simplesigning.v1+json"
#define TYPE_DSSE "application/vnd.dsse.envelope.v1+json"
#define ANNOTATION_COSIGN_PREDICATE "predicateType"
#define PLATFORM_NONE "unknown/unknown"

/* One image that is being gone through. */
struct gathering {
	struct candidates all;
	struct asked seen;     /* nodes that are subjects */
	struct asked runs;     /* those of them that may be run, by what lists them */
	struct asked anywhere; /* those that something lists without saying what they run on */
};

static bool is_index(const struct node *n)
{
	return manifest_kind(n->media_type) == MANIFEST_INDEX;
}

/* As BuildKit's attestations do. */
static bool says_nowhere(const struct graph *g, uint32_t node)
{
	const char *platform = graph_platform(g, node, 0);
	size_t i;

	for (i = 1; platform != NULL && strcmp(platform, PLATFORM_NONE) == 0; i++) {
		platform = graph_platform(g, node, i);
		if (platform == NULL)
			return true;
	}
	return false;
}

/* What an index lists may be run, whatever it is called there: some look at platforms and not at marks, nor at media
 * types.  Only an attestation that says wherever it is listed that it runs nowhere is none; and an index is none, for
 * Docker goes through it whatever it is marked as. */
static enum role role_of(const struct graph *g, uint32_t node, bool runs)
{
	const struct node *n = &g->nodes[node];

	if (n->role == ROLE_INDEX || n->role == ROLE_MANIFEST || (n->role == ROLE_REFERRER && !runs))
		return n->role;
	if (is_index(n) && (n->expanded || !node_is_carried(n)))
		return ROLE_INDEX;
	return runs || !says_nowhere(g, node) ? ROLE_MANIFEST : ROLE_ATTESTATION;
}

static enum err_code add_subject(struct gathering *w, uint32_t node, struct err *err)
{
	struct candidates *all = &w->all;
	const struct graph *g = all->graph;
	bool first = false;
	enum err_code code = asked_once(&w->seen, node, 0, ASKED_MANIFEST, &first, err);

	if (code != ERR_OK || !first)
		return code;
	code = vec_grow(&all->subjects, &all->subjects_cap, all->subjects_len + 1, sizeof(*all->subjects),
			LIMIT_SUBJECTS, err);
	if (code != ERR_OK)
		return err_add(err, "manifests of %s", g->nodes[all->root].digest.text);
	all->subjects[all->subjects_len++] = (struct candidate_subject){
		.node = node,
		.digest = &g->nodes[node].digest,
		.is_root = node == all->root,
	};
	return ERR_OK;
}

/* Once everything has been found: the same may be listed in several places, and run by one of them. */
static void set_roles(struct gathering *w)
{
	const struct graph *g = w->all.graph;
	size_t i;

	for (i = 0; i < w->all.subjects_len; i++) {
		struct candidate_subject *s = &w->all.subjects[i];

		s->role = role_of(g, s->node, asked_has(&w->runs, s->node, 0, ASKED_MANIFEST));
		s->platform = s->role == ROLE_MANIFEST ? g->nodes[s->node].platform : NULL;
		s->anywhere = s->is_root || asked_has(&w->anywhere, s->node, 0, ASKED_MANIFEST);
	}
}

/* Whoever lists it so has it run: all but what is marked as an attestation and says that it runs nowhere. */
static bool has_it_run(const struct edge *e)
{
	return e->kind != EDGE_ATTESTATION || e->anywhere;
}

static enum err_code add_listed(struct gathering *w, bool runs, struct err *err)
{
	const struct graph *g = w->all.graph;
	enum err_code code = ERR_OK;
	bool first;
	size_t at, i;

	for (at = 0; code == ERR_OK && at < w->all.subjects_len; at++) {
		const struct node *n = &g->nodes[w->all.subjects[at].node];

		for (i = 0; code == ERR_OK && i < n->edges_len; i++) {
			const struct edge *e = &g->edges[n->edges + i];

			if (has_it_run(e) != runs || !edge_leads_to_manifest(g, e))
				continue;
			code = add_subject(w, e->to, err);
			if (code == ERR_OK && runs)
				code = asked_once(&w->runs, e->to, 0, ASKED_MANIFEST, &first, err);
			if (code == ERR_OK && e->anywhere)
				code = asked_once(&w->anywhere, e->to, 0, ASKED_MANIFEST, &first, err);
		}
	}
	return code;
}

/* What is marked as an attestation may list what is run. */
static enum err_code add_all_listed(struct gathering *w, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t before = 0;

	while (code == ERR_OK && before < w->all.subjects_len) {
		before = w->all.subjects_len;
		code = add_listed(w, true, err);
		if (code == ERR_OK)
			code = add_listed(w, false, err);
	}
	return code;
}

/* What has been added meanwhile is gone through too: a referrer may have referrers. */
static enum err_code add_referrers(struct gathering *w, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t at, i;

	for (at = 0; code == ERR_OK && at < w->all.subjects_len; at++) {
		const struct link *links;
		size_t len = graph_links_of(w->all.graph, w->all.subjects[at].node, &links);

		for (i = 0; code == ERR_OK && i < len; i++)
			code = add_subject(w, links[i].referrer, err);
	}
	return code;
}

/* What a layer is, by its type alone; false where it is nothing that is said about an image. */
bool candidate_form_of(const char *media_type, enum candidate_form *ret_form)
{
	if (strcmp(media_type, TYPE_SIMPLE) == 0)
		*ret_form = CANDIDATE_SIMPLE;
	else if (strcmp(media_type, TYPE_DSSE) == 0)
		*ret_form = CANDIDATE_DSSE;
	else if (sigstore_bundle_is(media_type))
		*ret_form = CANDIDATE_BUNDLE;
	else if (strcmp(media_type, TYPE_IN_TOTO) == 0)
		*ret_form = CANDIDATE_STATEMENT;
	else
		return false;
	return true;
}

/* The same of a manifest that is not there. */
static bool form_of_absent(const struct node *n, enum link_kind kind, enum candidate_form *ret_form)
{
	static const enum candidate_form forms[LINK_COUNT] = {
		[LINK_SIG] = CANDIDATE_SIMPLE, [LINK_ATT] = CANDIDATE_DSSE, [LINK_BUILDKIT] = CANDIDATE_STATEMENT
	};

	*ret_form = forms[kind];
	return kind == LINK_SIG || kind == LINK_ATT || kind == LINK_BUILDKIT ||
	       (n->artifact_type != NULL && candidate_form_of(n->artifact_type, ret_form));
}

static enum err_code add_candidate(struct candidates *all, const struct candidate *c, struct err *err)
{
	const char *of = all->graph->nodes[all->root].digest.text;
	enum err_code code = vec_grow(&all->items, &all->cap, all->len + 1, sizeof(*all->items), LIMIT_CANDIDATES, err);

	if (code != ERR_OK)
		return err_add(err, "signatures and attestations of %s", of);
	if (c->why == NULL && c->form != CANDIDATE_STATEMENT)
		all->signed_bytes += all->graph->nodes[c->blob].size_bytes;
	if (all->signed_bytes > LIMIT_SIGNED_SUM_BYTES)
		return err_set(err, ERR_LIMIT, "signatures and attestations of %s have more than %d MiB", of,
			       (int)(LIMIT_SIGNED_SUM_BYTES / MIB));
	all->items[all->len++] = *c;
	return ERR_OK;
}

static enum err_code claimed_type(struct candidates *all, const struct manifest *m, const struct descriptor *layer,
				  const char **ret_type, struct err *err)
{
	const char *text = annotation(layer->annotations, ANNOTATION_PREDICATE_TYPE);

	if (text == NULL)
		text = annotation(layer->annotations, ANNOTATION_COSIGN_PREDICATE);
	if (text == NULL)
		text = annotation(m->annotations, ANNOTATION_SIGSTORE_PREDICATE);
	*ret_type = NULL;
	return text != NULL ? intern_text(&all->strings, text, ret_type, err) : ERR_OK;
}

/* Why something can never be proved; NULL where nothing is known to speak against it. */
static const char *why_not(const struct node *n)
{
	if (n->absent)
		return "it was absent at the source";
	if (!node_is_carried(n))
		return "it was left out of the bundle";
	return n->size_bytes > LIMIT_SIGNED_BYTES ? "it is too large to be proved" : NULL;
}

static enum err_code add_layers(struct candidates *all, const struct candidate *like, const struct manifest *m,
				struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && m->kind == MANIFEST_IMAGE && i < m->items_len; i++) {
		struct candidate c = *like;

		c.layer = i;
		c.blob = graph_find(all->graph, &m->items[i].digest);
		if (c.blob == NODE_NONE || !candidate_form_of(m->items[i].media_type, &c.form))
			continue;
		c.why = why_not(&all->graph->nodes[c.blob]);
		code = claimed_type(all, m, &m->items[i], &c.predicate_type, err);
		if (code == ERR_OK)
			code = add_candidate(all, &c, err);
	}
	return code;
}

/* What one manifest carries that is said of another. */
static enum err_code add_carried(struct candidates *all, size_t subject, const struct link *link, struct err *err)
{
	const struct node *n = &all->graph->nodes[link->referrer];
	struct candidate c = {
		.link = link->kind, .subject = subject, .manifest = link->referrer, .blob = link->referrer
	};
	CLEANUP(manifest_release) struct manifest m = { 0 };
	enum err_code code;

	if (!node_is_carried(n)) {
		c.why = why_not(n);
		c.predicate_type = n->predicate_type;
		return form_of_absent(n, link->kind, &c.form) ? add_candidate(all, &c, err) : ERR_OK;
	}
	code = candidate_read_manifest(all, link->referrer, &m, err);
	return code == ERR_OK ? add_layers(all, &c, &m, err) : code;
}

/* Of a referrer that is tied in two ways, the first counts. */
static bool is_again(const struct link *links, size_t at)
{
	size_t i;

	for (i = 0; i < at && links[i].referrer != links[at].referrer; i++)
		;
	return i < at;
}

static enum err_code add_candidates(struct candidates *all, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t at, i;

	for (at = 0; code == ERR_OK && at < all->subjects_len; at++) {
		const struct link *links;
		size_t len = graph_links_of(all->graph, all->subjects[at].node, &links);

		for (i = 0; code == ERR_OK && i < len; i++) {
			if (!is_again(links, i))
				code = add_carried(all, at, &links[i], err);
		}
	}
	return code;
}

enum err_code candidates_gather(const struct graph *g, uint32_t root, struct source *source,
				struct candidates *ret_candidates, struct err *err)
{
	struct gathering w = { .all = { .graph = g, .source = source, .root = root } };
	enum err_code code = add_subject(&w, root, err);

	if (code == ERR_OK)
		code = add_all_listed(&w, err);
	if (code == ERR_OK)
		code = add_referrers(&w, err);
	if (code == ERR_OK) {
		set_roles(&w);
		code = add_candidates(&w.all, err);
	}
	asked_release(&w.anywhere);
	asked_release(&w.runs);
	asked_release(&w.seen);
	if (code == ERR_OK)
		*ret_candidates = w.all;
	else
		candidates_release(&w.all);
	return code;
}

static enum err_code descend(const struct graph *g, uint32_t node, unsigned depth, struct asked *seen, struct err *err)
{
	const struct node *n = &g->nodes[node];
	bool first = false;
	enum err_code code = asked_once(seen, node, 0, ASKED_MANIFEST, &first, err);
	size_t i;

	if (!first || depth == LIMIT_GRAPH_DEPTH)
		return code;
	for (i = 0; code == ERR_OK && i < n->edges_len; i++) {
		if (edge_leads_to_manifest(g, &g->edges[n->edges + i]))
			code = descend(g, g->edges[n->edges + i].to, depth + 1, seen, err);
	}
	return code;
}

enum err_code candidates_reach(const struct candidates *all, uint32_t manifest, struct asked *seen, struct err *err)
{
	return descend(all->graph, manifest, 0, seen, err);
}

void candidates_release(struct candidates *all)
{
	intern_release(&all->strings);
	free(all->subjects);
	free(all->items);
	*all = (struct candidates){ 0 };
}
