#include "export/gather.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

/* One source a repository, however many of its images are asked for. */
struct repository_entry {
	char *name; /* owned: "docker.io/library/alpine" */
	struct source *source;
};

static enum err_code keep_manifest(void *ctx, uint32_t node, const void *bytes, size_t len, struct err *err)
{
	struct gather *g = ctx;

	return spool_put(&g->spool, node, bytes, len, err);
}

enum err_code gather_init(struct gather *g, struct http *http, struct offload_pool *pool,
			  const struct registry_options *options, const char *path, struct err *err)
{
	*g = (struct gather){ .http = http, .pool = pool, .registry = *options, .spool = { .fd = -1 } };
	graph_init(&g->graph);
	walk_init(&g->walk, &g->graph, keep_manifest, g);
	return spool_open(&g->spool, path, err);
}

void gather_release(struct gather *g)
{
	size_t i;

	walk_release(&g->walk);
	for (i = 0; i < g->repositories_len; i++) {
		g->repositories[i].source->free(g->repositories[i].source);
		free(g->repositories[i].name);
	}
	free(g->repositories);
	spool_release(&g->spool);
	graph_release(&g->graph);
}

static enum err_code add_repository(struct gather *g, const struct reference *ref, const char *name,
				    struct source **ret_source, struct err *err)
{
	struct repository_entry entry = { 0 };
	enum err_code code = vec_grow(&g->repositories, &g->repositories_cap, g->repositories_len + 1,
				      sizeof(*g->repositories), LIMIT_IMAGES, err);

	if (code == ERR_OK)
		code = str_copy(name, &entry.name, err);
	if (code == ERR_OK)
		code = registry_new(g->http, ref, &g->registry, &entry.source, err);
	if (code != ERR_OK) {
		free(entry.name);
		return code;
	}
	g->repositories[g->repositories_len++] = entry;
	*ret_source = entry.source;
	return ERR_OK;
}

enum err_code gather_source_of(struct gather *g, const struct reference *ref, struct source **ret_source,
			       struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code = reference_repository(ref, &name, err);
	size_t i;

	if (code != ERR_OK)
		return code;
	for (i = 0; i < g->repositories_len; i++) {
		if (strcmp(g->repositories[i].name, name) == 0) {
			*ret_source = g->repositories[i].source;
			return ERR_OK;
		}
	}
	return add_repository(g, ref, name, ret_source, err);
}

enum err_code gather_image(struct gather *g, struct source *source, const struct reference *ref, struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	CLEANUP(free_ptr) char *mapped = NULL;
	enum err_code code = reference_name(ref, &name, err);

	if (code == ERR_OK && g->names != NULL)
		code = mapping_apply(g->names, name, &mapped, err);
	return code == ERR_OK ? walk_image(&g->walk, source, ref, mapped != NULL ? mapped : name, err) : code;
}

enum err_code gather_add(struct gather *g, const char *text, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	struct source *source = NULL;
	enum err_code code;

	if (text_starts(text, REGISTRY_TRANSPORT))
		text += strlen(REGISTRY_TRANSPORT);
	code = reference_parse(text, &ref, err);
	if (code != ERR_OK)
		return code == ERR_FORMAT ? err_recode(err, ERR_USAGE) : code;
	code = gather_source_of(g, &ref, &source, err);
	return code == ERR_OK ? gather_image(g, source, &ref, err) : code;
}

enum err_code gather_run(struct gather *g, struct err *err)
{
	enum err_code code = http_run(g->http, err);

	return code == ERR_OK ? graph_settle(&g->graph, err) : code;
}

struct source *gather_source(const struct gather *g, uint32_t node)
{
	return walk_source(&g->walk, &g->graph.nodes[node]);
}
