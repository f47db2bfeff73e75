#include "import/store_list.h"

#include <stdio.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/text.h"
#include "common/tree.h"
#include "import/reach.h"
#include "import/store_gc.h"

/* What one image leads to. */
struct count {
	size_t platforms, whole, attestations, referrers;
	uint64_t bytes;
};

static bool has_all(const struct reach *s, const struct node *n)
{
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		if (!s->there[s->graph.edges[n->edges + i].to])
			return false;
	}
	return true;
}

static enum err_code count_image(const struct reach *s, size_t image, struct count *ret_count, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	struct count c = { 0 };
	enum err_code code = graph_owners_among(&s->graph, image, 1, &owners, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < s->graph.nodes_len; i++) {
		const struct node *n = &s->graph.nodes[i];

		if (owners[i] == NODE_NONE || !s->there[i])
			continue;
		c.platforms += n->role == ROLE_MANIFEST;
		c.whole += n->role == ROLE_MANIFEST && has_all(s, n);
		c.attestations += n->role == ROLE_ATTESTATION;
		c.referrers += n->role == ROLE_REFERRER;
		c.bytes += n->size_bytes;
	}
	if (code == ERR_OK)
		*ret_count = c;
	return code;
}

static void put_platforms(struct js_out *o, const struct reach *s, struct tree *t, size_t image)
{
	size_t i;

	tree_of(t, &s->graph.images[image]);
	js_key(o, "platforms");
	js_begin(o, '[');
	for (i = 0; i < t->found_len; i++) {
		const struct node *n = &s->graph.nodes[t->found[i]];

		if (n->role != ROLE_MANIFEST || !s->there[t->found[i]])
			continue;
		js_begin(o, '{');
		js_member(o, "platform", n->platform);
		js_member(o, "digest", n->digest.text);
		js_member_bool(o, "whole", has_all(s, n));
		js_end(o, '}');
	}
	js_end(o, ']');
}

static enum err_code put_image(struct js_out *o, const struct reach *s, struct tree *t, size_t image, struct err *err)
{
	struct count c = { 0 };
	enum err_code code = count_image(s, image, &c, err);

	if (code != ERR_OK)
		return code;
	js_begin(o, '{');
	js_member(o, "name", s->graph.images[image].name);
	js_member(o, "digest", s->graph.nodes[s->graph.images[image].root].digest.text);
	put_platforms(o, s, t, image);
	js_member_uint(o, "attestations", c.attestations);
	js_member_uint(o, "referrers", c.referrers);
	js_member_uint(o, "bytes", c.bytes);
	js_end(o, '}');
	return ERR_OK;
}

static enum err_code list_json(const char *path, const struct reach *s, const struct store_gc *gc, uint64_t bytes,
			       struct err *err)
{
	CLEANUP(tree_release) struct tree t = { 0 };
	CLEANUP(buf_release) struct buf text;
	struct buf_stage out;
	struct js_out o;
	enum err_code code = tree_init(&t, &s->graph, err);
	size_t i;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &text);
	js_out_init(&o, &out.out, true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "store", path);
	js_key(&o, "images");
	js_begin(&o, '[');
	for (i = 0; code == ERR_OK && i < s->graph.images_len; i++)
		code = put_image(&o, s, &t, i, err);
	if (code != ERR_OK)
		return code;
	js_end(&o, ']');
	js_member_uint(&o, "bytes", bytes);
	js_member_uint(&o, "unreachableBlobs", gc->blobs_len);
	js_member_uint(&o, "unreachableBytes", gc->bytes);
	js_end(&o, '}');
	code = js_end_document(&o, err);
	return code == ERR_OK ? outstream_write(report_stdout(), buf_text(&text), text.len, err) : code;
}

static enum err_code print_row(const struct reach *s, size_t image, struct err *err)
{
	const char *digest = s->graph.nodes[s->graph.images[image].root].digest.text;
	struct count c = { 0 };
	char size[TEXT_SIZE_MAX];
	enum err_code code = count_image(s, image, &c, err);

	if (code != ERR_OK)
		return code;
	printf("%s  %s  %s  %zu platform%s, %zu attestation manifest%s, %zu referrer%s\n", s->graph.images[image].name,
	       digest, text_size(c.bytes, size), c.whole, c.whole == 1 ? "" : "s", c.attestations,
	       c.attestations == 1 ? "" : "s", c.referrers, c.referrers == 1 ? "" : "s");
	if (c.whole < c.platforms)
		printf("  %zu platform%s without layers\n", c.platforms - c.whole,
		       c.platforms - c.whole == 1 ? "" : "s");
	return ERR_OK;
}

static enum err_code list_text(const char *path, const struct reach *s, const struct store_gc *gc, uint64_t bytes,
			       struct err *err)
{
	char size[TEXT_SIZE_MAX], waste[TEXT_SIZE_MAX];
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < s->graph.images_len; i++)
		code = print_row(s, i, err);
	if (code != ERR_OK)
		return code;
	printf("%s: %zu image%s, %s\n", path, s->graph.images_len, s->graph.images_len == 1 ? "" : "s",
	       text_size(bytes, size));
	if (gc->blobs_len > 0)
		printf("%s of that no image leads to: bundle store gc removes it\n", text_size(gc->bytes, waste));
	return ERR_OK;
}

static enum err_code add_size(void *ctx, const struct digest *digest, uint64_t size_bytes, struct err *err)
{
	(void)digest;
	(void)err;
	*(uint64_t *)ctx += size_bytes;
	return ERR_OK;
}

enum err_code store_list(const char *path, struct layout *l, bool json, struct err *err)
{
	CLEANUP(reach_release) struct reach s = { 0 };
	CLEANUP(store_gc_release) struct store_gc gc = { 0 };
	uint64_t bytes = 0;
	enum err_code code = ERR_OK;

	graph_init(&s.graph);
	if (l != NULL)
		code = reach_look(l, &s, err);
	if (code == ERR_OK && l != NULL)
		code = store_gc_find(l, &gc, err);
	if (code == ERR_OK && l != NULL)
		code = layout_each_blob(l, add_size, &bytes, err);
	if (code != ERR_OK)
		return code;
	return json ? list_json(path, &s, &gc, bytes, err) : list_text(path, &s, &gc, bytes, err);
}
