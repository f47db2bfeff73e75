#include "export/gather.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "export/location.h"
#include "export/supply.h"

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
	enum err_code code;

	*g = (struct gather){ .http = http, .pool = pool, .registry = *options, .spool = { .fd = -1 } };
	graph_init(&g->graph);
	walk_init(&g->walk, &g->graph, keep_manifest, g);
	code = spooled_new(&g->graph, &g->spool, &g->spooled, err);
	return code == ERR_OK ? spool_open(&g->spool, path, err) : code;
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
	for (i = 0; i < g->locals_len; i++)
		local_free(g->locals[i]);
	free(g->locals);
	spooled_free(g->spooled);
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

/* What an image is called in the bundle. */
static enum err_code name_of(struct gather *g, const char *name, char **ret_name, struct err *err)
{
	return g->names != NULL ? mapping_apply(g->names, name, ret_name, err) : str_copy(name, ret_name, err);
}

enum err_code gather_image(struct gather *g, struct source *source, const struct reference *ref, struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	CLEANUP(free_ptr) char *mapped = NULL;
	enum err_code code = reference_name(ref, &name, err);

	if (code == ERR_OK)
		code = name_of(g, name, &mapped, err);
	return code == ERR_OK ? walk_image(&g->walk, source, ref, mapped, err) : code;
}

static enum err_code add_remote(struct gather *g, const char *text, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	struct source *source = NULL;
	enum err_code code = reference_parse(text, &ref, err);

	if (code != ERR_OK)
		return code == ERR_FORMAT ? err_recode(err, ERR_USAGE) : code;
	code = gather_source_of(g, &ref, &source, err);
	return code == ERR_OK ? gather_image(g, source, &ref, err) : code;
}

/* A file is opened once, however many of its images are asked for. */
static enum err_code find_local(struct gather *g, const struct location *at, const struct local **ret_local,
				struct err *err)
{
	enum err_code code;
	size_t i;

	for (i = 0; i < g->locals_len; i++) {
		if (local_is(g->locals[i], at)) {
			*ret_local = g->locals[i];
			return ERR_OK;
		}
	}
	code = vec_grow(&g->locals, &g->locals_cap, i + 1, sizeof(struct local *), LIMIT_IMAGES, err);
	if (code == ERR_OK)
		code = local_open(at, &g->locals[i], err);
	if (code != ERR_OK)
		return code;
	g->locals_len++;
	*ret_local = g->locals[i];
	return ERR_OK;
}

/* An image of a file, and the file. */
struct local_images {
	struct gather *gather;
	const struct local *local;
};

static enum err_code add_local_image(void *ctx, const char *name, const struct descriptor *root, struct err *err)
{
	const struct local_images *i = ctx;
	CLEANUP(free_ptr) char *mapped = NULL;
	enum err_code code = name_of(i->gather, name, &mapped, err);

	return code == ERR_OK ? walk_root(&i->gather->walk, local_source(i->local), root, mapped, err) : code;
}

static enum err_code add_local(struct gather *g, const struct location *at, struct err *err)
{
	struct local_images images = { .gather = g };
	enum err_code code = find_local(g, at, &images.local, err);

	return code == ERR_OK ? local_pick(images.local, at, add_local_image, &images, err) : code;
}

enum err_code gather_add(struct gather *g, const char *text, struct err *err)
{
	CLEANUP(location_release) struct location at = { 0 };
	enum err_code code = location_parse(text, &at, err);

	if (code != ERR_OK)
		return code;
	return at.transport == TRANSPORT_REGISTRY ? add_remote(g, at.path, err) : add_local(g, &at, err);
}

enum err_code gather_run(struct gather *g, struct err *err)
{
	enum err_code code = http_run(g->http, err);

	return code == ERR_OK ? graph_settle(&g->graph, err) : code;
}

enum err_code gather_supply(struct gather *g, struct err *err)
{
	enum err_code code = g->locals_len > 0 ? supply_settle(&g->walk, g->locals, g->locals_len, err) : ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->locals_len; i++)
		code = local_check(g->locals[i], &g->graph, err);
	return code;
}

struct source *gather_source(const struct gather *g, uint32_t node)
{
	if (g->spooled != NULL && spooled_has(g->spooled, node))
		return spooled_source(g->spooled);
	return walk_source(&g->walk, &g->graph.nodes[node]);
}
