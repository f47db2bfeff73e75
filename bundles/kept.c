#include "bundles/kept.h"

#include <string.h>

#include "bundles/bytes.h"
#include "bundles/frame.h"
#include "common/mem.h"

static uint64_t frame_at(const struct kept_place *p, uint64_t content_bytes)
{
	return p->file_at + frame_raw_run_stored(content_bytes);
}

static uint32_t frame_bytes(uint64_t size_bytes, uint64_t at_bytes)
{
	uint64_t left = size_bytes - at_bytes;

	return (uint32_t)(left < FRAME_CONTENT_BYTES ? left : FRAME_CONTENT_BYTES);
}

/* Every header as it must be, and the checksum right: this frame was written to its end. */
bool kept_frame(struct raw_reader *r, const struct kept_place *p, uint64_t size_bytes, uint64_t at_bytes)
{
	uint32_t len = frame_bytes(size_bytes, at_bytes);
	unsigned char chunk[STREAM_CHUNK_BYTES];
	size_t some = 1;
	enum err_code code = ERR_OK;

	if (p->file_at == 0)
		return false;
	r->file = &p->file;
	raw_reader_aim_at(r, frame_at(p, at_bytes), len);
	while (code == ERR_OK && some > 0)
		code = instream_read(&r->in, chunk, sizeof(chunk), &some, NULL);
	raw_reader_aim_at(r, frame_at(p, at_bytes), len);
	return code == ERR_OK;
}

/* Aim at the next frame's content, wherever it stands.  Once a frame is not where it belongs, those behind it would
 * not join what is written in front of them. */
static bool next_frame(struct kept *k)
{
	uint32_t len = frame_bytes(k->size_bytes, k->at_bytes);

	for (; len > 0 && k->place < COUNT_OF(k->places); k->place++) {
		const struct kept_place *p = &k->places[k->place];

		if (!kept_frame(&k->reader, p, k->size_bytes, k->at_bytes))
			continue;
		k->frame_left = len;
		return true;
	}
	return false;
}

static enum err_code kept_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct kept *k = OUTER_OF(in, struct kept, in);
	enum err_code code;

	*ret_len = 0;
	if (k->frame_left == 0 && !next_frame(k))
		return ERR_OK;
	code = instream_read(&k->reader.in, bytes, cap, ret_len, err);
	if (code != ERR_OK)
		return code;
	k->frame_left -= *ret_len;
	k->at_bytes += *ret_len;
	if (k->place == 0)
		atomic_store(&k->adopted_bytes, k->at_bytes);
	return ERR_OK;
}

void kept_init(struct kept *k, const struct kept_place *own, const struct kept_place *other, uint64_t size_bytes)
{
	*k = (struct kept){ .in = { .read = kept_read }, .places = { *own, *other }, .size_bytes = size_bytes };
	raw_reader_init(&k->reader, &k->places[0].file, true);
}

uint64_t kept_adopted(const struct kept *k)
{
	return atomic_load(&k->adopted_bytes);
}

/* The checksum is the last that is written of a frame; where it was not, the file has zeros there, or nothing. */
static bool seems_whole(const struct kept_place *p, uint64_t at_bytes, uint32_t len)
{
	static const unsigned char zeros[FRAME_CHECKSUM_BYTES] = { 0 };
	unsigned char want[FRAME_RAW_HEADER_BYTES], got[FRAME_RAW_HEADER_BYTES], sum[FRAME_CHECKSUM_BYTES];
	uint64_t at = frame_at(p, at_bytes), end = at + frame_raw_stored(len);

	frame_raw_header(want, len);
	return read_at(p->file.fd, got, sizeof(got), at, "", NULL) == ERR_OK && memcmp(got, want, sizeof(got)) == 0 &&
	       read_at(p->file.fd, sum, sizeof(sum), end - sizeof(sum), "", NULL) == ERR_OK &&
	       memcmp(sum, zeros, sizeof(sum)) != 0;
}

uint64_t kept_seems(const struct kept_place *p, uint64_t size_bytes)
{
	uint64_t at_bytes = 0, bytes = 0;
	uint32_t len;

	if (p->file_at == 0)
		return 0;
	for (; at_bytes < size_bytes; at_bytes += len) {
		len = frame_bytes(size_bytes, at_bytes);
		if (seems_whole(p, at_bytes, len))
			bytes += len;
		else if (size_bytes < KEPT_SPREAD_BYTES)
			break;
	}
	return bytes;
}
