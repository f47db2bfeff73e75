#include "bundles/places.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/bytes.h"
#include "bundles/frame.h"
#include "bundles/frame_read.h"
#include "bundles/shape.h"
#include "common/mem.h"

#define MAGIC "places of bundle"
#define MAGIC_BYTES ((size_t)16)
#define BEFORE_ENTRIES (FRAME_SKIPPABLE_HEADER_BYTES + MAGIC_BYTES)
#define KEY_BYTES ((size_t)32)
#define OFFSET_AT KEY_BYTES
#define SIZE_AT (OFFSET_AT + 8)
#define STORED_AT (SIZE_AT + 7)
#define ENTRY_BYTES (STORED_AT + 1)

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void put_key(const struct digest *digest, unsigned char out[KEY_BYTES])
{
	const char *hex = digest_hex(digest);
	size_t i;

	for (i = 0; i < KEY_BYTES; i++)
		out[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, ENTRY_BYTES);
}

size_t places_bytes(size_t blobs)
{
	return BEFORE_ENTRIES + blobs * ENTRY_BYTES;
}

static void put_header(size_t blobs, unsigned char out[BEFORE_ENTRIES])
{
	frame_skippable(out, SKIPPABLE_PLACES, (uint32_t)(MAGIC_BYTES + blobs * ENTRY_BYTES));
	memcpy(out + FRAME_SKIPPABLE_HEADER_BYTES, MAGIC, MAGIC_BYTES);
}

enum err_code places_make(const struct shape *s, unsigned char **ret_frame, struct err *err)
{
	unsigned char *frame = malloc(places_bytes(s->blobs_len));
	size_t i;

	if (frame == NULL)
		return err_nomem(err);
	put_header(s->blobs_len, frame);
	for (i = 0; i < s->blobs_len; i++) {
		const struct description_blob *b = &s->description->blobs[i];
		unsigned char *entry = frame + BEFORE_ENTRIES + i * ENTRY_BYTES;

		put_key(&b->digest, entry);
		put_le(entry + OFFSET_AT, 8, s->contents[i]);
		put_le(entry + SIZE_AT, 7, b->size_bytes);
		entry[STORED_AT] = (unsigned char)b->stored;
	}
	qsort(frame + BEFORE_ENTRIES, s->blobs_len, ENTRY_BYTES, compare);
	*ret_frame = frame;
	return ERR_OK;
}

enum err_code places_open(struct places *p, const struct frame_file *file, struct err *err)
{
	const struct seek_table *t = file->seek;
	unsigned char header[BEFORE_ENTRIES], want[BEFORE_ENTRIES];
	uint64_t begin, bytes;
	enum err_code code;

	if (t->len < FRAMES_BEFORE + FRAMES_AFTER)
		return err_set(err, ERR_DAMAGED, "%s: no table of places", file->name);
	begin = t->entries[t->len - 1].file_offset;
	bytes = t->entries[t->len].file_offset - begin;
	*p = (struct places){ .file = file, .offset = begin + BEFORE_ENTRIES };
	if (bytes >= BEFORE_ENTRIES)
		p->len = (size_t)((bytes - BEFORE_ENTRIES) / ENTRY_BYTES);
	if (places_bytes(p->len) != bytes)
		return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": a table of places of %" PRIu64 " bytes",
			       file->name, begin, bytes);
	code = read_at(file->fd, header, sizeof(header), begin, file->name, err);
	put_header(p->len, want);
	if (code == ERR_OK && memcmp(header, want, sizeof(want)) != 0)
		code = err_set(err, ERR_DAMAGED,
			       "%s: offset %" PRIu64 ": the table of places does not begin as it must", file->name,
			       begin);
	return code;
}

static enum err_code read_place(const struct places *p, size_t at, const unsigned char *entry, struct place *ret_place,
				struct err *err)
{
	const struct seek_table *t = p->file->seek;
	uint64_t tar_end = t->entries[t->len].tar_offset;
	struct place place = {
		.content = get_le(entry + OFFSET_AT, 8),
		.size_bytes = get_le(entry + SIZE_AT, 7),
		.stored = (enum stored)entry[STORED_AT],
	};

	if (!stored_is_here(place.stored) || place.content < TAR_BLOCK || place.content >= tar_end ||
	    place.size_bytes > tar_end - place.content)
		return err_set(err, ERR_DAMAGED,
			       "%s: offset %" PRIu64 ": the table of places names a place that is none", p->file->name,
			       p->offset + at * ENTRY_BYTES);
	*ret_place = place;
	return ERR_OK;
}

enum err_code places_find(const struct places *p, const struct digest *digest, struct place *ret_place, struct err *err)
{
	unsigned char key[KEY_BYTES], entry[ENTRY_BYTES];
	size_t low = 0, high = p->len;

	put_key(digest, key);
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		enum err_code code =
			read_at(p->file->fd, entry, sizeof(entry), p->offset + mid * ENTRY_BYTES, p->file->name, err);
		int order;

		if (code != ERR_OK)
			return code;
		order = memcmp(entry, key, KEY_BYTES);
		if (order == 0)
			return read_place(p, mid, entry, ret_place, err);
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_place = (struct place){ .stored = STORED_ABSENT };
	return ERR_OK;
}
