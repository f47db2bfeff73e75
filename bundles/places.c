#include "bundles/places.h"

#include <inttypes.h>
#include <stdbool.h>
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
#define WINDOW ((size_t)64) /* entries that are read at once */
#define GUESSES 4

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

/* A part of the table: entries from low up to high, and between which keys they lie. */
struct range {
	size_t low, high;
	uint64_t low_key, high_key; /* the first bytes of the keys before and behind */
};

static uint64_t key_of(const unsigned char *entry)
{
	uint64_t key = 0;
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key = key << 8 | entry[i];
	return key;
}

/* Digests are spread evenly, so a key tells about where it stands.  A table that somebody has made otherwise is halved
 * after some tries. */
static size_t guess(const struct range *r, uint64_t key, unsigned tries)
{
	size_t len = r->high - r->low;

	if (tries >= GUESSES || r->high_key <= r->low_key || key <= r->low_key)
		return r->low + len / 2;
	return r->low + (size_t)((double)(key - r->low_key) / (double)(r->high_key - r->low_key) * (double)len);
}

/* So many entries around the guess, inside the range. */
static size_t window_at(const struct range *r, size_t middle, size_t len)
{
	size_t first = middle > r->low + len / 2 ? middle - len / 2 : r->low;

	return first > r->high - len ? r->high - len : first;
}

/* Where in a window a key stands; len where it is not there. */
static size_t find_in(const unsigned char *window, size_t len, const unsigned char *key)
{
	size_t low = 0, high = len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = memcmp(window + mid * ENTRY_BYTES, key, KEY_BYTES);

		if (order == 0)
			return mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return len;
}

/* What a window that does not reach to the key leaves of the range; false where it does. */
static bool narrow(struct range *r, const unsigned char *window, size_t first, size_t len, const unsigned char *key)
{
	const unsigned char *last = window + (len - 1) * ENTRY_BYTES;

	if (memcmp(key, window, KEY_BYTES) < 0) {
		r->high = first;
		r->high_key = key_of(window);
		return true;
	}
	if (memcmp(key, last, KEY_BYTES) > 0) {
		r->low = first + len;
		r->low_key = key_of(last);
		return true;
	}
	return false;
}

enum err_code places_find(const struct places *p, const struct digest *digest, struct place *ret_place, struct err *err)
{
	unsigned char key[KEY_BYTES], window[WINDOW * ENTRY_BYTES];
	struct range r = { .high = p->len, .high_key = UINT64_MAX };
	unsigned tries = 0;

	put_key(digest, key);
	while (r.low < r.high) {
		size_t len = r.high - r.low < WINDOW ? r.high - r.low : WINDOW, at;
		size_t first = window_at(&r, guess(&r, key_of(key), tries++), len);
		enum err_code code = read_at(p->file->fd, window, len * ENTRY_BYTES, p->offset + first * ENTRY_BYTES,
					     p->file->name, err);

		if (code != ERR_OK)
			return code;
		if (narrow(&r, window, first, len, key))
			continue;
		at = find_in(window, len, key);
		if (at < len)
			return read_place(p, first + at, window + at * ENTRY_BYTES, ret_place, err);
		break;
	}
	*ret_place = (struct place){ .stored = STORED_ABSENT };
	return ERR_OK;
}
