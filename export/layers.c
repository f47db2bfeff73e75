#include "export/layers.h"

#include "common/limits.h"
#include "common/mem.h"
#include "export/fetch.h"
#include "export/spill.h"

/* The bundle. */
struct layer_place {
	struct fetch_place place;
	struct bundle_writer *writer;
};

static enum err_code layer_place_open(struct fetch_place *p, uint32_t node, struct outstream **ret_out,
				      struct instream **ret_kept, struct err *err)
{
	return bundle_writer_layer(OUTER_OF(p, struct layer_place, place)->writer, node, ret_out, ret_kept, err);
}

static void layer_place_close(struct fetch_place *p, struct outstream *out)
{
	bundle_writer_layer_release(OUTER_OF(p, struct layer_place, place)->writer, out);
}

static enum err_code layer_place_spread(struct fetch_place *p, uint32_t node, bool kept, struct spread **ret_spread,
					struct err *err)
{
	return bundle_writer_spread(OUTER_OF(p, struct layer_place, place)->writer, node, kept, ret_spread, err);
}

static enum err_code on_ending(void *ctx, struct err *err)
{
	return fetch_wake(ctx, err);
}

/* Let the sources run until everything is fetched and proved.  The first of the fetches is the one side by side. */
static enum err_code finish_fetches(struct http *http, struct fetch *const *fetches, size_t len, struct err *err)
{
	enum err_code code = ERR_OK;
	bool again = true;
	size_t i;

	http_on_ending(http, on_ending, fetches[0]);
	while (code == ERR_OK && again) {
		again = false;
		code = http_run(http, err);
		for (i = 0; code == ERR_OK && i < len; i++)
			code = fetch_settle(fetches[i], &again, err);
	}
	http_on_ending(http, NULL, NULL);
	return code;
}

enum err_code layers_to_file(const struct layers *l, struct err *err)
{
	struct gather *g = l->gather;
	uint32_t *plains = l->nodes + l->raws_len;
	CLEANUP(fetch_free_ptr) struct fetch *raw = NULL;
	CLEANUP(fetch_free_ptr) struct fetch *plain = NULL;
	struct layer_place place = {
		.place = { .open = layer_place_open,
			   .close = layer_place_close,
			   .spread = layer_place_spread,
			   .spread_bytes = BUNDLE_SPREAD_BYTES,
			   .has_kept = bundle_writer_has_kept(l->writer) },
		.writer = l->writer,
	};
	struct layer_place in_turn = {
		.place = { .open = layer_place_open, .close = layer_place_close },
		.writer = l->writer,
	};
	enum err_code code = fetch_order(g, l->nodes, l->raws_len, err);

	if (code == ERR_OK)
		code = fetch_order(g, plains, l->plains_len, err);
	if (code == ERR_OK)
		code = fetch_start(g, l->nodes, l->raws_len, l->jobs, &place.place, l->watch, &raw, err);
	if (code == ERR_OK)
		code = fetch_start(g, plains, l->plains_len, 1, &in_turn.place, l->watch, &plain, err);
	return code == ERR_OK ? finish_fetches(g->http, (struct fetch *[]){ raw, plain }, 2, err) : code;
}

/* How much of them may have arrived before its turn has come: nothing where all of them are at hand anyway. */
static uint64_t ahead_bytes(const struct layers *l)
{
	uint64_t bytes = 0;
	bool far = false;
	size_t i;

	for (i = 0; i < l->raws_len + l->plains_len; i++) {
		bytes += l->gather->graph.nodes[l->nodes[i]].size_bytes;
		far = far || !gather_source(l->gather, l->nodes[i])->at_once;
	}
	if (!far)
		return 0;
	return bytes < LIMIT_SPILL_BYTES ? bytes : LIMIT_SPILL_BYTES;
}

enum err_code layers_to_pipe(const struct layers *l, struct err *err)
{
	struct layer_place in_turn = {
		.place = { .open = layer_place_open, .close = layer_place_close },
		.writer = l->writer,
	};
	uint64_t budget_bytes = ahead_bytes(l);
	CLEANUP(spill_free_ptr) struct spill *spill = NULL;
	CLEANUP(fetch_free_ptr) struct fetch *fetch = NULL;
	enum err_code code = ERR_OK;

	if (budget_bytes > 0)
		code = spill_new(&in_turn.place, &l->gather->graph, budget_bytes, SPILL_STEP_BYTES, &spill, err);
	if (code == ERR_OK)
		code = fetch_start(l->gather, l->nodes, l->raws_len + l->plains_len, spill != NULL ? l->jobs : 1,
				   spill != NULL ? spill_place(spill) : &in_turn.place, l->watch, &fetch, err);
	return code == ERR_OK ? finish_fetches(l->gather->http, &fetch, 1, err) : code;
}
