/* The part of writing.h that appends frames. */
#include <stdlib.h>
#include <string.h>

#include "bundles/bytes.h"
#include "bundles/writing.h"
#include "common/mem.h"

enum err_code append_init(struct append *a, struct part *part, struct err *err)
{
	enum err_code code;

	*a = (struct append){ .part = part };
	code = seek_init(&a->seek, err);
	return code == ERR_OK ? encoder_init(&a->encoder, err) : code;
}

enum err_code append_place(struct append *a, const struct run *raw, struct err *err)
{
	uint64_t content_bytes = raw->end - raw->begin;

	a->file_at += frame_raw_run_stored(content_bytes);
	return seek_add_raw(&a->seek, content_bytes, err);
}

static enum err_code append_sum(struct append *a, uint32_t sum, struct err *err)
{
	enum err_code code =
		vec_grow(&a->sums, &a->sums_cap, a->sums_len + SUM_BYTES, 1, SEEK_FRAMES_MAX * SUM_BYTES, err);

	if (code != ERR_OK)
		return code;
	put_le(a->sums + a->sums_len, SUM_BYTES, sum);
	a->sums_len += SUM_BYTES;
	return ERR_OK;
}

/* Encode what was gathered as one frame and write it. */
static enum err_code append_frame(struct append *a, struct err *err)
{
	size_t stored = 0, len = a->chunk_len;
	enum err_code code = encoder_frame(&a->encoder, a->effort, a->chunk, len, &stored, err);

	if (code == ERR_OK)
		code = part_write(a->part, a->encoder.out, stored, a->file_at, err);
	if (code == ERR_OK)
		code = append_sum(a, checksum_of(a->encoder.out, stored), err);
	if (code == ERR_OK)
		code = seek_add(&a->seek, stored, len, err);
	a->file_at += stored;
	a->chunk_len = 0;
	return code;
}

enum err_code append_room(struct append *a, size_t len, struct err *err)
{
	a->file_at += len;
	return seek_add(&a->seek, len, 0, err);
}

enum err_code append_plain(struct append *a, const void *bytes, size_t len, uint64_t tar_bytes, struct err *err)
{
	enum err_code code = part_write(a->part, bytes, len, a->file_at, err);

	a->file_at += len;
	return code == ERR_OK ? seek_add(&a->seek, len, tar_bytes, err) : code;
}

enum err_code append_begin(struct append *a, enum effort effort, uint64_t frame_bytes, struct err *err)
{
	a->effort = effort;
	a->frame_bytes = (size_t)frame_bytes;
	a->chunk_len = 0;
	if (a->chunk_cap >= a->frame_bytes)
		return ERR_OK;
	free(a->chunk);
	a->chunk_cap = 0;
	a->chunk = malloc(a->frame_bytes);
	if (a->chunk == NULL)
		return err_nomem(err);
	a->chunk_cap = a->frame_bytes;
	return ERR_OK;
}

enum err_code append_end(struct append *a, struct err *err)
{
	return a->chunk_len > 0 ? append_frame(a, err) : ERR_OK;
}

/* How much of len still fits into the frame under way. */
static size_t fitting(const struct append *a, size_t len)
{
	size_t room = a->frame_bytes - a->chunk_len;

	return len < room ? len : room;
}

static enum err_code chunk_grown(struct append *a, size_t len, struct err *err)
{
	a->chunk_len += len;
	return a->chunk_len == a->frame_bytes ? append_frame(a, err) : ERR_OK;
}

enum err_code append_bytes(struct append *a, const void *bytes, size_t len, struct err *err)
{
	const unsigned char *p = bytes;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && len > 0) {
		size_t part = fitting(a, len);

		memcpy(a->chunk + a->chunk_len, p, part);
		p += part;
		len -= part;
		code = chunk_grown(a, part, err);
	}
	return code;
}

enum err_code append_zeros(struct append *a, size_t len, struct err *err)
{
	static const unsigned char zeros[TAR_BLOCK] = { 0 };
	enum err_code code = ERR_OK;

	for (; code == ERR_OK && len > sizeof(zeros); len -= sizeof(zeros))
		code = append_bytes(a, zeros, sizeof(zeros), err);
	return code == ERR_OK ? append_bytes(a, zeros, len, err) : code;
}

enum err_code append_header(struct append *a, const struct member *m, struct err *err)
{
	unsigned char header[TAR_HEADER_MAX];

	return append_bytes(a, header, tar_header(m->name, m->size_bytes, header), err);
}

struct mark append_mark(const struct append *a)
{
	return (struct mark){ .file_at = a->file_at, .frames = a->seek.len, .sums_len = a->sums_len };
}

void append_return(struct append *a, const struct mark *mark)
{
	a->file_at = mark->file_at;
	a->sums_len = mark->sums_len;
	a->chunk_len = 0;
	seek_cut(&a->seek, mark->frames);
}

void append_release(struct append *a)
{
	encoder_release(&a->encoder);
	seek_release(&a->seek);
	free(a->sums);
	free(a->chunk);
	*a = (struct append){ 0 };
}
