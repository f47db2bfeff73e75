#include "bundles/description.h"

#include <stdio.h>
#include <stdlib.h>

#include "bundles/description_images.h"
#include "bundles/description_selection.h"
#include "common/mem.h"
#include "common/summary.h"

static const char *const stored_names[STORED_COUNT] = {
	[STORED_PACKED] = "packed", [STORED_RAW] = "raw",
	[STORED_ZSTD] = "zstd",     [STORED_PREREQUISITE] = "prerequisite",
	[STORED_ABSENT] = "absent", [STORED_LEFT_OUT] = "left-out",
};

const char *stored_name(enum stored stored)
{
	return stored_names[stored];
}

bool stored_is_here(enum stored stored)
{
	return stored < STORED_PREREQUISITE;
}

enum stored stored_of(const struct node *n)
{
	if (n->absent)
		return STORED_ABSENT;
	if (n->left_out)
		return STORED_LEFT_OUT;
	if (n->holder.image != NULL)
		return STORED_PREREQUISITE;
	if (node_is_small(n))
		return STORED_PACKED;
	return media_type_is_compressed(n->media_type) ? STORED_RAW : STORED_ZSTD;
}

void shard_name(size_t shard, char out[SHARD_NAME_MAX])
{
	snprintf(out, SHARD_NAME_MAX, "bundle.json.shard.%zu.json", shard);
}

static void put_digest(struct js_out *o, const struct node *n)
{
	js_member(o, "digest", n->digest.text);
}

static void put_referrer(const struct graph *g, const struct link *link, struct js_out *o)
{
	const struct node *n = &g->nodes[link->referrer];

	js_begin(o, '{');
	js_member(o, "subject", g->nodes[link->subject].digest.text);
	put_digest(o, n);
	js_member(o, "kind", link_name(link->kind));
	js_member(o, "mediaType", n->media_type);
	js_member(o, "artifactType", n->artifact_type);
	js_member(o, "predicateType", n->predicate_type);
	js_member_uint(o, "size", n->size_bytes);
	js_end(o, '}');
}

/* Everything that refers to what these images are made of, whichever image came first. */
static enum err_code put_referrers(const struct graph *g, struct description_range range, struct js_out *o,
				   struct err *err)
{
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	enum err_code code = graph_owners_among(g, range.first, range.len, &owners, err);
	size_t i;

	if (code != ERR_OK)
		return code;
	js_key(o, "referrers");
	js_begin(o, '[');
	for (i = 0; i < g->links_len; i++) {
		if (g->links[i].kind != LINK_BUILDKIT && owners[g->links[i].subject] != NODE_NONE)
			put_referrer(g, &g->links[i], o);
	}
	js_end(o, ']');
	return ERR_OK;
}

static void put_file(struct js_out *o, const struct description_file *file)
{
	js_begin(o, '{');
	js_member(o, "name", file->name);
	js_member(o, "digest", file->digest.text);
	js_member_uint(o, "size", file->size_bytes);
	js_end(o, '}');
}

static void put_blob(const struct node *n, struct js_out *o)
{
	js_begin(o, '{');
	put_digest(o, n);
	js_member_uint(o, "size", n->size_bytes);
	js_member(o, "role", role_name(n->role));
	js_member(o, "mediaType", n->media_type);
	js_member(o, "stored", stored_name(stored_of(n)));
	js_member(o, "manifest", n->holder.manifest);
	js_member(o, "image", n->holder.image);
	js_end(o, '}');
}

static void put_blobs(const struct description_maker *m, struct description_range range, struct js_out *o)
{
	enum stored stored;
	size_t i;

	js_key(o, "blobs");
	js_begin(o, '[');
	for (stored = STORED_PACKED; stored < STORED_COUNT; stored++) {
		for (i = 0; i < m->order_len; i++) {
			const struct node *n = &m->graph->nodes[m->order[i]];
			uint32_t owner = m->owners[m->order[i]];

			if (owner >= range.first && owner - range.first < range.len && stored_of(n) == stored)
				put_blob(n, o);
		}
	}
	js_end(o, ']');
}

/* What is not in the file on purpose, where there is any. */
static void put_not_carried(const struct graph *g, const uint32_t *order, size_t len, struct js_out *o)
{
	struct summary s = summary_of(g, order, len);

	if (s.prerequisites > 0) {
		js_member_uint(o, "prerequisites", s.prerequisites);
		js_member_uint(o, "prerequisiteBytes", s.prerequisite_bytes);
	}
	if (s.left_out > 0) {
		js_member_uint(o, "leftOut", s.left_out);
		js_member_uint(o, "leftOutBytes", s.left_out_bytes);
	}
}

static enum err_code put_totals(const struct graph *g, const uint32_t *order, size_t len, struct js_out *o,
				struct err *err)
{
	uint64_t blobs = 0, bytes = 0, layers = 0, layer_bytes = 0, absent = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		const struct node *n = &g->nodes[order[i]];

		absent += n->absent;
		if (!node_is_carried(n))
			continue;
		if (__builtin_add_overflow(bytes, n->size_bytes, &bytes) || bytes > INT64_MAX)
			return err_set(err, ERR_LIMIT, "%s: sizes that add up to more than can be", n->digest.text);
		blobs++;
		layers += n->role == ROLE_LAYER;
		layer_bytes += n->role == ROLE_LAYER ? n->size_bytes : 0;
	}
	js_key(o, "totals");
	js_begin(o, '{');
	js_member_uint(o, "images", g->images_len);
	js_member_uint(o, "blobs", blobs);
	js_member_uint(o, "bytes", bytes);
	js_member_uint(o, "layers", layers);
	js_member_uint(o, "layerBytes", layer_bytes);
	js_member_uint(o, "absent", absent);
	put_not_carried(g, order, len, o);
	js_end(o, '}');
	return ERR_OK;
}

static void put_shards(const struct description_shard *shards, size_t len, struct js_out *o)
{
	char name[SHARD_NAME_MAX];
	size_t i;

	js_key(o, "shards");
	js_begin(o, '[');
	for (i = 0; i < len; i++) {
		shard_name(i, name);
		js_begin(o, '{');
		js_member(o, "name", name);
		js_member(o, "digest", shards[i].digest.text);
		js_member_uint(o, "size", shards[i].size_bytes);
		js_member(o, "first", shards[i].first);
		js_member_uint(o, "images", shards[i].images);
		js_end(o, '}');
	}
	js_end(o, ']');
}

enum err_code description_maker_init(struct description_maker *m, const struct graph *g, struct err *err)
{
	struct description_maker made = { .graph = g };
	enum err_code code = graph_order(g, &made.order, &made.order_len, err);

	if (code == ERR_OK)
		code = graph_owners(g, &made.owners, err);
	if (g->images_len > SHARDS_FROM)
		made.shards_len = (g->images_len + SHARD_IMAGES - 1) / SHARD_IMAGES;
	if (code == ERR_OK)
		*m = made;
	else
		description_maker_release(&made);
	return code;
}

static struct description_range range_of(const struct description_maker *m, size_t shard)
{
	size_t first = shard * SHARD_IMAGES, left = m->graph->images_len - first;

	return (struct description_range){ .first = first, .len = left < SHARD_IMAGES ? left : SHARD_IMAGES };
}

enum err_code description_write_shard(const struct description_maker *m, size_t shard, struct outstream *out,
				      struct description_shard *ret_shard, struct err *err)
{
	struct description_range range = range_of(m, shard);
	enum err_code code;
	struct js_out o;

	js_out_init(&o, out, false);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	code = description_put_images(m->graph, range, &o, err);
	if (code == ERR_OK)
		code = put_referrers(m->graph, range, &o, err);
	if (code != ERR_OK)
		return code;
	put_blobs(m, range, &o);
	js_end(&o, '}');
	if (ret_shard != NULL)
		*ret_shard =
			(struct description_shard){ .first = m->graph->images[range.first].name, .images = range.len };
	return js_end_document(&o, err);
}

static void put_notes(const struct description_notes *notes, struct js_out *o)
{
	size_t i;

	if (notes->annotations_len > 0) {
		js_key(o, "annotations");
		js_begin(o, '{');
		for (i = 0; i < notes->annotations_len; i++)
			js_member(o, notes->annotations[i].key, notes->annotations[i].value);
		js_end(o, '}');
	}
	if (notes->stream != NULL) {
		js_key(o, "stream");
		js_begin(o, '{');
		js_member(o, "name", notes->stream);
		js_member_uint(o, "serial", notes->serial);
		js_end(o, '}');
	}
	if (selection_chooses(&notes->selection))
		description_selection_put(&notes->selection, o);
	if (notes->trusted_root != NULL) {
		js_key(o, "trustedRoot");
		js_put_value(o, notes->trusted_root);
	}
}

enum err_code description_write(const struct description_maker *m, const struct description_file *layout,
				const struct description_file *index, const struct description_shard *shards,
				const struct description_notes *notes, struct outstream *out, struct err *err)
{
	struct description_range all = { .len = m->graph->images_len };
	enum err_code code = ERR_OK;
	struct js_out o;

	js_out_init(&o, out, false);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	if (notes != NULL)
		put_notes(notes, &o);
	if (shards == NULL)
		code = description_put_images(m->graph, all, &o, err);
	if (code == ERR_OK && shards == NULL)
		code = put_referrers(m->graph, all, &o, err);
	if (code != ERR_OK)
		return code;
	js_key(&o, "files");
	js_begin(&o, '[');
	put_file(&o, layout);
	put_file(&o, index);
	js_end(&o, ']');
	if (shards == NULL)
		put_blobs(m, all, &o);
	else
		put_shards(shards, m->shards_len, &o);
	code = put_totals(m->graph, m->order, m->order_len, &o, err);
	if (code != ERR_OK)
		return code;
	js_end(&o, '}');
	return js_end_document(&o, err);
}

void description_maker_release(struct description_maker *m)
{
	free(m->order);
	free(m->owners);
	*m = (struct description_maker){ 0 };
}
