#include "bundles/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "bundles/bytes.h"

#define FRAME_MAGIC 0xFD2FB528u
#define RAW_DESCRIPTOR 0xC4
#define BARE_DESCRIPTOR 0xC0
#define RAW_WINDOW 0x38

enum err_code encoder_init(struct encoder *e, struct err *err)
{
	*e = (struct encoder){ .context = ZSTD_createCCtx() };
	return e->context != NULL ? ERR_OK : err_nomem(err);
}

uint32_t encoder_version(void)
{
	return ZSTD_versionNumber();
}

static enum err_code encoder_room(struct encoder *e, size_t need, struct err *err)
{
	if (need <= e->out_cap)
		return ERR_OK;
	free(e->out);
	e->out_cap = 0;
	e->out = malloc(need);
	if (e->out == NULL)
		return err_nomem(err);
	e->out_cap = need;
	return ERR_OK;
}

/* Level and window belong to the format: another choice gives other bytes. */
static size_t encoder_set(struct encoder *e, enum effort effort)
{
	static const int levels[] = { [EFFORT_PACKED] = 9, [EFFORT_LAYER] = 3 };
	size_t bad = ZSTD_CCtx_reset(e->context, ZSTD_reset_session_and_parameters);

	if (!ZSTD_isError(bad))
		bad = ZSTD_CCtx_setParameter(e->context, ZSTD_c_compressionLevel, levels[effort]);
	if (!ZSTD_isError(bad) && effort == EFFORT_LAYER)
		bad = ZSTD_CCtx_setParameter(e->context, ZSTD_c_windowLog, FRAME_WINDOW_LOG_MAX);
	if (!ZSTD_isError(bad))
		bad = ZSTD_CCtx_setParameter(e->context, ZSTD_c_checksumFlag, 1);
	return bad;
}

enum err_code encoder_frame(struct encoder *e, enum effort effort, const void *bytes, size_t len, size_t *ret_stored,
			    struct err *err)
{
	enum err_code code = encoder_room(e, ZSTD_compressBound(len), err);
	size_t stored;

	assert(len <= FRAME_CONTENT_BYTES);
	if (code != ERR_OK)
		return code;
	stored = encoder_set(e, effort);
	if (!ZSTD_isError(stored))
		stored = ZSTD_compress2(e->context, e->out, e->out_cap, bytes, len);
	if (ZSTD_isError(stored))
		return err_set(err, ERR_NOMEM, "zstd: %s", ZSTD_getErrorName(stored));
	*ret_stored = stored;
	return ERR_OK;
}

void encoder_release(struct encoder *e)
{
	ZSTD_freeCCtx(e->context);
	free(e->out);
	*e = (struct encoder){ 0 };
}

void frame_skippable(unsigned char out[FRAME_SKIPPABLE_HEADER_BYTES], uint32_t magic, uint32_t content_bytes)
{
	put_le(out, 4, magic);
	put_le(out + 4, 4, content_bytes);
}

uint32_t frame_raw_stored(uint32_t content_bytes)
{
	uint32_t blocks = (uint32_t)((content_bytes + FRAME_RAW_BLOCK_BYTES - 1) / FRAME_RAW_BLOCK_BYTES);

	return FRAME_RAW_HEADER_BYTES + blocks * FRAME_BLOCK_HEADER_BYTES + content_bytes + FRAME_CHECKSUM_BYTES;
}

uint64_t frame_raw_at(uint64_t content_at, uint64_t content_bytes, uint64_t *ret_len)
{
	uint64_t in_frame = content_at % FRAME_CONTENT_BYTES, left = content_bytes - content_at;
	uint64_t in_block = FRAME_RAW_BLOCK_BYTES - in_frame % FRAME_RAW_BLOCK_BYTES;

	*ret_len = in_block < left ? in_block : left;
	return content_at / FRAME_CONTENT_BYTES * frame_raw_stored((uint32_t)FRAME_CONTENT_BYTES) +
	       FRAME_RAW_HEADER_BYTES + (in_frame / FRAME_RAW_BLOCK_BYTES + 1) * FRAME_BLOCK_HEADER_BYTES + in_frame;
}

uint64_t frame_raw_run_stored(uint64_t content_bytes)
{
	uint64_t whole = content_bytes / FRAME_CONTENT_BYTES;
	uint32_t rest = (uint32_t)(content_bytes % FRAME_CONTENT_BYTES);

	return whole * frame_raw_stored((uint32_t)FRAME_CONTENT_BYTES) + (rest > 0 ? frame_raw_stored(rest) : 0);
}

void frame_raw_header(unsigned char out[FRAME_RAW_HEADER_BYTES], uint64_t content_bytes)
{
	put_le(out, 4, FRAME_MAGIC);
	out[4] = RAW_DESCRIPTOR;
	out[5] = RAW_WINDOW;
	put_le(out + 6, 8, content_bytes);
}

void frame_bare_header(unsigned char out[FRAME_RAW_HEADER_BYTES], uint64_t content_bytes)
{
	frame_raw_header(out, content_bytes);
	out[4] = BARE_DESCRIPTOR;
}

void frame_block_header(unsigned char out[FRAME_BLOCK_HEADER_BYTES], uint32_t block_bytes, bool last)
{
	put_le(out, FRAME_BLOCK_HEADER_BYTES, (uint64_t)block_bytes << 3 | last);
}

/* RFC 8878, 3.1.1.1.1: a descriptor, a window unless there is one segment, a dictionary's name, the content's size. */
size_t frame_header_bytes(const unsigned char *frame)
{
	static const size_t dictionary[] = { 0, 1, 2, 4 };
	unsigned descriptor = frame[FRAME_DESCRIPTOR_END - 1], flag = descriptor >> 6;
	size_t single = descriptor >> 5 & 1, content = flag == 0 ? single : (size_t)1 << flag;

	return FRAME_DESCRIPTOR_END + (1 - single) + dictionary[descriptor & 3] + content;
}

bool frame_begins(const unsigned char *frame, size_t len, size_t content_bytes)
{
	return len >= FRAME_DESCRIPTOR_END && get_le(frame, 4) == FRAME_MAGIC &&
	       (frame[FRAME_DESCRIPTOR_END - 1] & 7) == 4 && ZSTD_getFrameContentSize(frame, len) == content_bytes;
}

size_t frame_stored_max(size_t content_bytes)
{
	return ZSTD_compressBound(content_bytes);
}

bool frame_is_raw(const unsigned char *frame, uint32_t content_bytes)
{
	unsigned char want[FRAME_RAW_HEADER_BYTES];
	uint32_t left = content_bytes;
	struct checksum sum;
	bool same;

	checksum_reset(&sum);
	frame_raw_header(want, content_bytes);
	same = memcmp(frame, want, FRAME_RAW_HEADER_BYTES) == 0;
	frame += FRAME_RAW_HEADER_BYTES;
	while (same && left > 0) {
		uint32_t block = left < FRAME_RAW_BLOCK_BYTES ? left : (uint32_t)FRAME_RAW_BLOCK_BYTES;

		frame_block_header(want, block, block == left);
		same = memcmp(frame, want, FRAME_BLOCK_HEADER_BYTES) == 0;
		checksum_add(&sum, frame + FRAME_BLOCK_HEADER_BYTES, block);
		frame += FRAME_BLOCK_HEADER_BYTES + block;
		left -= block;
	}
	return same && get_le(frame, FRAME_CHECKSUM_BYTES) == checksum_value(&sum);
}
