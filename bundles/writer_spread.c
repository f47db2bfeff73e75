/* The part of writer.h that takes a raw layer in pieces. */
#include <assert.h>
#include <stdlib.h>

#include "bundles/writing.h"
#include "common/mem.h"

struct layer_spread {
	struct spread spread;
	struct bundle_writer *w; /* borrowed */
	size_t blob;
	bool *stands; /* owned: frames that an interrupted run left */
	bool arrived; /* a whole frame was written */
	struct frame_file file;
	struct raw_reader content;
	struct outstream proved; /* every byte is in its place already */
};

struct layer_piece {
	struct outstream out;
	struct bundle_writer *w; /* borrowed */
	struct raw_writer raw;
	uint64_t written_bytes;
};

static const struct description_blob *blob_of(const struct layer_spread *l)
{
	return &l->w->description.blobs[l->blob];
}

static struct layer_spread *ours(struct spread *s)
{
	return OUTER_OF(s, struct layer_spread, spread);
}

static bool layer_stands(struct spread *s, uint64_t at_bytes)
{
	return ours(s)->stands[at_bytes / FRAME_CONTENT_BYTES];
}

static enum err_code piece_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct layer_piece *p = OUTER_OF(out, struct layer_piece, out);

	enum err_code code = raw_writer_write(&p->raw, bytes, len, NULL, err);

	p->written_bytes += len;
	return code == ERR_OK ? writeback_add(p->w->writeback, len, err) : code;
}

static void writer_at(struct layer_spread *l, uint64_t from_bytes, struct raw_writer *raw)
{
	uint64_t file_at = l->w->places[l->blob] + frame_raw_run_stored(from_bytes);

	assert(from_bytes % FRAME_CONTENT_BYTES == 0);
	raw_writer_init(raw, l->w->part.fd, file_at, blob_of(l)->size_bytes - from_bytes, l->w->part.path);
}

static enum err_code layer_open(struct spread *s, uint64_t from_bytes, struct outstream **ret_out, struct err *err)
{
	struct layer_piece *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return err_nomem(err);
	p->out = (struct outstream){ .write = piece_write };
	p->w = ours(s)->w;
	writer_at(ours(s), from_bytes, &p->raw);
	*ret_out = &p->out;
	return ERR_OK;
}

static void layer_close(struct spread *s, struct outstream *out)
{
	struct layer_piece *p = OUTER_OF(out, struct layer_piece, out);

	bool whole = p->written_bytes >= FRAME_CONTENT_BYTES || (p->written_bytes > 0 && p->raw.left_bytes == 0);

	ours(s)->arrived = ours(s)->arrived || whole;
	free(p);
}

static enum err_code layer_proved(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	(void)out;
	(void)bytes;
	(void)len;
	(void)err;
	return ERR_OK;
}

static enum err_code layer_finish(struct outstream *out, struct err *err)
{
	struct layer_spread *l = OUTER_OF(out, struct layer_spread, proved);

	(void)err;
	l->w->done[l->blob] = true;
	return ERR_OK;
}

/* All of its bytes without a proof are the wrong ones, and nobody knows which: no frame of them is to check. */
static void spoil(const struct layer_spread *l)
{
	static const unsigned char nothing[FRAME_RAW_HEADER_BYTES] = { 0 };
	const struct bundle_writer *w = l->w;
	uint64_t at;

	for (at = 0; at < blob_of(l)->size_bytes; at += FRAME_CONTENT_BYTES)
		write_at(w->part.fd, nothing, sizeof(nothing), w->places[l->blob] + frame_raw_run_stored(at),
			 w->part.path, NULL);
}

static void layer_release(struct spread *s)
{
	struct layer_spread *l = ours(s);

	if (!l->w->done[l->blob] && l->content.left_bytes == 0)
		spoil(l);
	else if (l->arrived)
		l->w->has_layers = true;
	free(l->stands);
	free(l);
}

/* A frame of another leftover goes to its place here. */
static enum err_code move_frame(struct layer_spread *l, struct raw_reader *in, uint64_t at_bytes, struct err *err)
{
	unsigned char chunk[STREAM_CHUNK_BYTES];
	enum err_code code = ERR_OK;
	struct raw_writer raw;
	size_t len = 1;

	writer_at(l, at_bytes, &raw);
	while (code == ERR_OK && len > 0) {
		code = instream_read(&in->in, chunk, sizeof(chunk), &len, err);
		if (code == ERR_OK)
			code = raw_writer_write(&raw, chunk, len, NULL, err);
	}
	return code;
}

/* Look at every frame, wherever it may be. */
static enum err_code take_kept(struct layer_spread *l, struct err *err)
{
	struct kept_place own = writer_own_place(l->w, l->blob), old = writer_old_place(l->w, l->blob);
	uint64_t size_bytes = blob_of(l)->size_bytes, at;
	enum err_code code = ERR_OK;
	struct raw_reader r;

	if (own.file_at == 0 && old.file_at == 0)
		return ERR_OK;
	raw_reader_init(&r, &own.file, true);
	for (at = 0; code == ERR_OK && at < size_bytes; at += FRAME_CONTENT_BYTES) {
		bool *stands = &l->stands[at / FRAME_CONTENT_BYTES];

		*stands = kept_frame(&r, &own, size_bytes, at);
		if (*stands || !kept_frame(&r, &old, size_bytes, at))
			continue;
		code = move_frame(l, &r, at, err);
		*stands = l->arrived = code == ERR_OK;
	}
	return code;
}

enum err_code bundle_writer_spread(struct bundle_writer *w, uint32_t node, bool kept, struct spread **ret_spread,
				   struct err *err)
{
	struct layer_spread *l = calloc(1, sizeof(*l));
	enum err_code code = ERR_OK;

	if (l == NULL)
		return err_nomem(err);
	*l = (struct layer_spread){
		.spread = { .step_bytes = FRAME_CONTENT_BYTES,
			    .stands = layer_stands,
			    .open = layer_open,
			    .close = layer_close,
			    .content = &l->content.in,
			    .proved = &l->proved,
			    .release = layer_release },
		.w = w,
		.blob = writer_blob(w, node),
		.file = { .fd = w->part.fd, .name = w->part.path },
		.proved = { .write = layer_proved, .finish = layer_finish },
	};
	assert(!w->part.piped && blob_of(l)->stored == STORED_RAW && !w->done[l->blob]);
	raw_reader_init(&l->content, &l->file, false);
	raw_reader_aim_at(&l->content, w->places[l->blob], blob_of(l)->size_bytes);
	l->stands = calloc((size_t)(blob_of(l)->size_bytes / FRAME_CONTENT_BYTES) + 1, sizeof(*l->stands));
	if (l->stands == NULL)
		code = err_nomem(err);
	if (code == ERR_OK && kept)
		code = take_kept(l, err);
	if (code == ERR_OK)
		*ret_spread = &l->spread;
	else
		layer_release(&l->spread);
	return code;
}

bool bundle_writer_has_kept(const struct bundle_writer *w)
{
	return w->part.resumed || w->old.part.path != NULL;
}
