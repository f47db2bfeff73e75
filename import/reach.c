#include "import/reach.h"

#include <stdlib.h>

#include "common/layout_images.h"
#include "common/mem.h"
#include "common/walk.h"

void reach_release(struct reach *s)
{
	graph_release(&s->graph);
	free(s->there);
	*s = (struct reach){ 0 };
}

/* Every image under its full name, whoever wrote it there. */
static enum err_code walk_named(const struct layout *l, const struct layout_survey *survey, struct source *source,
				struct walk *walk, struct err *err)
{
	CLEANUP(layout_images_release) struct layout_images images = { 0 };
	enum err_code code = layout_images_make(survey, layout_path(l), &images, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < images.len; i++) {
		struct descriptor root = layout_descriptor(images.items[i].entry);

		code = walk_root(walk, source, &root, images.items[i].name, err);
	}
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", layout_path(l));
}

static enum err_code walk_layout(const struct layout *l, struct graph *g, struct err *err)
{
	CLEANUP(layout_survey_release) struct layout_survey survey = { 0 };
	CLEANUP(walk_release) struct walk walk;
	struct source *source = NULL;
	enum err_code code = layout_survey_make(l, &survey, err);

	walk_init(&walk, g, NULL, NULL);
	if (code != ERR_OK)
		return err_add(err, "%s", layout_path(l));
	code = layout_survey_source(l, &survey, &source, err);
	if (code == ERR_OK)
		code = walk_named(l, &survey, source, &walk, err);
	if (source != NULL)
		source->free(source);
	return code == ERR_OK ? graph_settle(g, err) : code;
}

static enum err_code see_blob(void *ctx, const struct digest *digest, uint64_t size_bytes, struct err *err)
{
	struct reach *s = ctx;
	uint32_t node = graph_find(&s->graph, digest);

	(void)err;
	if (node != NODE_NONE && s->graph.nodes[node].size_bytes == size_bytes)
		s->there[node] = true;
	return ERR_OK;
}

enum err_code reach_look(const struct layout *l, struct reach *ret_reach, struct err *err)
{
	CLEANUP(reach_release) struct reach s = { 0 };
	enum err_code code;

	graph_init(&s.graph);
	code = walk_layout(l, &s.graph, err);
	if (code != ERR_OK)
		return code;
	s.there = calloc(s.graph.nodes_len + 1, sizeof(*s.there));
	if (s.there == NULL)
		return err_nomem(err);
	code = layout_each_blob(l, see_blob, &s, err);
	if (code != ERR_OK)
		return code;
	*ret_reach = s;
	s = (struct reach){ 0 };
	return ERR_OK;
}
