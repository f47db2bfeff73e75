#include "bundles/seek.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "bundles/bytes.h"
#include "bundles/frame.h"
#include "common/mem.h"

#define ENTRY_BYTES ((size_t)8)
#define FOOTER_BYTES ((size_t)9)
#define FOOTER_MAGIC 0x8F92EAB1u
#define BATCH 4096 /* entries encoded or read at once */

static struct seek_entry *end_of(const struct seek_table *t)
{
	return &t->entries[t->len];
}

static uint64_t table_bytes(size_t frames)
{
	return frames * ENTRY_BYTES + FOOTER_BYTES;
}

enum err_code seek_init(struct seek_table *t, struct err *err)
{
	*t = (struct seek_table){ 0 };
	return vec_grow(&t->entries, &t->cap, 1, sizeof(*t->entries), SEEK_FRAMES_MAX + 1, err);
}

enum err_code seek_add(struct seek_table *t, uint64_t stored_bytes, uint64_t decoded_bytes, struct err *err)
{
	enum err_code code;

	assert(stored_bytes <= UINT32_MAX && decoded_bytes <= UINT32_MAX);
	code = vec_grow(&t->entries, &t->cap, t->len + 2, sizeof(*t->entries), SEEK_FRAMES_MAX + 1, err);
	if (code != ERR_OK)
		return err_add(err, "frames of one bundle");
	t->entries[t->len + 1] = (struct seek_entry){
		.file_offset = end_of(t)->file_offset + stored_bytes,
		.tar_offset = end_of(t)->tar_offset + decoded_bytes,
	};
	t->len++;
	return ERR_OK;
}

enum err_code seek_add_raw(struct seek_table *t, uint64_t content_bytes, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && content_bytes > 0) {
		uint32_t content =
			(uint32_t)(content_bytes < FRAME_CONTENT_BYTES ? content_bytes : FRAME_CONTENT_BYTES);

		code = seek_add(t, frame_raw_stored(content), content, err);
		content_bytes -= content;
	}
	return code;
}

void seek_cut(struct seek_table *t, size_t len)
{
	assert(len <= t->len);
	t->len = len;
}

uint64_t seek_bytes(size_t frames)
{
	return FRAME_SKIPPABLE_HEADER_BYTES + table_bytes(frames);
}

enum err_code seek_write(const struct seek_table *t, struct outstream *out, struct err *err)
{
	unsigned char header[FRAME_SKIPPABLE_HEADER_BYTES], footer[FOOTER_BYTES], batch[BATCH * ENTRY_BYTES];
	enum err_code code;
	size_t i, used = 0;

	frame_skippable(header, SKIPPABLE_SEEK, (uint32_t)table_bytes(t->len));
	code = outstream_write(out, header, sizeof(header), err);
	for (i = 0; code == ERR_OK && i < t->len; i++) {
		const struct seek_entry *e = &t->entries[i];

		put_le(batch + used, 4, e[1].file_offset - e->file_offset);
		put_le(batch + used + 4, 4, e[1].tar_offset - e->tar_offset);
		used += ENTRY_BYTES;
		if (used == sizeof(batch) || i + 1 == t->len) {
			code = outstream_write(out, batch, used, err);
			used = 0;
		}
	}
	put_le(footer, 4, t->len);
	footer[4] = 0;
	put_le(footer + 5, 4, FOOTER_MAGIC);
	return code == ERR_OK ? outstream_write(out, footer, sizeof(footer), err) : code;
}

/* The count in the footer, once it is clear that a table of that size can be there. */
static enum err_code read_count(int fd, uint64_t file_bytes, const char *name, size_t *ret_count, struct err *err)
{
	unsigned char footer[FOOTER_BYTES];
	uint64_t count;
	enum err_code code;

	if (file_bytes < FRAME_SKIPPABLE_HEADER_BYTES + FOOTER_BYTES)
		return err_set(err, ERR_DAMAGED, "%s: the file ends at offset %" PRIu64 ", before its seek table", name,
			       file_bytes);
	code = read_at(fd, footer, sizeof(footer), file_bytes - FOOTER_BYTES, name, err);
	if (code != ERR_OK)
		return code;
	count = get_le(footer, 4);
	if (get_le(footer + 5, 4) != FOOTER_MAGIC || footer[4] != 0)
		return err_set(err, ERR_DAMAGED,
			       "%s: no seek table before the end at offset %" PRIu64
			       ": the file is cut short or something was added",
			       name, file_bytes);
	if (count > SEEK_FRAMES_MAX || count * ENTRY_BYTES > file_bytes - FRAME_SKIPPABLE_HEADER_BYTES - FOOTER_BYTES)
		return err_set(err, ERR_DAMAGED, "%s: the seek table at the end claims %" PRIu64 " frames", name,
			       count);
	*ret_count = (size_t)count;
	return ERR_OK;
}

static enum err_code read_header(int fd, uint64_t offset, size_t count, const char *name, struct err *err)
{
	unsigned char header[FRAME_SKIPPABLE_HEADER_BYTES];
	enum err_code code = read_at(fd, header, sizeof(header), offset, name, err);

	if (code != ERR_OK)
		return code;
	if (get_le(header, 4) != SKIPPABLE_SEEK || get_le(header + 4, 4) != count * ENTRY_BYTES + FOOTER_BYTES)
		return err_set(err, ERR_DAMAGED, "%s: the seek table should begin at offset %" PRIu64 ", but does not",
			       name, offset);
	return ERR_OK;
}

static enum err_code read_entries(int fd, uint64_t offset, size_t count, const char *name, struct seek_table *t,
				  struct err *err)
{
	unsigned char batch[BATCH * ENTRY_BYTES];
	enum err_code code = ERR_OK;
	size_t done = 0, i;

	while (code == ERR_OK && done < count) {
		size_t len = count - done < BATCH ? count - done : BATCH;

		code = read_at(fd, batch, len * ENTRY_BYTES, offset + done * ENTRY_BYTES, name, err);
		for (i = 0; code == ERR_OK && i < len; i++)
			code = seek_add(t, get_le(batch + i * ENTRY_BYTES, 4), get_le(batch + i * ENTRY_BYTES + 4, 4),
					err);
		done += len;
	}
	return code;
}

enum err_code seek_read(int fd, uint64_t file_bytes, const char *name, struct seek_table *ret_table, struct err *err)
{
	CLEANUP(seek_release) struct seek_table t = { 0 };
	uint64_t begin = 0;
	size_t count = 0;
	enum err_code code = read_count(fd, file_bytes, name, &count, err);

	if (code == ERR_OK) {
		begin = file_bytes - FOOTER_BYTES - count * ENTRY_BYTES - FRAME_SKIPPABLE_HEADER_BYTES;
		code = read_header(fd, begin, count, name, err);
	}
	if (code == ERR_OK)
		code = seek_init(&t, err);
	if (code == ERR_OK)
		code = read_entries(fd, begin + FRAME_SKIPPABLE_HEADER_BYTES, count, name, &t, err);
	if (code != ERR_OK)
		return code;
	if (end_of(&t)->file_offset != begin)
		return err_set(err, ERR_DAMAGED,
			       "%s: the seek table at offset %" PRIu64 " accounts for %" PRIu64 " bytes before it",
			       name, begin, end_of(&t)->file_offset);
	*ret_table = t;
	t = (struct seek_table){ 0 };
	return ERR_OK;
}

size_t seek_find(const struct seek_table *t, uint64_t tar_offset)
{
	size_t low = 0, high = t->len;

	assert(tar_offset < end_of(t)->tar_offset);
	while (high - low > 1) { /* the last frame that begins at or before the byte: those before it may be empty */
		size_t mid = low + (high - low) / 2;

		if (t->entries[mid].tar_offset <= tar_offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

void seek_release(struct seek_table *t)
{
	free(t->entries);
	*t = (struct seek_table){ 0 };
}
