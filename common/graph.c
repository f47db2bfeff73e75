#include "common/graph.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_INDEX] = "index",       [ROLE_MANIFEST] = "manifest", [ROLE_ATTESTATION] = "attestation",
	[ROLE_REFERRER] = "referrer", [ROLE_CONFIG] = "config",     [ROLE_STATEMENT] = "statement",
	[ROLE_ARTIFACT] = "artifact", [ROLE_LAYER] = "layer",
};

static const char *const link_names[LINK_COUNT] = {
	[LINK_SUBJECT] = "subject",  [LINK_SIG] = "cosign-sig",    [LINK_ATT] = "cosign-att",
	[LINK_SBOM] = "cosign-sbom", [LINK_BUILDKIT] = "buildkit",
};

const char *role_name(enum role role)
{
	return role_names[role];
}

const char *node_known_as(const struct node *n)
{
	return n->platform != NULL && n->role != ROLE_ATTESTATION ? n->platform : role_name(n->role);
}

const char *link_name(enum link_kind kind)
{
	return link_names[kind];
}

bool role_is_manifest(enum role role)
{
	return role <= ROLE_REFERRER;
}

bool edge_leads_to_manifest(const struct graph *g, const struct edge *e)
{
	return e->kind == EDGE_CHILD || e->kind == EDGE_ATTESTATION ||
	       manifest_kind(g->nodes[e->to].media_type) != MANIFEST_NONE;
}

bool node_is_small(const struct node *n)
{
	if (role_is_manifest(n->role) || n->role == ROLE_STATEMENT)
		return true;
	return n->role != ROLE_LAYER && n->size_bytes <= LIMIT_SMALL_BLOB_BYTES;
}

bool node_is_carried(const struct node *n)
{
	return !n->absent && !n->left_out && n->holder.image == NULL;
}

struct descriptor node_descriptor(const struct node *n)
{
	return (struct descriptor){ .digest = n->digest, .size_bytes = n->size_bytes, .media_type = n->media_type };
}

void graph_init(struct graph *g)
{
	*g = (struct graph){ 0 };
}

/* The place of a digest in the table: its node, or the empty place where it belongs.  The table is never full. */
static uint32_t *table_place(const struct graph *g, const char *text)
{
	size_t i = text_hash(text) & (g->table_cap - 1);

	while (g->table[i] != NODE_NONE && strcmp(g->nodes[g->table[i]].digest.text, text) != 0)
		i = (i + 1) & (g->table_cap - 1);
	return &g->table[i];
}

static enum err_code table_grow(struct graph *g, struct err *err)
{
	size_t cap = g->table_cap < 64 ? 64 : g->table_cap * 2, i;
	uint32_t *grown;

	if (g->nodes_len * 2 < g->table_cap)
		return ERR_OK;
	grown = malloc(cap * sizeof(*grown));
	if (grown == NULL)
		return err_nomem(err);
	free(g->table);
	g->table = grown;
	g->table_cap = cap;
	memset(grown, 0xff, cap * sizeof(*grown));
	for (i = 0; i < g->nodes_len; i++)
		*table_place(g, g->nodes[i].digest.text) = (uint32_t)i;
	return ERR_OK;
}

/* Where sources disagree about a text, the smaller one counts, so that the order of discovery does not. */
static enum err_code keep_smaller(struct graph *g, const char **kept, const char *text, struct err *err)
{
	if (text == NULL || (*kept != NULL && strcmp(*kept, text) <= 0))
		return ERR_OK;
	return intern_text(&g->strings, text, kept, err);
}

/* The smallest is the node's own; graph_settle sorts the others, each once. */
static enum err_code add_platform(struct graph *g, uint32_t node, const char *text, struct err *err)
{
	const char *was = g->nodes[node].platform, *other = NULL;
	enum err_code code = keep_smaller(g, &g->nodes[node].platform, text, err);

	if (code != ERR_OK || was == NULL || strcmp(was, text) == 0)
		return code;
	code = intern_text(&g->strings, strcmp(was, text) < 0 ? text : was, &other, err);
	if (code == ERR_OK)
		code = vec_grow(&g->more, &g->more_cap, g->more_len + 1, sizeof(*g->more), LIMIT_EDGES, err);
	if (code == ERR_OK)
		g->more[g->more_len++] = (struct node_platform){ .node = node, .platform = other };
	return code;
}

/* The same rule for media types, but a type that makes it a manifest counts before one that does not. */
static enum err_code keep_media_type(struct graph *g, struct node *n, const char *media_type, struct err *err)
{
	bool was = n->media_type != NULL && manifest_kind(n->media_type) != MANIFEST_NONE;
	bool is = manifest_kind(media_type) != MANIFEST_NONE;

	if (was && !is)
		return ERR_OK;
	if (is && !was)
		n->media_type = NULL;
	return keep_smaller(g, &n->media_type, media_type, err);
}

uint32_t graph_find(const struct graph *g, const struct digest *digest)
{
	return g->table_cap > 0 ? *table_place(g, digest->text) : NODE_NONE;
}

static enum err_code new_node(struct graph *g, const struct descriptor *d, uint32_t *ret_node, struct err *err)
{
	enum err_code code = vec_grow(&g->nodes, &g->nodes_cap, g->nodes_len + 1, sizeof(*g->nodes), LIMIT_NODES, err);

	if (code != ERR_OK)
		return err_add(err, "blobs and manifests of these images");
	code = table_grow(g, err);
	if (code != ERR_OK)
		return code;
	g->nodes[g->nodes_len] = (struct node){
		.digest = d->digest, .size_bytes = d->size_bytes, .role = ROLE_COUNT, .depth = UINT8_MAX
	};
	*table_place(g, d->digest.text) = (uint32_t)g->nodes_len;
	*ret_node = (uint32_t)g->nodes_len++;
	return ERR_OK;
}

enum err_code graph_add(struct graph *g, const struct descriptor *d, uint32_t *ret_node, struct err *err)
{
	uint32_t at = graph_find(g, &d->digest);
	enum err_code code = at == NODE_NONE ? new_node(g, d, &at, err) : ERR_OK;
	char text[PLATFORM_TEXT_MAX];
	struct platform platform;
	struct node *n;

	if (code != ERR_OK)
		return code;
	n = &g->nodes[at];
	if (n->size_bytes != d->size_bytes)
		return err_set(err, ERR_FORMAT,
			       "%s is listed with two sizes, %" PRIu64 " and %" PRIu64 " bytes: one listing is wrong",
			       d->digest.text, n->size_bytes, d->size_bytes);
	code = keep_media_type(g, n, d->media_type, err);
	if (code == ERR_OK && descriptor_platform(d, &platform))
		code = add_platform(g, at, platform_format(&platform, text), err);
	if (code == ERR_OK)
		code = keep_smaller(g, &n->predicate_type, annotation(d->annotations, ANNOTATION_PREDICATE_TYPE), err);
	if (code == ERR_OK)
		*ret_node = at;
	return code;
}

static enum edge_kind edge_kind_of(const struct manifest *m, const struct descriptor *item)
{
	if (m->kind == MANIFEST_INDEX)
		return descriptor_is_attestation(item) ? EDGE_ATTESTATION : EDGE_CHILD;
	if (strcmp(item->media_type, TYPE_IN_TOTO) == 0)
		return EDGE_STATEMENT;
	return EDGE_LAYER;
}

static enum err_code add_edge(struct graph *g, uint32_t from, const struct descriptor *to, enum edge_kind kind,
			      struct err *err)
{
	uint32_t at = NODE_NONE;
	enum err_code code = graph_add(g, to, &at, err);

	if (code == ERR_OK)
		code = vec_grow(&g->edges, &g->edges_cap, g->edges_len + 1, sizeof(*g->edges), LIMIT_EDGES, err);
	if (code != ERR_OK)
		return code;
	g->edges[g->edges_len++] = (struct edge){
		.to = at,
		.kind = kind,
		.anywhere = !to->has_platform,
		.manifest = (kind == EDGE_CHILD || kind == EDGE_ATTESTATION) &&
			    manifest_kind(to->media_type) != MANIFEST_NONE,
	};
	g->nodes[from].edges_len++;
	return ERR_OK;
}

/* Tie a referrer to a subject that may come later, or never. */
static enum err_code link_digest(struct graph *g, const struct digest *subject, uint32_t referrer, enum link_kind kind,
				 struct err *err)
{
	uint32_t at = graph_find(g, subject);
	enum err_code code;

	if (at != NODE_NONE)
		return graph_link(g, at, referrer, kind, err);
	code = vec_grow(&g->loose, &g->loose_cap, g->loose_len + 1, sizeof(*g->loose), LIMIT_EDGES, err);
	if (code == ERR_OK)
		g->loose[g->loose_len++] =
			(struct loose_link){ .subject = *subject, .referrer = referrer, .kind = kind };
	return code;
}

/* Pair an attestation manifest with the image manifest that its index entry names. */
static enum err_code link_attestation(struct graph *g, const struct descriptor *item, struct err *err)
{
	const char *text = annotation(item->annotations, ANNOTATION_REFERENCE_DIGEST);
	struct digest digest;

	if (text == NULL || digest_parse(text, &digest, NULL) != ERR_OK)
		return ERR_OK;
	return link_digest(g, &digest, graph_find(g, &item->digest), LINK_BUILDKIT, err);
}

static enum err_code add_facts(struct graph *g, struct node *n, const struct manifest *m, struct err *err)
{
	enum err_code code = ERR_OK;

	if (m->artifact_type != NULL)
		code = intern_text(&g->strings, m->artifact_type, &n->artifact_type, err);
	if (code == ERR_OK)
		code = keep_smaller(g, &n->predicate_type, annotation(m->annotations, ANNOTATION_SIGSTORE_PREDICATE),
				    err);
	return code;
}

enum err_code graph_add_manifest(struct graph *g, uint32_t node, const struct manifest *m, struct err *err)
{
	enum err_code code;
	size_t i;

	if (g->nodes[node].expanded)
		return ERR_OK;
	code = add_facts(g, &g->nodes[node], m, err);
	g->nodes[node].expanded = true;
	g->nodes[node].edges = (uint32_t)g->edges_len;
	if (code == ERR_OK && m->has_config)
		code = add_edge(g, node, &m->config, EDGE_CONFIG, err);
	for (i = 0; code == ERR_OK && i < m->items_len; i++)
		code = add_edge(g, node, &m->items[i], edge_kind_of(m, &m->items[i]), err);
	for (i = 0; code == ERR_OK && i < m->items_len; i++) {
		if (m->kind == MANIFEST_INDEX && descriptor_is_attestation(&m->items[i]))
			code = link_attestation(g, &m->items[i], err);
	}
	if (code == ERR_OK && m->has_subject)
		code = link_digest(g, &m->subject.digest, node, LINK_SUBJECT, err);
	return code;
}

enum err_code graph_link(struct graph *g, uint32_t subject, uint32_t referrer, enum link_kind kind, struct err *err)
{
	enum err_code code = vec_grow(&g->links, &g->links_cap, g->links_len + 1, sizeof(*g->links), LIMIT_EDGES, err);

	if (code != ERR_OK)
		return code;
	g->links[g->links_len++] = (struct link){ .subject = subject, .referrer = referrer, .kind = kind };
	return ERR_OK;
}

enum err_code graph_add_image(struct graph *g, const char *name, uint32_t root, struct err *err)
{
	struct image image = { .root = root };
	enum err_code code = intern_text(&g->strings, name, &image.name, err);

	if (code == ERR_OK)
		code = vec_grow(&g->images, &g->images_cap, g->images_len + 1, sizeof(*g->images), LIMIT_IMAGES, err);
	if (code == ERR_OK)
		g->images[g->images_len++] = image;
	return code;
}

void graph_release(struct graph *g)
{
	intern_release(&g->strings);
	free(g->table);
	free(g->images);
	free(g->more);
	free(g->loose);
	free(g->links);
	free(g->edges);
	free(g->nodes);
	*g = (struct graph){ 0 };
}
