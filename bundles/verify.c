#include "bundles/verify.h"

#include <pthread.h>

#include "bundles/piece.h"
#include "common/mem.h"
#include "common/workers.h"

/* Pieces that threads take one after the other. */
struct work {
	const struct bundle *b; /* borrowed */
	bundle_progress_fn *progress;
	void *progress_ctx;
	pthread_mutex_t lock; /* for all that follows */
	struct pieces pieces;
	uint64_t done_bytes;
	size_t failed; /* the first piece in the file that is known to have failed; SIZE_MAX: none has */
	struct err failure;
};

/* A piece in front of one that failed has been taken by then, and is checked to its end: so what is told is always the
 * first failure in the file. */
static bool take(struct work *w, struct piece *ret_piece)
{
	bool taken;

	pthread_mutex_lock(&w->lock);
	taken = w->failed == SIZE_MAX && pieces_next(&w->pieces, ret_piece);
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

static void *worker(void *arg)
{
	struct work *w = arg;
	CLEANUP(piece_reader_release) struct piece_reader reader = { 0 };
	struct piece piece;
	struct err err = { .code = ERR_OK };

	while (err.code == ERR_OK && take(w, &piece)) {
		if (reader.b == NULL)
			piece_reader_init(&reader, w->b, on_bytes, w, &err);
		if (err.code == ERR_OK)
			piece_check(&reader, &piece, &err);
		if (err.code != ERR_OK)
			fail(w, &piece, &err);
	}
	return NULL;
}

enum err_code verify_content(const struct bundle *b, unsigned threads, bundle_progress_fn *progress, void *ctx,
			     struct err *err)
{
	struct work w = { .b = b, .progress = progress, .progress_ctx = ctx, .failed = SIZE_MAX };
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
