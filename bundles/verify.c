#include "bundles/verify.h"

#include <pthread.h>

#include "bundles/piece.h"
#include "common/mem.h"
#include "common/workers.h"

/* Pieces that threads take one after the other. */
struct work {
	const struct bundle *b; /* borrowed */
	unsigned threads;
	bundle_progress_fn *progress;
	void *progress_ctx;
	pthread_mutex_t lock; /* for all that follows */
	struct pieces pieces;
	uint64_t done_bytes;
	size_t failed; /* the first piece in the file that is known to have failed; SIZE_MAX: none has */
	struct err failure;
};

/* Layers that one thread has under way at once. */
struct hands {
	struct piece_layer layers[2];
};

static void hands_release(struct hands *h)
{
	piece_layer_release(&h->layers[0]);
	piece_layer_release(&h->layers[1]);
}

/* A layer is taken beside another one where more than enough is left for all other threads meanwhile: so none of them
 * has nothing to do at the end because of that. */
static bool fits_beside(const struct work *w, const struct piece *p)
{
	const struct shape *s = &w->b->shape;
	struct run layer;

	if (p->run.kind != RUN_GLUE)
		return false;
	layer = shape_layer(s, p->run.blob);
	return layer.end - layer.begin <= (s->tar_end - layer.end) / 2 / w->threads;
}

/* A piece in front of one that failed has been taken by then, and is checked to its end: so what is told is always the
 * first failure in the file. */
static bool take(struct work *w, bool beside, struct piece *ret_piece)
{
	struct pieces pieces;
	bool taken;

	pthread_mutex_lock(&w->lock);
	pieces = w->pieces;
	taken = w->failed == SIZE_MAX && pieces_next(&pieces, ret_piece) && (!beside || fits_beside(w, ret_piece));
	if (taken)
		w->pieces = pieces;
	pthread_mutex_unlock(&w->lock);
	return taken;
}

static void fail(struct work *w, const struct piece *p, const struct err *err)
{
	pthread_mutex_lock(&w->lock);
	if (p->number < w->failed) {
		w->failed = p->number;
		w->failure = *err;
	}
	pthread_mutex_unlock(&w->lock);
}

static enum err_code on_bytes(void *ctx, const struct piece *p, size_t len, struct err *err)
{
	struct work *w = ctx;
	bool idle;

	pthread_mutex_lock(&w->lock);
	idle = w->failed < p->number;
	w->done_bytes += len;
	if (!idle && w->progress != NULL)
		w->progress(w->progress_ctx, w->done_bytes, w->b->shape.tar_end);
	pthread_mutex_unlock(&w->lock);
	return idle ? err_set(err, ERR_DAMAGED, "given up: the file is damaged before") : ERR_OK;
}

static enum err_code check(struct work *w, struct piece_reader *r, const struct piece *p, struct piece_layer *l,
			   struct err *err)
{
	enum err_code code = r->b == NULL ? piece_reader_init(r, w->b, on_bytes, w, err) : ERR_OK;

	return code == ERR_OK ? piece_check(r, p, l, err) : code;
}

/* Have a layer in each hand, where there are any; everything else is proved at once. */
static bool take_up(struct work *w, struct piece_reader *r, struct hands *h)
{
	struct piece_layer *a = &h->layers[0], *b = &h->layers[1];
	struct err err = { .code = ERR_OK };
	struct piece piece;

	while ((!a->under_way || !b->under_way) && take(w, a->under_way || b->under_way, &piece)) {
		if (check(w, r, &piece, a->under_way ? b : a, &err) != ERR_OK)
			fail(w, &piece, &err);
	}
	return a->under_way || b->under_way;
}

static void step(struct hands *h)
{
	struct piece_layer *a = &h->layers[0], *b = &h->layers[1];

	if (a->under_way && b->under_way)
		piece_step_both(a, b);
	else
		piece_step(a->under_way ? a : b);
}

static void look_at(struct work *w, struct piece_layer *l)
{
	enum err_code code = l->err.code;

	if (code == ERR_OK)
		code = on_bytes(w, &l->piece, l->chunk_len, &l->err);
	if (code == ERR_OK && !piece_is_over(l))
		return;
	if (code == ERR_OK)
		code = piece_end(l, &l->err);
	if (code != ERR_OK)
		fail(w, &l->piece, &l->err);
	piece_layer_release(l);
}

static void *worker(void *arg)
{
	struct work *w = arg;
	CLEANUP(piece_reader_release) struct piece_reader reader = { 0 };
	CLEANUP(hands_release) struct hands h = { 0 };
	size_t i;

	while (take_up(w, &reader, &h)) {
		step(&h);
		for (i = 0; i < COUNT_OF(h.layers); i++) {
			if (h.layers[i].under_way)
				look_at(w, &h.layers[i]);
		}
	}
	return NULL;
}

enum err_code verify_content(const struct bundle *b, unsigned threads, bundle_progress_fn *progress, void *ctx,
			     struct err *err)
{
	struct work w = { .b = b, .threads = threads, .progress = progress, .progress_ctx = ctx, .failed = SIZE_MAX };
	enum err_code code = pieces_init(&w.pieces, b, err);

	if (code != ERR_OK)
		return code;
	pthread_mutex_init(&w.lock, NULL);
	workers_run(threads, worker, &w);
	pthread_mutex_destroy(&w.lock);
	pieces_release(&w.pieces);
	return w.failed == SIZE_MAX ? ERR_OK : err_set(err, w.failure.code, "%s", w.failure.msg);
}

enum err_code bundle_verify(const struct bundle *b, struct graph *graph, bundle_progress_fn *progress, void *ctx,
			    struct err *err)
{
	enum err_code code = verify_content(b, workers_for_processors(), progress, ctx, err);

	if (code == ERR_OK)
		code = expect_places(b, err);
	return code == ERR_OK ? expect_description(b, graph, err) : code;
}
