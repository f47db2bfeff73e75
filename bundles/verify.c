#include "bundles/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/reading.h"
#include "common/mem.h"

/* The whole tar as one stream, run by run. */
struct whole {
	struct instream in;
	const struct bundle *b; /* borrowed */
	struct zstd_reader zstd;
	struct raw_reader raw;
	unsigned char *sums_frame; /* owned */
	size_t sums_used;          /* sums of compressed frames so far */
	struct run run;
	bool ended;
	uint64_t done_bytes;
	bundle_progress_fn *progress;
	void *progress_ctx;
};

static void whole_release(struct whole *w)
{
	zstd_reader_release(&w->zstd);
	raw_reader_release(&w->raw);
	free(w->sums_frame);
}

/* The frame of sums stands right before the seek table; everything in it that is not a sum is known. */
static enum err_code read_sums(struct whole *w, struct err *err)
{
	const struct shape *s = &w->b->shape;
	uint64_t offset = w->b->seek.entries[w->b->seek.len - FRAMES_AFTER].file_offset;
	size_t len = shape_sums_bytes(s), before = len - s->sums * SUM_BYTES;
	CLEANUP(free_ptr) unsigned char *want = malloc(len);
	enum err_code code;

	w->sums_frame = malloc(len);
	if (want == NULL || w->sums_frame == NULL)
		return err_nomem(err);
	code = read_at(w->b->fd, w->sums_frame, len, offset, w->b->path, err);
	if (code != ERR_OK)
		return code;
	shape_sums(s, w->sums_frame + before, want);
	if (memcmp(want, w->sums_frame, before) != 0)
		return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": the sums of the frames are damaged",
			       w->b->path, offset);
	return ERR_OK;
}

static bool is_raw(const struct run *run)
{
	return run->kind == RUN_RAW || run->kind == RUN_SLOT;
}

static bool next_run(struct whole *w)
{
	const struct shape *s = &w->b->shape;
	const unsigned char *sums = w->sums_frame + shape_sums_bytes(s) - (s->sums - w->sums_used) * SUM_BYTES;

	if (!shape_next(s, &w->run))
		return false;
	if (w->run.kind == RUN_RAW) {
		raw_reader_aim(&w->raw, w->run.begin, w->run.end);
	} else if (w->run.kind == RUN_SLOT) {
		raw_reader_aim_bare(&w->raw, w->run.begin, w->run.end);
	} else {
		zstd_reader_aim(&w->zstd, w->run.begin, w->run.end, sums);
		w->sums_used += run_frames(&w->run);
	}
	return true;
}

static enum err_code whole_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct whole *w = OUTER_OF(in, struct whole, in);
	size_t len = 0;

	while (len == 0 && !w->ended) {
		struct instream *from = is_raw(&w->run) ? &w->raw.in : &w->zstd.in;
		enum err_code code = w->run.kind != RUN_NONE ? instream_read(from, bytes, cap, &len, err) : ERR_OK;

		if (code != ERR_OK)
			return code;
		if (len == 0)
			w->ended = !next_run(w);
	}
	w->done_bytes += len;
	if (w->progress != NULL)
		w->progress(w->progress_ctx, w->done_bytes, w->b->shape.tar_end);
	*ret_len = len;
	return ERR_OK;
}

static enum err_code check_member(struct expecting *e, const struct member *m, bool is_slot, struct err *err)
{
	char what[TAR_NAME_MAX + 32] = "padding of ";
	enum err_code code = expect_header(e, m, err);

	strcat(what, m->name);
	if (code == ERR_OK)
		code = is_slot ? expect_slot(e, m, err) : expect_digest(e, m, err);
	return code == ERR_OK ? expect_zeros(e, tar_padding_bytes(m->size_bytes), what, err) : code;
}

static enum err_code check_tar(struct whole *w, struct err *err)
{
	struct expecting e = { .in = &w->in, .file = &w->b->file };
	enum err_code code = ERR_OK;
	struct member m = { 0 };
	size_t i;

	for (i = 0; code == ERR_OK && shape_member(&w->b->shape, i, &m); i++)
		code = check_member(&e, &m, i >= FRONT_MEMBERS && i < FIRST_SHARD_MEMBER, err);
	if (code == ERR_OK)
		code = expect_zeros(&e, TAR_END_BYTES, "end of the tar", err);
	return code == ERR_OK ? expect_end(&e, err) : code;
}

static enum err_code verify_content(const struct bundle *b, bundle_progress_fn *progress, void *ctx, struct err *err)
{
	CLEANUP(whole_release)
	struct whole w = { .in = { .read = whole_read }, .b = b, .progress = progress, .progress_ctx = ctx };
	enum err_code code = zstd_reader_init(&w.zstd, &b->file, err);

	if (code == ERR_OK)
		code = raw_reader_init(&w.raw, &b->file, true, err);
	if (code == ERR_OK)
		code = read_sums(&w, err);
	if (code == ERR_OK)
		code = check_tar(&w, err);
	return code;
}

enum err_code bundle_verify(const struct bundle *b, struct graph *graph, bundle_progress_fn *progress, void *ctx,
			    struct err *err)
{
	enum err_code code = verify_content(b, progress, ctx, err);

	if (code == ERR_OK)
		code = expect_places(b, err);
	return code == ERR_OK ? expect_description(b, graph, err) : code;
}
