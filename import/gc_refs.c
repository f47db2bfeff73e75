#include "import/gc_refs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define TYPE_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define REFERRER "referrer."
#define REFERRER_DIGITS 12

enum kind { KIND_CONFIG, KIND_MANIFEST, KIND_LAYER, KIND_OTHER, KINDS };

static const char *const prefixes[KINDS] = {
	[KIND_CONFIG] = "config",
	[KIND_MANIFEST] = "m.",
	[KIND_LAYER] = "l.",
	[KIND_OTHER] = "",
};

enum err_code gc_refs_add(struct gc_refs *refs, const char *key, const struct digest *to, struct err *err)
{
	enum err_code code = vec_grow(&refs->items, &refs->cap, refs->len + 1, sizeof(*refs->items), LIMIT_REFS, err);

	if (code != ERR_OK)
		return code;
	snprintf(refs->items[refs->len].key, GC_REF_MAX, "%s", key);
	refs->items[refs->len++].to = *to;
	return ERR_OK;
}

static enum kind kind_of(const char *media_type)
{
	if (strcmp(media_type, TYPE_OCI_CONFIG) == 0 || strcmp(media_type, TYPE_DOCKER_CONFIG) == 0)
		return KIND_CONFIG;
	if (manifest_kind(media_type) == MANIFEST_IMAGE)
		return KIND_MANIFEST;
	if (text_starts(media_type, "application/vnd.oci.image.layer.") ||
	    text_starts(media_type, "application/vnd.docker.image.rootfs."))
		return KIND_LAYER;
	return KIND_OTHER;
}

static enum err_code add_child(const struct node *child, unsigned counts[KINDS], struct gc_refs *refs, struct err *err)
{
	enum kind kind = kind_of(child->media_type);
	unsigned count = counts[kind]++;
	char key[GC_REF_MAX];

	if (kind == KIND_CONFIG && count == 0)
		return gc_refs_add(refs, prefixes[kind], &child->digest, err);
	snprintf(key, sizeof(key), "%s%u", prefixes[kind], count);
	return gc_refs_add(refs, key, &child->digest, err);
}

static enum err_code add_referrers(const struct graph *g, uint32_t node, struct gc_refs *refs, struct err *err)
{
	const struct link *links;
	size_t len = graph_links_of(g, node, &links), i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < len; i++) {
		const struct digest *to = &g->nodes[links[i].referrer].digest;
		char key[GC_REF_MAX];

		if (links[i].kind == LINK_BUILDKIT) /* the index that pairs them keeps both */
			continue;
		snprintf(key, sizeof(key), REFERRER "sha256.%.*s", REFERRER_DIGITS, digest_hex(to));
		code = gc_refs_add(refs, key, to, err);
	}
	return code;
}

enum err_code gc_refs_of(const struct graph *g, uint32_t node, struct gc_refs *refs, struct err *err)
{
	const struct node *n = &g->nodes[node];
	unsigned counts[KINDS] = { 0 };
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < n->edges_len; i++)
		code = add_child(&g->nodes[g->edges[n->edges + i].to], counts, refs, err);
	return code == ERR_OK ? add_referrers(g, node, refs, err) : code;
}

static int compare(const void *a, const void *b)
{
	const struct gc_ref *x = a, *y = b;

	return strcmp(x->key, y->key);
}

void gc_refs_sort(struct gc_refs *refs)
{
	if (refs->len > 0)
		qsort(refs->items, refs->len, sizeof(*refs->items), compare);
}

bool gc_refs_have(const struct gc_refs *refs, const struct gc_refs *all)
{
	size_t i;

	for (i = 0; i < all->len; i++) {
		const struct gc_ref *found =
			refs->len > 0 ? bsearch(&all->items[i], refs->items, refs->len, sizeof(*refs->items), compare)
				      : NULL;

		if (found == NULL || !digest_equal(&found->to, &all->items[i].to))
			return false;
	}
	return true;
}

bool gc_ref_is_layer(const struct gc_ref *ref)
{
	return text_starts(ref->key, prefixes[KIND_LAYER]);
}

bool gc_ref_is_child(const struct gc_ref *ref)
{
	return text_starts(ref->key, prefixes[KIND_MANIFEST]) || (ref->key[0] >= '0' && ref->key[0] <= '9');
}

bool gc_ref_is_referrer(const struct gc_ref *ref)
{
	return text_starts(ref->key, REFERRER);
}

void gc_refs_release(struct gc_refs *refs)
{
	free(refs->items);
	*refs = (struct gc_refs){ 0 };
}
