#include "import/store_gc.h"

#include <stdlib.h>
#include <string.h>

#include "common/layout_proved.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/reach.h"

/* One search under way. */
struct search {
	struct store_gc gc;
	struct reach reach;
	struct digest_packed *kept; /* of entries that stay, sorted */
	size_t kept_len;
};

static void search_release(struct search *s)
{
	store_gc_release(&s->gc);
	reach_release(&s->reach);
	free(s->kept);
}

static int compare(const void *a, const void *b)
{
	return digest_packed_compare(a, b);
}

/* A referrer of nothing that an image leads to, or what is listed for other tools to find such a thing. */
static bool is_waste(const struct search *s, const struct layout_entry *e)
{
	struct digest wanted = digest_unpack(&e->digest);

	if (e->subject == NULL && e->listed_for == NULL)
		return false;
	if (e->listed_for != NULL && strcmp(e->listed_for, LISTED_FOR_PARENT) != 0 &&
	    digest_parse(e->listed_for, &wanted, NULL) != ERR_OK)
		return false;
	return graph_find(&s->reach.graph, &wanted) == NODE_NONE;
}

static enum err_code look_at_entries(struct search *s, struct err *err)
{
	size_t len = layout_len(s->gc.layout), i;

	s->gc.drop = calloc(len + 1, sizeof(*s->gc.drop));
	s->kept = calloc(len + 1, sizeof(*s->kept));
	if (s->gc.drop == NULL || s->kept == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		const struct layout_entry *e = layout_at(s->gc.layout, i);

		s->gc.drop[i] = is_waste(s, e);
		s->gc.drop_len += s->gc.drop[i];
		if (!s->gc.drop[i])
			s->kept[s->kept_len++] = e->digest;
	}
	qsort(s->kept, s->kept_len, sizeof(*s->kept), compare);
	return ERR_OK;
}

static enum err_code look_at_blob(void *ctx, const struct digest *digest, uint64_t size_bytes, struct err *err)
{
	struct search *s = ctx;
	struct store_gc *gc = &s->gc;
	struct digest_packed packed;
	enum err_code code;

	if (graph_find(&s->reach.graph, digest) != NODE_NONE)
		return ERR_OK;
	digest_pack(digest, &packed);
	if (s->kept_len > 0 && bsearch(&packed, s->kept, s->kept_len, sizeof(*s->kept), compare) != NULL)
		return ERR_OK;
	code = vec_grow(&gc->blobs, &gc->blobs_cap, gc->blobs_len + 1, sizeof(*gc->blobs), LIMIT_NODES, err);
	if (code != ERR_OK)
		return code;
	gc->blobs[gc->blobs_len++] = (struct store_waste){ .digest = *digest, .size_bytes = size_bytes };
	gc->bytes += size_bytes;
	return ERR_OK;
}

enum err_code store_gc_find(struct layout *l, struct store_gc *ret_gc, struct err *err)
{
	CLEANUP(search_release) struct search s = { .gc = { .layout = l } };
	enum err_code code = reach_look(l, &s.reach, err);

	if (code == ERR_OK)
		code = look_at_entries(&s, err);
	if (code == ERR_OK)
		code = layout_each_blob(l, look_at_blob, &s, err);
	if (code != ERR_OK)
		return code;
	*ret_gc = s.gc;
	s.gc = (struct store_gc){ 0 };
	return ERR_OK;
}

enum err_code store_gc_run(struct store_gc *gc, struct err *err)
{
	enum err_code code = gc->drop_len > 0 ? layout_drop(gc->layout, gc->drop, err) : ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < gc->blobs_len; i++)
		code = layout_remove(gc->layout, &gc->blobs[i].digest, err);
	layout_proved_prune(gc->layout);
	return code;
}

void store_gc_release(struct store_gc *gc)
{
	free(gc->blobs);
	free(gc->drop);
	*gc = (struct store_gc){ 0 };
}
