/* The part of writer.h that says how large the file will be, before a layer is there. */
#include "bundles/places.h"
#include "bundles/writing.h"

/* What a run of compressed frames takes at most. */
static uint64_t run_stored_max(const struct run *run)
{
	uint64_t frame = run_frame_bytes(run), bytes = run->end - run->begin;
	uint64_t last = bytes % frame;

	return bytes / frame * frame_stored_max((size_t)frame) + (last > 0 ? frame_stored_max((size_t)last) : 0);
}

/* The tar's end, which is the same whatever comes before it. */
static enum err_code tail_stored(struct bundle_writer *w, const struct run *run, uint64_t *ret_bytes, struct err *err)
{
	static const unsigned char zeros[TAR_BLOCK + TAR_END_BYTES] = { 0 };
	size_t stored = 0;
	enum err_code code =
		encoder_frame(&w->append.encoder, EFFORT_PACKED, zeros, (size_t)(run->end - run->begin), &stored, err);

	*ret_bytes = stored;
	return code;
}

enum err_code writer_size(struct bundle_writer *w, struct run run, struct err *err)
{
	const struct shape *s = &w->shape;
	uint64_t bytes = w->append.file_at, tail = 0;
	struct bundle_size size = { 0 };
	enum err_code code;

	for (; run.kind != RUN_TAIL; shape_next(s, &run))
		size.most_bytes += run_stored_max(&run);
	code = tail_stored(w, &run, &tail, err);
	bytes += tail + shape_sums_bytes(s) + places_bytes(s->blobs_len) + seek_bytes(s->frames);
	size.least_bytes = bytes;
	size.most_bytes += bytes;
	w->size = size;
	return code;
}

struct bundle_size bundle_writer_size(const struct bundle_writer *w)
{
	return w->size;
}
