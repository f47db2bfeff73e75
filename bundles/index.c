#include "bundles/index.h"

#include <stdlib.h>

#include "common/js.h"
#include "common/mem.h"

void index_begin_entry(struct js_out *o, const struct node *n)
{
	js_begin(o, '{');
	js_member(o, "mediaType", n->media_type);
	js_member(o, "digest", n->digest.text);
	js_member_uint(o, "size", n->size_bytes);
}

void index_put_image(struct js_out *o, const struct graph *g, const struct image *image)
{
	index_begin_entry(o, &g->nodes[image->root]);
	js_key(o, "annotations");
	js_begin(o, '{');
	js_member(o, ANNOTATION_IMAGE_NAME, image->name);
	js_member(o, ANNOTATION_REF_NAME, image->name);
	js_end(o, '}');
	js_end(o, '}');
}

static void put_referrer(struct js_out *o, const struct graph *g, const struct link *link)
{
	const struct node *n = &g->nodes[link->referrer];

	index_begin_entry(o, n);
	js_member(o, "artifactType", n->artifact_type);
	js_key(o, "annotations");
	js_begin(o, '{');
	js_member(o, ANNOTATION_SUBJECT, g->nodes[link->subject].digest.text);
	js_end(o, '}');
	js_end(o, '}');
}

/* A referrer that some index lists as its child is reached through that index already. */
static bool is_listed(const struct graph *g, const struct link *link)
{
	const struct node *n = &g->nodes[link->referrer];

	return link->kind != LINK_BUILDKIT && n->role == ROLE_REFERRER && node_is_carried(n);
}

/* Tied to one subject in two ways, a referrer still is one entry; links of one subject stand together. */
static enum err_code put_referrers(struct js_out *o, const struct graph *g, struct err *err)
{
	uint32_t *listed_under = malloc((g->nodes_len + 1) * sizeof(*listed_under));
	size_t i;

	if (listed_under == NULL)
		return err_nomem(err);
	for (i = 0; i < g->nodes_len; i++)
		listed_under[i] = NODE_NONE;
	for (i = 0; i < g->links_len; i++) {
		const struct link *link = &g->links[i];

		if (!is_listed(g, link) || listed_under[link->referrer] == link->subject)
			continue;
		listed_under[link->referrer] = link->subject;
		put_referrer(o, g, link);
	}
	free(listed_under);
	return ERR_OK;
}

enum err_code index_write(const struct graph *g, struct outstream *out, struct err *err)
{
	struct js_out o;
	enum err_code code;
	size_t i;

	js_out_init(&o, out, false);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 2);
	js_member(&o, "mediaType", TYPE_OCI_INDEX);
	js_key(&o, "manifests");
	js_begin(&o, '[');
	for (i = 0; i < g->images_len; i++)
		index_put_image(&o, g, &g->images[i]);
	code = put_referrers(&o, g, err);
	if (code != ERR_OK)
		return code;
	js_end(&o, ']');
	js_end(&o, '}');
	return js_end_document(&o, err);
}
