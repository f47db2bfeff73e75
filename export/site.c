#include "export/site.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* One manifest of an inventory, asked of the source that has its repository. */
struct site_question {
	struct site *site;
	const struct held_blob *manifest;
};

enum err_code site_open(const struct site_options *options, struct site *s, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	s->want = options->want;
	s->want_file = options->want_file;
	s->haves = calloc(options->have.len + 1, sizeof(*s->haves));
	if (s->haves == NULL)
		return err_nomem(err);
	if (options->since != NULL)
		code = since_open(options->since, &s->since, err);
	for (i = 0; code == ERR_OK && i < options->have.len; i++) {
		code = holdings_read_file(options->have.items[i], HOLDINGS_INVENTORY, &s->haves[i], err);
		s->haves_len += code == ERR_OK;
	}
	return code;
}

static enum err_code learn(struct site *s, const struct held_blob *manifest, const struct digest *digest,
			   uint64_t size_bytes, struct err *err)
{
	struct held_blob layer = { .digest = *digest,
				   .size_bytes = size_bytes,
				   .holder = { .image = manifest->holder.image, .manifest = manifest->digest.text } };

	return holdings_add(&s->learned, &s->learned.layers, &layer, err);
}

/* A manifest that is exported too need not be asked for. */
static enum err_code learn_node(struct site *s, const struct held_blob *manifest, const struct graph *g, uint32_t node,
				struct err *err)
{
	const struct node *n = &g->nodes[node];
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < n->edges_len; i++) {
		const struct edge *e = &g->edges[n->edges + i];

		if (e->kind == EDGE_LAYER)
			code = learn(s, manifest, &g->nodes[e->to].digest, g->nodes[e->to].size_bytes, err);
	}
	return code;
}

/* One that the repository does not have any more says nothing: its layers travel. */
static enum err_code on_manifest(void *ctx, const struct source_manifest *got, struct err *err)
{
	struct site_question *q = ctx;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	enum err_code code = ERR_OK;
	size_t i;

	if (got->bytes == NULL)
		return ERR_OK;
	code = manifest_parse(got->bytes, got->len, got->media_type, got->digest.text, &m, err);
	for (i = 0; code == ERR_OK && m.kind == MANIFEST_IMAGE && i < m.items_len; i++)
		code = learn(q->site, q->manifest, &m.items[i].digest, m.items[i].size_bytes, err);
	return code;
}

/* How long a full name is without its tag and digest. */
static size_t repository_len(const char *name)
{
	const char *slash = strrchr(name, '/');

	slash = slash != NULL ? slash : name;
	return (size_t)(slash - name) + strcspn(slash, ":@");
}

/* The source of an exported image of the same repository, as it is called in the bundle; NULL where there is none. */
static struct source *source_for(const struct gather *g, const char *name)
{
	size_t len = repository_len(name), low = 0, high = g->graph.images_len;
	const struct image *images = g->graph.images; /* by name */

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strncmp(images[mid].name, name, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < g->graph.images_len && strncmp(images[low].name, name, len) == 0; low++) {
		if (repository_len(images[low].name) == len)
			return gather_source(g, images[low].root);
	}
	return NULL;
}

static enum err_code ask_one(struct site *s, const struct gather *g, const struct held_blob *manifest,
			     struct site_question *q, struct err *err)
{
	struct descriptor d = { .digest = manifest->digest, .size_bytes = manifest->size_bytes };
	uint32_t node = graph_find(&g->graph, &manifest->digest);
	struct source *source;

	if (node != NODE_NONE && g->graph.nodes[node].expanded)
		return learn_node(s, manifest, &g->graph, node, err);
	source = source_for(g, manifest->holder.image);
	*q = (struct site_question){ .site = s, .manifest = manifest };
	return source != NULL ? source->manifest(source, &d, on_manifest, q, err) : ERR_OK;
}

static enum err_code ask_all(struct site *s, const struct gather *g, struct err *err)
{
	size_t len = 0, at = 0, i, j;
	enum err_code code = ERR_OK;

	for (i = 0; i < s->haves_len; i++)
		len += s->haves[i].manifests.len;
	s->questions = calloc(len + 1, sizeof(*s->questions));
	if (s->questions == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < s->haves_len; i++) {
		for (j = 0; code == ERR_OK && j < s->haves[i].manifests.len; j++)
			code = ask_one(s, g, &s->haves[i].manifests.items[j], &s->questions[at++], err);
	}
	return code;
}

static int compare_names(const void *name, const void *image)
{
	return strcmp(name, ((const struct image *)image)->name);
}

enum err_code site_check_want(const struct site *s, const struct graph *g, struct err *err)
{
	size_t i;

	for (i = 0; s->want != NULL && i < s->want->images_len; i++) {
		const struct held_image *image = &s->want->images[i];
		const struct image *found = g->images_len > 0 ? bsearch(image->name, g->images, g->images_len,
									sizeof(*g->images), compare_names)
							      : NULL;

		if (found != NULL && digest_equal(&g->nodes[found->root].digest, &image->digest))
			continue;
		return err_set(err, ERR_USAGE,
			       "%s: %.300s is wanted, %s, but %s%s: name what brings it as it was named first, by its "
			       "digest where the tag has moved, and with the same --map",
			       s->want_file, image->name, image->digest.text,
			       found != NULL ? "under that name comes " : "no image of this export has that name",
			       found != NULL ? g->nodes[found->root].digest.text : "");
	}
	return ERR_OK;
}

/* Who at the site has a layer, NULL where nobody has. */
static const struct held_blob *find_holder(const struct site *s, const struct digest *digest)
{
	const struct held_blob *found = NULL;
	size_t i;

	if (s->want != NULL && holdings_find(&s->want->missing, digest) != NULL)
		return NULL;
	for (i = 0; found == NULL && i < s->haves_len; i++)
		found = holdings_find(&s->haves[i].layers, digest);
	if (found == NULL)
		found = holdings_find(&s->learned.layers, digest);
	if (found == NULL && s->want != NULL)
		found = holdings_find(&s->want->layers, digest);
	return found != NULL ? found : holdings_find(&s->since.had.layers, digest);
}

static void mark(struct site *s, struct graph *g)
{
	size_t i;

	holdings_sort(&s->learned);
	for (i = 0; i < g->nodes_len; i++) {
		struct node *n = &g->nodes[i];
		const struct held_blob *had = NULL;

		if (n->role == ROLE_LAYER && !n->absent && !n->left_out)
			had = find_holder(s, &n->digest);
		if (had != NULL && had->size_bytes == n->size_bytes)
			n->holder = had->holder;
	}
}

enum err_code site_leave_out(struct site *s, struct gather *g, struct err *err)
{
	enum err_code code = ask_all(s, g, err);

	if (code == ERR_OK)
		code = http_run(g->http, err);
	if (code == ERR_OK)
		mark(s, &g->graph);
	return code;
}

void site_release(struct site *s)
{
	size_t i;

	for (i = 0; i < s->haves_len; i++)
		holdings_release(&s->haves[i]);
	free(s->haves);
	free(s->questions);
	holdings_release(&s->learned);
	since_release(&s->since);
	*s = (struct site){ 0 };
}
