#include "import/serve_engine_group.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "import/serve_engine_content.h"

/* By root; within one the catalog's order, which is that of names. */
static int compare(const void *a, const void *b)
{
	const struct catalog_image *x = *(const struct catalog_image *const *)a;
	const struct catalog_image *y = *(const struct catalog_image *const *)b;
	int order = strcmp(x->digest.text, y->digest.text);

	return order != 0 ? order : strcmp(x->name, y->name);
}

static enum err_code gather(struct engine_groups *g, size_t len, struct err *err)
{
	size_t i;

	g->items = calloc(len + 1, sizeof(*g->items));
	g->names = calloc(len + 1, sizeof(*g->names));
	if (g->items == NULL || g->names == NULL)
		return err_nomem(err);
	qsort(g->images, len, sizeof(*g->images), compare);
	for (i = 0; i < len; i++) {
		struct engine_group *group;

		g->names[i] = g->images[i]->name;
		if (i == 0 || !digest_equal(&g->images[i]->digest, &g->images[i - 1]->digest))
			g->items[g->len++].names = &g->names[i];
		group = &g->items[g->len - 1];
		group->last = g->images[i];
		group->names_len++;
	}
	return ERR_OK;
}

enum err_code engine_groups_all(struct catalog_view *v, engine_group_fn *fn, void *ctx,
				struct engine_groups *ret_groups, struct err *err)
{
	CLEANUP(engine_groups_release) struct engine_groups g = { 0 };
	const struct catalog_image *const *images;
	size_t len, wanted = 0, cap = 0, i;
	enum err_code code = catalog_images(v, &images, &len, err);

	for (i = 0; code == ERR_OK && i < len; i++) {
		if (!fn(ctx, images[i]))
			continue;
		code = vec_grow(&g.images, &cap, wanted + 1, sizeof(*g.images), SIZE_MAX / sizeof(*g.images), err);
		if (code == ERR_OK)
			g.images[wanted++] = images[i];
	}
	if (code == ERR_OK)
		code = wanted > 0 ? gather(&g, wanted, err) : ERR_OK;
	if (code != ERR_OK)
		return code;
	*ret_groups = g;
	g = (struct engine_groups){ 0 };
	return ERR_OK;
}

static bool is_of(void *ctx, const struct catalog_image *image)
{
	return digest_equal(ctx, &image->digest);
}

enum err_code engine_groups_of(struct catalog_view *v, const struct digest *root, struct engine_groups *ret_groups,
			       struct err *err)
{
	struct digest wanted = *root;

	return engine_groups_all(v, is_of, &wanted, ret_groups, err);
}

enum err_code engine_root_of(struct source *source, const struct catalog_image *image, struct descriptor *ret_root,
			     struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct descriptor root = { .digest = image->digest,
				   .size_bytes = image->size_bytes,
				   .media_type = image->media_type };
	bool there = false;
	enum err_code code = ERR_OK;

	if (root.media_type == NULL || root.media_type[0] == '\0')
		code = engine_manifest_read(source, &root, &m, &there, err);
	if (there)
		root.media_type = m.kind == MANIFEST_INDEX ? TYPE_OCI_INDEX : TYPE_OCI_MANIFEST;
	*ret_root = root;
	return code;
}

void engine_groups_release(struct engine_groups *g)
{
	free(g->items);
	free(g->images);
	free(g->names);
	*g = (struct engine_groups){ 0 };
}
