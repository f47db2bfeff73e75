#include "import/serve_tags.h"

#include <stdlib.h>
#include <string.h>

#include "common/discovery.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/serve_referrers.h"

static enum err_code add(struct serve_tags *tags, const char *tag, struct err *err)
{
	enum err_code code = vec_grow(&tags->items, &tags->cap, tags->len + 1, sizeof(char *), LIMIT_EDGES, err);

	if (code == ERR_OK)
		code = str_copy(tag, &tags->items[tags->len], err);
	if (code == ERR_OK)
		tags->len++;
	return code;
}

static enum err_code add_attached(struct serve_repository *r, const struct catalog_image *image,
				  struct serve_tags *tags, struct err *err)
{
	CLEANUP(catalog_graph_release_ptr) struct catalog_graph *held = NULL;
	enum err_code code = catalog_graph(r->view, image, &held, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < held->graph.links_len; i++) {
		const struct link *link = &held->graph.links[i];
		char tag[DISCOVERY_TAG_SIZE];
		struct digest subject;
		enum link_kind kind;

		/* Some tags have but a part of the digest, and nothing is found by them here. */
		if (link->kind != LINK_BUILDKIT && node_is_carried(&held->graph.nodes[link->referrer]) &&
		    discovery_tag(&held->graph.nodes[link->subject].digest, link->kind, tag) &&
		    serve_referrers_tag(tag, &subject, &kind))
			code = add(tags, tag, err);
	}
	return code;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_once(struct serve_tags *tags)
{
	size_t kept = 0, i;

	if (tags->len > 0)
		qsort(tags->items, tags->len, sizeof(char *), by_text);
	for (i = 0; i < tags->len; i++) {
		if (kept > 0 && strcmp(tags->items[kept - 1], tags->items[i]) == 0)
			free(tags->items[i]);
		else
			tags->items[kept++] = tags->items[i];
	}
	tags->len = kept;
}

enum err_code serve_tags_list(struct serve_repository *r, struct serve_tags *tags, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < r->len; i++) {
		if (r->images[i]->tag != NULL)
			code = add(tags, r->images[i]->tag, err);
		if (code == ERR_OK)
			code = add_attached(r, r->images[i], tags, err);
	}
	if (code == ERR_OK)
		sort_once(tags);
	return code;
}

void serve_tags_release(struct serve_tags *tags)
{
	size_t i;

	for (i = 0; i < tags->len; i++)
		free(tags->items[i]);
	free(tags->items);
	*tags = (struct serve_tags){ 0 };
}
