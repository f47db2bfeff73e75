#include "export/misfit.h"

#include <string.h>

#include "common/buf.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/opt.h"

/* The config of an image that is one manifest, NODE_NONE where it has none to be read. */
static uint32_t config_of(const struct graph *g, const struct image *image)
{
	const struct node *root = &g->nodes[image->root];
	size_t i;

	for (i = 0; root->role == ROLE_MANIFEST && i < root->edges_len; i++) {
		const struct edge *e = &g->edges[root->edges + i];
		const struct node *n = &g->nodes[e->to];

		if (e->kind == EDGE_CONFIG && n->role == ROLE_CONFIG && node_is_carried(n) &&
		    n->size_bytes <= LIMIT_SMALL_BLOB_BYTES)
			return e->to;
	}
	return NODE_NONE;
}

static enum err_code read_config(const struct gather *g, uint32_t node, struct buf *into, struct err *err)
{
	struct buf_stage out;
	struct fd_stream in;

	spool_read(&g->spool, node, g->graph.nodes[node].size_bytes, &in);
	buf_stage_init(&out, into);
	return stream_copy(&in.in, &out.out, err);
}

/* What a config says that its image runs on: BuildKit's of attestations say unknown/unknown. */
static bool says_platform(const struct buf *config, struct platform *ret_platform)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *os, *architecture;

	if (js_read(buf_text(config), config->len, "config", &json, NULL) != ERR_OK)
		return false;
	os = js_string(json, "os");
	architecture = js_string(json, "architecture");
	return os != NULL && architecture != NULL && strcmp(os, "unknown") != 0 &&
	       platform_set(ret_platform, os, architecture, js_string(json, "variant"), NULL, NULL) == ERR_OK;
}

static bool is_wanted(const struct selection *s, const struct platform *have)
{
	size_t i;

	for (i = 0; i < s->platforms_len; i++) {
		if (platform_match(&s->platforms[i], have))
			return true;
	}
	return false;
}

static enum err_code look(const struct gather *g, const struct selection *s, const struct image *image, FILE *to,
			  struct err *err)
{
	uint32_t node = config_of(&g->graph, image);
	CLEANUP(buf_release) struct buf config;
	char text[PLATFORM_TEXT_MAX];
	struct platform have;
	enum err_code code = ERR_OK;

	buf_init(&config, LIMIT_SMALL_BLOB_BYTES);
	if (node != NODE_NONE)
		code = read_config(g, node, &config, err);
	if (code == ERR_OK && node != NODE_NONE && says_platform(&config, &have) && !is_wanted(s, &have))
		fprintf(to, "%s export: %s is for %s and has no index to choose from: it is taken as it is\n",
			OPT_PROGRAM, image->name, platform_format(&have, text));
	return code;
}

enum err_code misfits_warn(const struct gather *g, const struct selection *s, FILE *to, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && s->platforms_len > 0 && i < g->graph.images_len; i++)
		code = look(g, s, &g->graph.images[i], to, err);
	return code;
}
