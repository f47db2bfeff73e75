#include "bundles/shape.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/frame.h"
#include "common/mem.h"

#define TAR_LIMIT ((uint64_t)1 << 56)

static uint64_t member_end(const struct member *m)
{
	return m->content + m->size_bytes + tar_padding_bytes(m->size_bytes);
}

void shape_front(uint64_t index_bytes, uint64_t description_bytes, uint64_t *ret_content, uint64_t *ret_end)
{
	uint64_t layout_bytes = strlen(LAYOUT_TEXT);
	uint64_t at = tar_header_bytes(LAYOUT_NAME, layout_bytes) + layout_bytes + tar_padding_bytes(layout_bytes);

	at += tar_header_bytes(INDEX_NAME, index_bytes) + index_bytes + tar_padding_bytes(index_bytes);
	*ret_content = at + tar_header_bytes(DESCRIPTION_NAME, description_bytes);
	*ret_end = *ret_content + description_bytes + tar_padding_bytes(description_bytes);
}

static void front_member(const struct shape *s, size_t place, struct member *m)
{
	const struct description *d = s->description;
	uint64_t end;

	if (place == 0) {
		strcpy(m->name, LAYOUT_NAME);
		m->digest = d->layout.digest;
		m->size_bytes = d->layout.size_bytes;
		m->content = tar_header_bytes(m->name, m->size_bytes);
	} else if (place == 1) {
		strcpy(m->name, INDEX_NAME);
		m->digest = d->index.digest;
		m->size_bytes = d->index.size_bytes;
		m->content = tar_header_bytes(LAYOUT_NAME, d->layout.size_bytes) + d->layout.size_bytes +
			     tar_padding_bytes(d->layout.size_bytes) + tar_header_bytes(m->name, m->size_bytes);
	} else {
		strcpy(m->name, DESCRIPTION_NAME);
		m->digest = s->description_digest;
		m->size_bytes = s->description_bytes;
		shape_front(d->index.size_bytes, s->description_bytes, &m->content, &end);
	}
}

static void slot_member(const struct shape *s, size_t slot, struct member *m)
{
	*m = (struct member){ .size_bytes = SLOT_BYTES };
	slot_name(slot, m->name);
	m->content = s->front_end + slot * SLOT_TAR_BYTES + TAR_BLOCK;
}

void member_name(const struct digest *digest, char out[TAR_NAME_MAX + 1])
{
	snprintf(out, TAR_NAME_MAX + 1, "blobs/%s/%s", digest_algorithm(digest), digest_hex(digest));
}

static void shard_member(const struct shape *s, size_t shard, struct member *m)
{
	const struct description *d = s->description;
	uint64_t at = s->slots_end;
	size_t i;

	for (i = 0; i <= shard; i++) {
		shard_name(i, m->name);
		m->size_bytes = d->shards[i].size_bytes;
		m->content = at + tar_header_bytes(m->name, m->size_bytes);
		at = member_end(m);
	}
	m->digest = d->shards[shard].digest;
}

void shape_blob(const struct shape *s, size_t blob, struct member *ret_member)
{
	const struct description_blob *b = &s->description->blobs[blob];

	member_name(&b->digest, ret_member->name);
	ret_member->digest = b->digest;
	ret_member->size_bytes = b->size_bytes;
	ret_member->content = s->contents[blob];
}

bool shape_member(const struct shape *s, size_t place, struct member *ret_member)
{
	size_t shards = s->description->shards_len;

	if (place < FRONT_MEMBERS)
		front_member(s, place, ret_member);
	else if (place < FIRST_SHARD_MEMBER)
		slot_member(s, place - FRONT_MEMBERS, ret_member);
	else if (place - FIRST_SHARD_MEMBER < shards)
		shard_member(s, place - FIRST_SHARD_MEMBER, ret_member);
	else if (place - FIRST_SHARD_MEMBER - shards < s->blobs_len)
		shape_blob(s, place - FIRST_SHARD_MEMBER - shards, ret_member);
	else
		return false;
	return true;
}

static uint64_t content_end(const struct shape *s, size_t blob)
{
	return s->contents[blob] + s->description->blobs[blob].size_bytes;
}

uint64_t run_frame_bytes(const struct run *r)
{
	return r->kind == RUN_RAW || r->kind == RUN_ZSTD ? FRAME_CONTENT_BYTES : FRAME_PACKED_BYTES;
}

size_t run_frames(const struct run *r)
{
	uint64_t frame = run_frame_bytes(r);

	return (size_t)((r->end - r->begin + frame - 1) / frame);
}

struct run shape_layer(const struct shape *s, size_t blob)
{
	struct run run = { .kind = RUN_RAW, .begin = s->contents[blob], .end = content_end(s, blob), .blob = blob };

	assert(blob >= s->layers_from && blob < s->blobs_len);
	if (s->description->blobs[blob].stored == STORED_ZSTD) {
		run.kind = RUN_ZSTD;
		run.begin = blob == s->layers_from ? s->packed_end : content_end(s, blob - 1);
	}
	return run;
}

uint64_t shape_slot_offset(const struct shape *s, const struct seek_table *t, size_t slot)
{
	return t->entries[seek_find(t, s->front_end + slot * SLOT_TAR_BYTES)].file_offset;
}

/* The first run of a layer, or the tail after the last one. */
static struct run layer_begin(const struct shape *s, size_t blob, uint64_t begin)
{
	if (blob == s->blobs_len)
		return (struct run){ .kind = RUN_TAIL, .begin = begin, .end = s->tar_end };
	if (s->description->blobs[blob].stored == STORED_ZSTD)
		return shape_layer(s, blob);
	return (struct run){ .kind = RUN_GLUE, .begin = begin, .end = s->contents[blob], .blob = blob };
}

static struct run after_slots(const struct shape *s)
{
	if (s->shards_end > s->slots_end)
		return (struct run){ .kind = RUN_SHARDS, .begin = s->slots_end, .end = s->shards_end };
	return (struct run){ .kind = RUN_PACKED, .begin = s->slots_end, .end = s->packed_end };
}

static struct run slot_run(uint64_t begin)
{
	return (struct run){ .kind = RUN_SLOT, .begin = begin, .end = begin + SLOT_TAR_BYTES };
}

bool shape_next(const struct shape *s, struct run *run)
{
	switch (run->kind) {
	case RUN_NONE:
		*run = (struct run){ .kind = RUN_FRONT, .end = s->front_end };
		return true;
	case RUN_FRONT:
		*run = slot_run(s->front_end);
		return true;
	case RUN_SLOT:
		*run = run->end < s->slots_end ? slot_run(run->end) : after_slots(s);
		return true;
	case RUN_SHARDS:
		*run = (struct run){ .kind = RUN_PACKED, .begin = run->end, .end = s->packed_end };
		return true;
	case RUN_PACKED:
		*run = layer_begin(s, s->layers_from, s->packed_end);
		return true;
	case RUN_GLUE:
		*run = shape_layer(s, run->blob);
		return true;
	case RUN_RAW:
	case RUN_ZSTD:
		*run = layer_begin(s, run->blob + 1, run->end);
		return true;
	case RUN_TAIL:
		break;
	}
	return false;
}

/* Give every blob its place.  Fails where sizes add up to more than any file holds. */
static enum err_code place_blobs(struct shape *s, struct err *err)
{
	const struct description *d = s->description;
	uint64_t at = s->shards_end;
	size_t i;

	s->packed_end = at;
	for (i = 0; i < s->blobs_len; i++) {
		const struct description_blob *b = &d->blobs[i];
		struct member m = { .size_bytes = b->size_bytes };

		member_name(&b->digest, m.name);
		m.content = s->contents[i] = at + tar_header_bytes(m.name, b->size_bytes);
		if (b->size_bytes > TAR_LIMIT || member_end(&m) > TAR_LIMIT)
			return err_set(err, ERR_LIMIT, "%s of %" PRIu64 " bytes: more than one bundle can hold",
				       b->digest.text, b->size_bytes);
		at = member_end(&m);
		if (b->stored == STORED_PACKED) {
			s->packed_end = at;
			s->layers_from = i + 1;
		}
	}
	s->tar_end = at + TAR_END_BYTES;
	return ERR_OK;
}

static enum err_code count_frames(struct shape *s, struct err *err)
{
	struct run run = { .kind = RUN_NONE };

	s->frames = FRAMES_BEFORE + FRAMES_AFTER;
	while (shape_next(s, &run)) {
		size_t frames = run_frames(&run);

		if (frames > SEEK_FRAMES_MAX || s->frames + frames > SEEK_FRAMES_MAX)
			return err_set(err, ERR_LIMIT, "more than %zu frames in one bundle: divide the images",
				       SEEK_FRAMES_MAX);
		s->frames += frames;
		s->sums += run.kind == RUN_RAW || run.kind == RUN_SLOT ? 0 : frames;
	}
	return ERR_OK;
}

enum err_code shape_init(struct shape *s, const struct description *d, const struct digest *digest,
			 uint64_t description_bytes, struct err *err)
{
	struct shape made = { .description = d, .description_digest = *digest, .description_bytes = description_bytes };
	uint64_t content;
	enum err_code code;

	while (made.blobs_len < d->blobs_len && stored_is_here(d->blobs[made.blobs_len].stored))
		made.blobs_len++;
	made.contents = calloc(made.blobs_len + 1, sizeof(*made.contents));
	if (made.contents == NULL)
		return err_nomem(err);
	shape_front(d->index.size_bytes, description_bytes, &content, &made.front_end);
	made.slots_end = made.front_end + SLOT_COUNT * SLOT_TAR_BYTES;
	made.shards_end = made.slots_end;
	if (d->shards_len > 0) {
		struct member last;

		shard_member(&made, d->shards_len - 1, &last);
		made.shards_end = member_end(&last);
	}
	code = place_blobs(&made, err);
	if (code == ERR_OK)
		code = count_frames(&made, err);
	if (code == ERR_OK)
		*s = made;
	else
		shape_release(&made);
	return code;
}

size_t shape_sums_bytes(const struct shape *s)
{
	return FRAME_SKIPPABLE_HEADER_BYTES + SUMS_MAGIC_BYTES + s->sums * SUM_BYTES;
}

void shape_sums(const struct shape *s, const unsigned char *sums, unsigned char *out)
{
	frame_skippable(out, SKIPPABLE_SUMS, (uint32_t)(SUMS_MAGIC_BYTES + s->sums * SUM_BYTES));
	memcpy(out + FRAME_SKIPPABLE_HEADER_BYTES, SUMS_MAGIC, SUMS_MAGIC_BYTES);
	memcpy(out + FRAME_SKIPPABLE_HEADER_BYTES + SUMS_MAGIC_BYTES, sums, s->sums * SUM_BYTES);
}

void shape_release(struct shape *s)
{
	free(s->contents);
	*s = (struct shape){ 0 };
}
