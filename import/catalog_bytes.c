/* The part of catalog.h that gives proved bytes and graphs, and keeps some of them. */
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/walk.h"
#include "import/catalog_private.h"

#define NODE_STRINGS_BYTES ((size_t)128) /* about what is interned for a node */

/* ---- bytes ---- */

struct kept_bytes {
	struct cache_item item;
	struct cache *cache;
	struct catalog_bytes bytes;
	struct buf buf;
};

static void free_bytes(struct cache_item *item)
{
	struct kept_bytes *k = OUTER_OF(item, struct kept_bytes, item);

	buf_release(&k->buf);
	free(k);
}

static enum err_code check_known(const struct catalog_bytes *b, const struct digest *digest, uint64_t size_bytes,
				 uint64_t max_bytes, struct err *err)
{
	if (size_bytes != CATALOG_ANY_SIZE && b->len != size_bytes)
		return err_set(err, ERR_DAMAGED, "%s: has %zu bytes, and is listed with another size", digest->text,
			       b->len);
	if (b->len > max_bytes)
		return err_set(err, ERR_LIMIT, "%s: has %zu bytes, which is more than are read here", digest->text,
			       b->len);
	return ERR_OK;
}

static enum err_code read_bytes(struct catalog_view *v, struct catalog_place *place, const struct digest *digest,
				uint64_t size_bytes, uint64_t max_bytes, struct kept_bytes **ret_bytes, struct err *err)
{
	struct kept_bytes *k = calloc(1, sizeof(*k));
	enum err_code code = k != NULL ? str_copy(digest->text, &k->item.key, err) : err_nomem(err);

	if (code == ERR_OK)
		code = place_read(place, digest, size_bytes, max_bytes, &k->buf, err);
	if (code != ERR_OK) {
		if (k != NULL)
			free(k->item.key);
		if (k != NULL)
			free_bytes(&k->item);
		return code;
	}
	k->cache = &v->catalog->bytes;
	k->bytes = (struct catalog_bytes){ .data = buf_text(&k->buf), .len = k->buf.len };
	k->item.cost = sizeof(*k) + k->buf.cap;
	k->item.free = free_bytes;
	*ret_bytes = k;
	return ERR_OK;
}

/* Bytes that are proved are the same wherever they came from.  But what is not there any more is not given. */
enum err_code catalog_bytes(struct catalog_view *v, struct catalog_place *place, const struct digest *digest,
			    uint64_t size_bytes, uint64_t max_bytes, struct catalog_bytes **ret_bytes, struct err *err)
{
	struct cache_item *item = cache_find(&v->catalog->bytes, NULL, digest->text);
	struct kept_bytes *k = NULL;
	enum err_code code = place_check(place, err);

	if (code == ERR_OK && item == NULL) {
		code = read_bytes(v, place, digest, size_bytes, max_bytes, &k, err);
		if (code == ERR_OK)
			item = cache_add(&v->catalog->bytes, &k->item);
	}
	if (item != NULL)
		k = OUTER_OF(item, struct kept_bytes, item);
	if (code == ERR_OK)
		code = check_known(&k->bytes, digest, size_bytes, max_bytes, err);
	if (code == ERR_OK)
		*ret_bytes = &k->bytes;
	else if (item != NULL)
		cache_drop(&v->catalog->bytes, item);
	return code;
}

void catalog_bytes_release(struct catalog_bytes *b)
{
	struct kept_bytes *k = b != NULL ? OUTER_OF(b, struct kept_bytes, bytes) : NULL;

	if (k != NULL)
		cache_drop(k->cache, &k->item);
}

void catalog_bytes_release_ptr(struct catalog_bytes **b)
{
	catalog_bytes_release(*b);
}

/* ---- graphs ---- */

struct kept_graph {
	struct cache_item item;
	struct cache *cache;
	struct catalog_place *place; /* held: some strings are its own */
	struct catalog_graph graph;
};

static void free_graph(struct cache_item *item)
{
	struct kept_graph *k = OUTER_OF(item, struct kept_graph, item);

	graph_release(&k->graph.graph);
	place_drop(k->place);
	free(k);
}

static size_t cost_of(const struct graph *g)
{
	return sizeof(struct kept_graph) + g->nodes_cap * sizeof(*g->nodes) + g->edges_cap * sizeof(*g->edges) +
	       g->links_cap * sizeof(*g->links) + g->table_cap * sizeof(*g->table) + g->nodes_len * NODE_STRINGS_BYTES;
}

static enum err_code walk(struct catalog_view *v, const struct catalog_image *image, struct graph *g, struct err *err)
{
	struct descriptor root = { .digest = image->digest,
				   .size_bytes = image->size_bytes,
				   .media_type = image->media_type };
	CLEANUP(walk_release) struct walk w;
	const struct catalog_part *part = NULL;
	struct source *source = NULL;
	enum err_code code = catalog_source_new(v, image, &source, err);

	walk_init(&w, g, NULL, NULL);
	if (code == ERR_OK)
		code = walk_root(&w, source, &root, image->name, err);
	if (code == ERR_OK)
		code = graph_settle(g, err);
	if (code == ERR_OK)
		code = place_part_of(image->place, image->name, &part, err);
	if (code == ERR_OK && part->description != NULL)
		contents_mark_by(part->description, g);
	if (source != NULL)
		source->free(source);
	return code;
}

/* Whoever made the place had read what is in it. */
static enum err_code of_place(const struct catalog_place *p, enum err_code code, struct err *err)
{
	bool wrong = code == ERR_FORMAT || code == ERR_LIMIT || (code == ERR_NOT_FOUND && p->bundle != NULL);

	if (!wrong)
		return code;
	err_add(err, "%s", p->name);
	return err_recode(err, ERR_DAMAGED);
}

static enum err_code make_graph(struct catalog_view *v, const struct catalog_image *image,
				struct kept_graph **ret_graph, struct err *err)
{
	struct kept_graph *k = calloc(1, sizeof(*k));
	enum err_code code = k != NULL ? str_copy(image->name, &k->item.key, err) : err_nomem(err);

	if (k == NULL)
		return code;
	place_hold(image->place);
	k->place = image->place;
	k->cache = &v->catalog->graphs;
	graph_init(&k->graph.graph);
	if (code == ERR_OK)
		code = of_place(image->place, walk(v, image, &k->graph.graph, err), err);
	if (code != ERR_OK) {
		free(k->item.key);
		free_graph(&k->item);
		return code;
	}
	k->item.owner = image->place;
	k->item.cost = cost_of(&k->graph.graph);
	k->item.free = free_graph;
	*ret_graph = k;
	return ERR_OK;
}

enum err_code catalog_graph(struct catalog_view *v, const struct catalog_image *image, struct catalog_graph **ret_graph,
			    struct err *err)
{
	enum err_code code = place_check(image->place, err);
	struct cache_item *item = NULL;
	struct kept_graph *k = NULL;

	if (code == ERR_OK)
		item = cache_find(&v->catalog->graphs, image->place, image->name);
	if (code == ERR_OK && item == NULL) {
		code = make_graph(v, image, &k, err);
		if (code == ERR_OK)
			item = cache_add(&v->catalog->graphs, &k->item);
	}
	if (code == ERR_OK)
		*ret_graph = &OUTER_OF(item, struct kept_graph, item)->graph;
	return code;
}

void catalog_graph_release(struct catalog_graph *g)
{
	struct kept_graph *k = g != NULL ? OUTER_OF(g, struct kept_graph, graph) : NULL;

	if (k != NULL)
		cache_drop(k->cache, &k->item);
}

void catalog_graph_release_ptr(struct catalog_graph **g)
{
	catalog_graph_release(*g);
}
