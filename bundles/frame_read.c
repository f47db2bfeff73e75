#include "bundles/frame_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "bundles/bytes.h"
#include "bundles/frame.h"
#include "bundles/pass.h"
#include "common/mem.h"

#define CODED_BYTES (64 * KIB)
#define SUM_FIELD 4

enum err_code frame_file_read(const struct frame_file *file, void *bytes, size_t len, uint64_t offset, struct err *err)
{
	if (file->pass != NULL)
		return pass_read(file->pass, bytes, len, offset, err);
	return read_at(file->fd, bytes, len, offset, file->name, err);
}

static uint64_t frame_offset(const struct zstd_reader *r)
{
	return r->file->seek->entries[r->frame].file_offset;
}

static enum err_code damaged(const struct zstd_reader *r, const char *why, struct err *err)
{
	return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": damaged frame: %s", r->file->name, frame_offset(r),
		       why);
}

static enum err_code begin_frame(struct zstd_reader *r, struct err *err)
{
	const struct seek_entry *e;
	enum err_code code = r->file->pass != NULL ? pass_reach_frame(r->file->pass, r->frame, err) : ERR_OK;

	if (code != ERR_OK)
		return code;
	e = &r->file->seek->entries[r->frame];
	/* blocks of nothing could go on for 4 GiB, frame after frame, in a file that is all holes */
	if (e[1].file_offset - e->file_offset > ZSTD_compressBound((size_t)(e[1].tar_offset - e->tar_offset)))
		return damaged(r, "it takes more room than its content can need", err);
	ZSTD_DCtx_reset(r->context, ZSTD_reset_session_only);
	checksum_reset(&r->sum);
	r->file_at = e->file_offset;
	r->file_end = e[1].file_offset;
	r->content_left = e[1].tar_offset - e->tar_offset;
	r->tar_at = e->tar_offset;
	r->coded_at = r->coded_len = 0;
	r->in_frame = true;
	return ERR_OK;
}

/* The frame has decoded to its end: everything it has must be used up. */
static enum err_code end_frame(struct zstd_reader *r, struct err *err)
{
	if (r->content_left > 0)
		return damaged(r, "it holds less than the seek table says", err);
	if (r->coded_at < r->coded_len || r->file_at < r->file_end)
		return damaged(r, "it is shorter than the seek table says", err);
	if (r->sums != NULL) {
		if (get_le(r->sums, SUM_FIELD) != checksum_value(&r->sum))
			return damaged(r, "its stored bytes are not what they were", err);
		r->sums += SUM_FIELD;
	}
	r->in_frame = false;
	r->frame++;
	return ERR_OK;
}

static enum err_code fill(struct zstd_reader *r, struct err *err)
{
	uint64_t left = r->file_end - r->file_at;
	size_t len = (size_t)(left < CODED_BYTES ? left : CODED_BYTES);
	enum err_code code;

	if (r->coded_at < r->coded_len || len == 0)
		return ERR_OK;
	code = frame_file_read(r->file, r->coded, len, r->file_at, err);
	if (code != ERR_OK)
		return code;
	if (r->file_at == frame_offset(r) && !frame_begins(r->coded, len, (size_t)r->content_left))
		return damaged(r, "it does not begin as a frame of this size must", err);
	checksum_add(&r->sum, r->coded, len);
	r->file_at += len;
	r->coded_at = 0;
	r->coded_len = len;
	return ERR_OK;
}

/* How much the decoder may give now: no more than is wanted, so that a later aim can go on from there. */
static size_t decode_room(const struct zstd_reader *r, size_t cap)
{
	uint64_t room = r->skip_bytes + r->left_bytes;

	room = room < r->content_left ? room : r->content_left;
	return room < cap ? (size_t)room : cap;
}

/* One step of the decoder: up to cap bytes of content, perhaps none. */
static enum err_code decode(struct zstd_reader *r, unsigned char *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	ZSTD_outBuffer out = { .dst = bytes, .size = decode_room(r, cap) };
	enum err_code code = fill(r, err);
	ZSTD_inBuffer in;
	size_t more;

	if (code != ERR_OK)
		return code;
	in = (ZSTD_inBuffer){ .src = r->coded, .size = r->coded_len, .pos = r->coded_at };
	more = ZSTD_decompressStream(r->context, &out, &in);
	if (ZSTD_isError(more))
		return damaged(r, ZSTD_getErrorName(more), err);
	if (more != 0 && in.pos == r->coded_at && out.pos == 0)
		return damaged(r,
			       r->content_left == 0 ? "it holds more than the seek table says"
						    : "it is longer than the seek table says",
			       err);
	r->coded_at = in.pos;
	r->content_left -= out.pos;
	r->tar_at += out.pos;
	*ret_len = out.pos;
	return more == 0 ? end_frame(r, err) : ERR_OK;
}

/* Drop what stands before the first byte that is wanted. */
static size_t trim(struct zstd_reader *r, unsigned char *bytes, size_t len)
{
	size_t skip = (size_t)(r->skip_bytes < len ? r->skip_bytes : len);

	r->skip_bytes -= skip;
	len -= skip;
	r->left_bytes -= len;
	if (skip > 0 && len > 0)
		memmove(bytes, bytes + skip, len);
	return len;
}

static enum err_code zstd_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct zstd_reader *r = OUTER_OF(in, struct zstd_reader, in);
	size_t len = 0;

	while (len == 0 && (r->left_bytes > 0 || (r->in_frame && r->content_left == 0))) {
		enum err_code code = r->in_frame ? ERR_OK : begin_frame(r, err);

		if (code == ERR_OK)
			code = decode(r, bytes, cap, &len, err);
		if (code != ERR_OK) {
			r->in_frame = false;
			return code;
		}
		len = trim(r, bytes, len);
	}
	*ret_len = len;
	return ERR_OK;
}

enum err_code zstd_reader_init(struct zstd_reader *r, const struct frame_file *file, struct err *err)
{
	enum err_code code = ERR_OK;

	*r = (struct zstd_reader){ .in = { .read = zstd_read }, .file = file };
	r->context = ZSTD_createDCtx();
	r->coded = malloc(CODED_BYTES);
	if (r->context == NULL || r->coded == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(r->context, ZSTD_d_windowLogMax, FRAME_WINDOW_LOG_MAX)))
		code = err_nomem(err);
	if (code != ERR_OK)
		zstd_reader_release(r);
	return code;
}

void zstd_reader_aim(struct zstd_reader *r, uint64_t begin, uint64_t end, const unsigned char *sums)
{
	r->left_bytes = end - begin;
	r->sums = sums;
	r->skip_bytes = 0;
	if (begin == end)
		return;
	if (r->in_frame && begin >= r->tar_at && begin - r->tar_at < r->content_left) {
		r->skip_bytes = begin - r->tar_at;
		return;
	}
	r->in_frame = false;
	r->frame = seek_find(r->file->seek, begin);
	r->skip_bytes = begin - r->file->seek->entries[r->frame].tar_offset;
}

void zstd_reader_release(struct zstd_reader *r)
{
	ZSTD_freeDCtx(r->context);
	free(r->coded);
	*r = (struct zstd_reader){ 0 };
}
