/* The part of shape.h that holds a seek table against the shape. */
#include <inttypes.h>

#include "bundles/frame.h"
#include "bundles/places.h"
#include "bundles/shape.h"

struct check {
	const struct seek_table *table;
	const char *name;
	size_t at; /* the next frame */
};

/* One frame must decode to so many bytes and, where stored_bytes is not 0, take that many in the file. */
static enum err_code expect(struct check *c, uint64_t content_bytes, uint64_t stored_bytes, struct err *err)
{
	const struct seek_entry *e = &c->table->entries[c->at];

	if (e[1].tar_offset - e->tar_offset != content_bytes)
		return err_set(err, ERR_DAMAGED,
			       "%s: offset %" PRIu64 ": the seek table says that a frame holds %" PRIu64
			       " bytes, but by the description it holds %" PRIu64,
			       c->name, e->file_offset, e[1].tar_offset - e->tar_offset, content_bytes);
	if (stored_bytes != 0 && e[1].file_offset - e->file_offset != stored_bytes)
		return err_set(err, ERR_DAMAGED,
			       "%s: offset %" PRIu64 ": the seek table says that a frame takes %" PRIu64
			       " bytes, but it must be %" PRIu64,
			       c->name, e->file_offset, e[1].file_offset - e->file_offset, stored_bytes);
	c->at++;
	return ERR_OK;
}

/* What a frame of a run takes in the file; 0 where that is the encoder's affair. */
static uint64_t stored_bytes(const struct run *run, uint64_t content_bytes)
{
	if (run->kind == RUN_SLOT)
		return SLOT_STORED_BYTES;
	return run->kind == RUN_RAW ? frame_raw_stored((uint32_t)content_bytes) : 0;
}

static enum err_code expect_run(struct check *c, const struct run *run, struct err *err)
{
	uint64_t frame = run_frame_bytes(run), at;
	enum err_code code = ERR_OK;

	for (at = run->begin; code == ERR_OK && at < run->end; at += frame) {
		uint64_t bytes = run->end - at < frame ? run->end - at : frame;

		code = expect(c, bytes, stored_bytes(run, bytes), err);
	}
	return code;
}

static enum err_code expect_front(const struct check *c, const struct head *h, struct err *err)
{
	uint64_t end = c->table->entries[c->at].file_offset;

	if (h->front_offset != HEAD_END || end - HEAD_END != h->front_bytes)
		return err_set(err, ERR_DAMAGED, "%s: offset %zu: the head and the seek table disagree", c->name,
			       HEAD_OFFSET);
	return ERR_OK;
}

enum err_code shape_check(const struct shape *s, const struct head *h, const struct seek_table *t, const char *name,
			  struct err *err)
{
	struct check c = { .table = t, .name = name };
	struct run run = { .kind = RUN_NONE };
	enum err_code code;

	if (t->len != s->frames)
		return err_set(err, ERR_DAMAGED, "%s: the seek table lists %zu frames, but there must be %zu", name,
			       t->len, s->frames);
	code = expect(&c, 0, FRAME_EMPTY_BYTES, err);
	if (code == ERR_OK)
		code = expect(&c, 0, HEAD_BYTES, err);
	while (code == ERR_OK && shape_next(s, &run)) {
		code = expect_run(&c, &run, err);
		if (code == ERR_OK && run.kind == RUN_FRONT)
			code = expect_front(&c, h, err);
	}
	if (code == ERR_OK)
		code = expect(&c, 0, shape_sums_bytes(s), err);
	return code == ERR_OK ? expect(&c, 0, places_bytes(s->blobs_len), err) : code;
}
