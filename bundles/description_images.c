#include "bundles/description_images.h"

#include "common/mem.h"
#include "common/tree.h"

static void put_digest(struct js_out *o, const struct node *n)
{
	js_member(o, "digest", n->digest.text);
}

static void put_attestation(const struct graph *g, uint32_t node, struct js_out *o)
{
	const struct node *n = &g->nodes[node];
	size_t i;

	js_begin(o, '{');
	put_digest(o, n);
	js_key(o, "statements");
	js_begin(o, '[');
	for (i = 0; i < n->edges_len; i++) {
		const struct edge *e = &g->edges[n->edges + i];
		const struct node *statement = &g->nodes[e->to];

		if (e->kind != EDGE_STATEMENT)
			continue;
		js_begin(o, '{');
		put_digest(o, statement);
		js_member(o, "predicateType", statement->predicate_type);
		js_member_uint(o, "size", statement->size_bytes);
		js_end(o, '}');
	}
	js_end(o, ']');
	js_end(o, '}');
}

/* So that a description alone says who has a layer. */
static void put_layers(const struct graph *g, const struct node *n, struct js_out *o)
{
	size_t i;

	js_key(o, "layers");
	js_begin(o, '[');
	for (i = 0; i < n->edges_len; i++) {
		const struct node *layer = &g->nodes[g->edges[n->edges + i].to];

		if (layer->role == ROLE_LAYER)
			js_put_string(o, layer->digest.text);
	}
	js_end(o, ']');
}

static enum err_code put_platform(const struct graph *g, uint32_t node, const char *platform, struct js_out *o,
				  struct err *err)
{
	const struct node *n = &g->nodes[node];
	const struct link *links;
	size_t links_len = graph_links_of(g, node, &links), i;
	uint64_t size = 0;

	for (i = 0; i < n->edges_len; i++) {
		if (__builtin_add_overflow(size, g->nodes[g->edges[n->edges + i].to].size_bytes, &size) ||
		    size > INT64_MAX)
			return err_set(err, ERR_LIMIT, "%s: sizes that add up to more than can be", n->digest.text);
	}
	js_begin(o, '{');
	js_member(o, "platform", platform);
	put_digest(o, n);
	js_member_uint(o, "size", size);
	js_key(o, "attestations");
	js_begin(o, '[');
	for (i = 0; i < links_len; i++) {
		if (links[i].kind == LINK_BUILDKIT && node_is_carried(&g->nodes[links[i].referrer]))
			put_attestation(g, links[i].referrer, o);
	}
	js_end(o, ']');
	put_layers(g, n, o);
	js_end(o, '}');
	return ERR_OK;
}

/* An entry for each platform that a manifest runs on. */
static enum err_code put_platforms(const struct graph *g, uint32_t node, struct js_out *o, struct err *err)
{
	const char *platform = graph_platform(g, node, 0);
	enum err_code code = put_platform(g, node, platform, o, err);
	size_t i;

	for (i = 1; code == ERR_OK && (platform = graph_platform(g, node, i)) != NULL; i++)
		code = put_platform(g, node, platform, o, err);
	return code;
}

static bool is_absent(const struct node *n)
{
	return n->absent;
}

static bool is_left_out(const struct node *n)
{
	return n->left_out;
}

/* What is listed and not here, for one of two reasons. */
static void put_lacking(const struct tree *t, const char *key, bool (*lacks)(const struct node *n), struct js_out *o)
{
	size_t i;

	js_key(o, key);
	js_begin(o, '[');
	for (i = 0; i < t->found_len; i++) {
		const struct node *n = &t->graph->nodes[t->found[i]];

		if (!lacks(n))
			continue;
		js_begin(o, '{');
		put_digest(o, n);
		js_member(o, "platform", n->platform);
		js_end(o, '}');
	}
	js_end(o, ']');
}

static bool any(const struct tree *t, bool (*lacks)(const struct node *n))
{
	size_t i;

	for (i = 0; i < t->found_len; i++) {
		if (lacks(&t->graph->nodes[t->found[i]]))
			return true;
	}
	return false;
}

static enum err_code put_image(struct tree *t, const struct image *image, struct js_out *o, struct err *err)
{
	const struct graph *g = t->graph;
	const struct node *root = &g->nodes[image->root];
	enum err_code code = ERR_OK;
	size_t i;

	tree_of(t, image);
	js_begin(o, '{');
	js_member(o, "name", image->name);
	put_digest(o, root);
	js_member(o, "mediaType", root->media_type);
	js_member_uint(o, "size", root->size_bytes);
	js_key(o, "platforms");
	js_begin(o, '[');
	for (i = 0; code == ERR_OK && i < t->found_len; i++) {
		if (node_is_carried(&g->nodes[t->found[i]]))
			code = put_platforms(g, t->found[i], o, err);
	}
	js_end(o, ']');
	put_lacking(t, "absent", is_absent, o);
	if (any(t, is_left_out))
		put_lacking(t, "leftOut", is_left_out, o);
	js_end(o, '}');
	return code;
}

enum err_code description_put_images(const struct graph *g, struct description_range range, struct js_out *o,
				     struct err *err)
{
	CLEANUP(tree_release) struct tree t = { 0 };
	enum err_code code = tree_init(&t, g, err);
	size_t i;

	js_key(o, "images");
	js_begin(o, '[');
	for (i = range.first; code == ERR_OK && o->err.code == ERR_OK && i < range.first + range.len; i++)
		code = put_image(&t, &g->images[i], o, err);
	js_end(o, ']');
	return code;
}
