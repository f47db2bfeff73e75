#include "export/watch.h"

#include <stdlib.h>

#include "common/mem.h"

struct watch_image {
	uint64_t done_bytes, total_bytes;
	size_t item;
	bool begun;
};

enum err_code watch_init(struct watch *w, const struct graph *g, struct progress *progress, struct err *err)
{
	enum err_code code = graph_owners(g, &w->owners, err);
	uint64_t total_bytes = 0;
	size_t i;

	if (code != ERR_OK)
		return code;
	w->progress = progress;
	w->graph = g;
	w->images = calloc(g->images_len + 1, sizeof(*w->images));
	if (w->images == NULL)
		return err_nomem(err);
	for (i = 0; i < g->nodes_len; i++) {
		const struct node *n = &g->nodes[i];

		if (w->owners[i] == NODE_NONE || !node_is_carried(n) || role_is_manifest(n->role))
			continue;
		w->images[w->owners[i]].total_bytes += n->size_bytes;
		total_bytes += n->size_bytes;
	}
	progress_total(progress, total_bytes);
	return ERR_OK;
}

void watch_advance(struct watch *w, uint32_t node, uint64_t bytes)
{
	uint32_t owner;
	struct watch_image *image;

	if (w == NULL)
		return;
	owner = w->owners[node];
	image = &w->images[owner];
	if (!image->begun)
		image->item = progress_item(w->progress, w->graph->images[owner].name, image->total_bytes);
	image->begun = true;
	image->done_bytes += bytes;
	progress_advance(w->progress, image->item, bytes);
	if (image->done_bytes == image->total_bytes)
		progress_end(w->progress, image->item);
}

void watch_leave_out(struct watch *w, uint32_t node)
{
	struct watch_image *image;
	uint64_t size_bytes;

	if (w == NULL)
		return;
	image = &w->images[w->owners[node]];
	size_bytes = w->graph->nodes[node].size_bytes;
	image->total_bytes -= size_bytes;
	progress_total(w->progress, w->progress->total_bytes - size_bytes);
	if (image->begun && image->done_bytes == image->total_bytes)
		progress_end(w->progress, image->item);
}

void watch_release(struct watch *w)
{
	free(w->owners);
	free(w->images);
	*w = (struct watch){ 0 };
}
