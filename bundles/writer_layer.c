/* The part of writer.h that gives out the streams of layers. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "bundles/writing.h"
#include "common/mem.h"

struct layer {
	struct outstream out;
	struct bundle_writer *w; /* borrowed */
	size_t blob;
	uint64_t left_bytes;
	/* of a raw layer */
	struct raw_writer raw;
	struct kept kept;
	uint64_t passed_bytes; /* first bytes that stand where they belong */
	/* of a zstd layer */
	struct mark begin;
};

static const struct description_blob *blob_of(const struct layer *l)
{
	return &l->w->description.blobs[l->blob];
}

static enum err_code check_ended(const struct layer *l, struct err *err)
{
	if (l->left_bytes > 0)
		return err_set(err, ERR_SIZE, "%s: the content ends %" PRIu64 " bytes early", blob_of(l)->digest.text,
			       l->left_bytes);
	return ERR_OK;
}

static enum err_code check_room(struct layer *l, size_t len, struct err *err)
{
	if (len > l->left_bytes)
		return err_set(err, ERR_SIZE, "%s: more bytes than its declared size", blob_of(l)->digest.text);
	l->left_bytes -= len;
	return ERR_OK;
}

/* What stands where it belongs is only proved. */
static enum err_code raw_write_proved(struct outstream *out, const void *bytes, size_t len, struct digest_stream *proof,
				      struct err *err)
{
	struct layer *l = OUTER_OF(out, struct layer, out);
	uint64_t pass = kept_adopted(&l->kept) - l->passed_bytes;
	enum err_code code = check_room(l, len, err);

	pass = pass < len ? pass : len;
	if (code == ERR_OK && pass > 0 && proof != NULL)
		code = digest_stream_update(proof, bytes, (size_t)pass, err);
	if (code != ERR_OK)
		return code;
	l->passed_bytes += pass;
	if (pass == len)
		return ERR_OK;
	if (l->raw.left_bytes == blob_of(l)->size_bytes)
		raw_writer_pass(&l->raw, l->passed_bytes);
	code = raw_writer_write(&l->raw, (const char *)bytes + pass, len - (size_t)pass, proof, err);
	return code == ERR_OK ? writeback_add(l->w->writeback, len - (size_t)pass, err) : code;
}

static enum err_code raw_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	return raw_write_proved(out, bytes, len, NULL, err);
}

static enum err_code raw_finish(struct outstream *out, struct err *err)
{
	struct layer *l = OUTER_OF(out, struct layer, out);
	enum err_code code = check_ended(l, err);

	if (code == ERR_OK && l->w->part.piped) {
		l->w->part.flowed_bytes = l->w->append.file_at;
		l->w->next++;
	}
	if (code == ERR_OK)
		l->w->done[l->blob] = true;
	return code;
}

static enum err_code zstd_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct layer *l = OUTER_OF(out, struct layer, out);
	enum err_code code = check_room(l, len, err);

	return code == ERR_OK ? append_bytes(&l->w->append, bytes, len, err) : code;
}

static enum err_code zstd_finish(struct outstream *out, struct err *err)
{
	struct layer *l = OUTER_OF(out, struct layer, out);
	enum err_code code = check_ended(l, err);

	if (code == ERR_OK)
		code = append_end(&l->w->append, err);
	if (code != ERR_OK)
		return code;
	l->w->done[l->blob] = true;
	l->w->next++;
	return ERR_OK;
}

enum err_code writer_glue(struct bundle_writer *w, const struct run *run, struct err *err)
{
	struct append *a = &w->append;
	struct member m = { 0 };
	enum err_code code;

	shape_blob(&w->shape, run->blob, &m);
	code = append_begin(a, run->kind == RUN_ZSTD ? EFFORT_LAYER : EFFORT_PACKED, run_frame_bytes(run), err);
	if (code == ERR_OK)
		code = append_zeros(a, (size_t)(m.content - tar_header_bytes(m.name, m.size_bytes) - run->begin), err);
	return code == ERR_OK ? append_header(a, &m, err) : code;
}

/* Into a pipe what stands between two layers goes when its turn has come, and the layer right behind it. */
static enum err_code begin_piped(struct layer *l, struct err *err)
{
	struct bundle_writer *w = l->w;
	struct run run = shape_layer(&w->shape, l->blob), glue = run;
	uint64_t at;
	enum err_code code;

	assert(l->blob == w->next);
	glue.kind = RUN_GLUE;
	glue.begin = l->blob == w->shape.layers_from ? w->shape.packed_end : shape_layer(&w->shape, l->blob - 1).end;
	code = writer_glue(w, &glue, err);
	if (code == ERR_OK)
		code = append_end(&w->append, err);
	at = w->append.file_at;
	if (code == ERR_OK)
		code = append_place(&w->append, &run, err);
	if (code == ERR_OK)
		raw_writer_init(&l->raw, w->part.pipe, at, l->left_bytes, w->part.path);
	l->raw.piped = true;
	return code;
}

static enum err_code begin_raw(struct layer *l, struct err *err)
{
	struct bundle_writer *w = l->w;

	l->out = (struct outstream){ .write = raw_write, .finish = raw_finish, .write_proved = raw_write_proved };
	if (w->part.piped)
		return begin_piped(l, err);
	raw_writer_init(&l->raw, w->part.fd, w->places[l->blob], l->left_bytes, w->part.path);
	return ERR_OK;
}

static struct instream *begin_kept(struct layer *l)
{
	struct kept_place own = writer_own_place(l->w, l->blob), old = writer_old_place(l->w, l->blob);

	if (l->w->part.piped || blob_of(l)->stored != STORED_RAW || (own.file_at == 0 && old.file_at == 0))
		return NULL;
	kept_init(&l->kept, &own, &old, l->left_bytes);
	return &l->kept.in;
}

static enum err_code begin_zstd(struct layer *l, struct err *err)
{
	struct run run = shape_layer(&l->w->shape, l->blob);

	assert(!l->w->zstd_open && l->blob == l->w->next);
	l->w->zstd_open = true;
	l->out = (struct outstream){ .write = zstd_write, .finish = zstd_finish };
	l->begin = append_mark(&l->w->append);
	return writer_glue(l->w, &run, err);
}

enum err_code bundle_writer_layer(struct bundle_writer *w, uint32_t node, struct outstream **ret_out,
				  struct instream **ret_kept, struct err *err)
{
	struct layer *l = calloc(1, sizeof(*l));
	enum err_code code;

	if (l == NULL)
		return err_nomem(err);
	*l = (struct layer){ .w = w, .blob = writer_blob(w, node) };
	assert(w->next >= w->shape.layers_from && l->blob < w->shape.blobs_len && !w->done[l->blob]);
	l->left_bytes = blob_of(l)->size_bytes;
	code = blob_of(l)->stored == STORED_ZSTD ? begin_zstd(l, err) : begin_raw(l, err);
	if (code != ERR_OK) {
		bundle_writer_layer_release(w, &l->out);
		return code;
	}
	if (ret_kept != NULL)
		*ret_kept = begin_kept(l);
	*ret_out = &l->out;
	return ERR_OK;
}

/* What is worth keeping of a raw layer?  All of its bytes without a proof are the wrong ones: nobody should go on with
 * them, so its first frame is made one that does not check. */
static void end_raw(struct layer *l)
{
	static const unsigned char nothing[FRAME_RAW_HEADER_BYTES] = { 0 };
	struct bundle_writer *w = l->w;
	uint64_t arrived = blob_of(l)->size_bytes - l->left_bytes;

	if (w->part.piped)
		; /* what has gone into a pipe is gone */
	else if (arrived > 0 && l->left_bytes == 0 && !w->done[l->blob])
		write_at(w->part.fd, nothing, sizeof(nothing), w->places[l->blob], w->part.path, NULL);
	else if (w->done[l->blob] ? arrived > 0 : arrived >= FRAME_CONTENT_BYTES)
		w->has_layers = true;
}

void bundle_writer_layer_release(struct bundle_writer *w, struct outstream *out)
{
	struct layer *l = OUTER_OF(out, struct layer, out);

	if (blob_of(l)->stored == STORED_ZSTD) {
		if (!w->done[l->blob] && !w->part.piped)
			append_return(&w->append, &l->begin);
		w->zstd_open = false;
	} else {
		end_raw(l);
	}
	free(l);
}
