#include "tests/lib/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/bytes.h"
#include "bundles/frame.h"
#include "bundles/head.h"
#include "bundles/index.h"
#include "bundles/places.h"
#include "common/mem.h"

#define TEXT_MAX (512 * MIB)
#define ENTRY_BYTES 8

/* Check's assertions are for test runners only, and fuzz targets have none. */
#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static void add(struct buf *out, const void *bytes, size_t len)
{
	MUST(buf_add(out, bytes, len, NULL) == ERR_OK);
}

static void add_zeros(struct buf *out, size_t len)
{
	static const char zeros[4096] = { 0 };

	for (; len > sizeof(zeros); len -= sizeof(zeros))
		add(out, zeros, sizeof(zeros));
	add(out, zeros, len);
}

void hostile_init(struct hostile *h, hostile_content_fn *content, void *ctx)
{
	*h = (struct hostile){ .content = content, .ctx = ctx, .tar_max = HOSTILE_TAR_MAX };
	buf_init(&h->description, TEXT_MAX);
	buf_init(&h->index, TEXT_MAX);
}

static const void *item_content(void *ctx, const struct digest *digest, size_t *ret_len)
{
	const struct image_item *item = image_item(ctx, digest);

	*ret_len = item != NULL ? item->len : 0;
	return item != NULL ? item->bytes : NULL;
}

static struct description_file file_of(const char *name, const struct buf *text)
{
	struct description_file f = { .name = name, .size_bytes = text->len };

	MUST(digest_of(buf_text(text), text->len, NULL, &f.digest, NULL) == ERR_OK);
	return f;
}

void hostile_of(struct hostile *h, const struct image_builder *b)
{
	struct image_builder copy = *b; /* the walk takes a source that may be changed */
	CLEANUP(buf_release) struct buf layout = { .max = 100 };
	CLEANUP(graph_release) struct graph g = { 0 };
	CLEANUP(description_maker_release) struct description_maker maker = { 0 };
	struct description_file layout_file, index_file;
	struct buf_stage index, description;

	hostile_init(h, item_content, (void *)(uintptr_t)b);
	image_graph(b, &copy.source, &g);
	MUST(description_maker_init(&maker, &g, NULL) == ERR_OK);
	buf_stage_init(&index, &h->index);
	MUST(index_write(&g, &index.out, NULL) == ERR_OK);
	add(&layout, LAYOUT_TEXT, strlen(LAYOUT_TEXT));
	layout_file = file_of(LAYOUT_NAME, &layout);
	index_file = file_of(INDEX_NAME, &h->index);
	buf_stage_init(&description, &h->description);
	MUST(description_write(&maker, &layout_file, &index_file, NULL, NULL, &description.out, NULL) == ERR_OK);
}

void hostile_replace(struct buf *text, const char *old, const char *new)
{
	struct buf made;
	const char *rest = buf_text(text), *at;
	bool found = false;

	buf_init(&made, TEXT_MAX);
	for (at = strstr(rest, old); at != NULL; at = strstr(rest, old)) {
		add(&made, rest, (size_t)(at - rest));
		add(&made, new, strlen(new));
		rest = at + strlen(old);
		found = true;
	}
	MUST(found);
	add(&made, rest, strlen(rest));
	buf_release(text);
	*text = made;
}

void hostile_lie(struct hostile *h, enum lie_kind kind, uint64_t at, const void *bytes, size_t len)
{
	MUST(h->lies_len < HOSTILE_LIES);
	h->lies[h->lies_len++] = (struct lie){ .kind = kind, .at = at, .bytes = bytes, .len = len };
}

static void overwrite(unsigned char *bytes, size_t len, const struct lie *lie)
{
	size_t room = lie->at < len ? len - (size_t)lie->at : 0;

	if (room > 0)
		memcpy(bytes + lie->at, lie->bytes, lie->len < room ? lie->len : room);
}

static void apply(const struct hostile *h, enum lie_kind kind, void *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < h->lies_len; i++) {
		if (h->lies[i].kind == kind)
			overwrite(bytes, len, &h->lies[i]);
	}
}

static const struct lie *frame_lie(const struct hostile *h, size_t frame)
{
	size_t i;

	for (i = 0; i < h->lies_len; i++) {
		if (h->lies[i].kind == LIE_FRAME && h->lies[i].at == frame)
			return &h->lies[i];
	}
	return NULL;
}

/* What is being made. */
struct making {
	const struct hostile *h;
	struct description d;
	struct shape shape;
	bool known; /* the description can be read: there is a shape */
	struct digest digest;
	uint64_t description_at, front_end;
	struct buf tar;
	struct buf *out;
	struct seek_table seek;
	struct buf sums;
};

static void add_member(struct making *m, const char *name, const void *bytes, size_t len, uint64_t size_bytes)
{
	unsigned char header[TAR_HEADER_MAX];
	size_t room = m->tar.len < m->h->tar_max ? m->h->tar_max - m->tar.len : 0,
	       size = size_bytes < room ? (size_t)size_bytes : room;

	add(&m->tar, header, tar_header(name, size_bytes, header));
	if (len > size)
		len = size;
	if (len > 0)
		add(&m->tar, bytes, len);
	add_zeros(&m->tar, size - len + tar_padding_bytes(size_bytes));
}

static void add_slots(struct making *m)
{
	unsigned char content[SLOT_BYTES];
	char name[SLOT_NAME_MAX];
	size_t i;

	for (i = 0; i < SLOT_COUNT; i++) {
		slot_name(i, name);
		MUST(slot_fill("", 0, content, NULL) == ERR_OK);
		add_member(m, name, content, sizeof(content), sizeof(content));
	}
}

static void make_tar(struct making *m)
{
	const struct hostile *h = m->h;
	struct member member = { .name = "" };
	size_t i;

	buf_init(&m->tar, TEXT_MAX);
	add_member(m, LAYOUT_NAME, LAYOUT_TEXT, strlen(LAYOUT_TEXT), strlen(LAYOUT_TEXT));
	add_member(m, INDEX_NAME, buf_text(&h->index), h->index.len, h->index.len);
	add_member(m, DESCRIPTION_NAME, buf_text(&h->description), h->description.len, h->description.len);
	add_slots(m);
	for (i = FIRST_SHARD_MEMBER; m->known && m->tar.len < h->tar_max; i++) {
		const void *bytes;
		size_t len = 0;

		if (!shape_member(&m->shape, i, &member))
			break;
		bytes = h->content(h->ctx, &member.digest, &len);
		add_member(m, member.name, bytes, len, member.size_bytes);
	}
	if (m->tar.len < h->tar_max)
		add_zeros(&m->tar, TAR_END_BYTES);
}

/* What the shards say, as far as they are there and can be read. */
static void add_shards(struct making *m)
{
	enum err_code code = ERR_OK;
	size_t i, len;

	for (i = 0; code == ERR_OK && i < m->d.shards_len; i++) {
		const void *bytes = m->h->content(m->h->ctx, &m->d.shards[i].digest, &len);

		code = bytes != NULL ? description_add(&m->d, i, bytes, len, NULL) : ERR_NOT_FOUND;
	}
	if (code == ERR_OK && i > 0)
		code = description_complete(&m->d, "", NULL);
	if (code != ERR_OK)
		m->d.blobs_len = 0;
}

static void begin(struct making *m, const struct hostile *h, struct buf *out)
{
	*m = (struct making){ .h = h, .out = out };
	buf_init(&m->sums, TEXT_MAX);
	MUST(digest_of(buf_text(&h->description), h->description.len, NULL, &m->digest, NULL) == ERR_OK);
	shape_front(h->index.len, h->description.len, &m->description_at, &m->front_end);
	m->known = description_read(buf_text(&h->description), h->description.len, "", &m->d, NULL) == ERR_OK &&
		   m->d.index.size_bytes == h->index.len;
	add_shards(m);
	m->known = m->known && shape_init(&m->shape, &m->d, &m->digest, h->description.len, NULL) == ERR_OK;
	make_tar(m);
	MUST(seek_init(&m->seek, NULL) == ERR_OK);
}

static void end(struct making *m)
{
	shape_release(&m->shape);
	description_release(&m->d);
	seek_release(&m->seek);
	buf_release(&m->tar);
	buf_release(&m->sums);
}

/* Any decoder takes a frame of raw blocks for one that is compressed, so no encoder is needed. */
static void add_content(struct buf *out, const char *bytes, uint32_t len, bool bare)
{
	unsigned char header[FRAME_RAW_HEADER_BYTES], sum[FRAME_CHECKSUM_BYTES];
	uint32_t left = len;

	if (bare)
		frame_bare_header(header, len);
	else
		frame_raw_header(header, len);
	add(out, header, sizeof(header));
	while (left > 0) {
		uint32_t block = left < FRAME_RAW_BLOCK_BYTES ? left : (uint32_t)FRAME_RAW_BLOCK_BYTES;

		frame_block_header(header, block, block == left);
		add(out, header, FRAME_BLOCK_HEADER_BYTES);
		add(out, bytes + len - left, block);
		left -= block;
	}
	put_le(sum, sizeof(sum), checksum_of(bytes, len));
	if (!bare)
		add(out, sum, sizeof(sum));
}

/* A frame's entries in the tables, now that it is there from an offset on. */
static void enter(struct making *m, size_t from, uint32_t content_bytes, bool has_sum)
{
	const struct lie *lie = frame_lie(m->h, m->seek.len);
	unsigned char sum[SUM_BYTES];

	if (lie != NULL) {
		m->out->len = from;
		add(m->out, lie->bytes, lie->len);
	}
	put_le(sum, sizeof(sum), checksum_of(m->out->data + from, m->out->len - from));
	if (has_sum)
		add(&m->sums, sum, sizeof(sum));
	MUST(seek_add(&m->seek, m->out->len - from, content_bytes, NULL) == ERR_OK);
}

static void add_frame(struct making *m, uint64_t at, uint64_t len, enum run_kind kind)
{
	size_t from = m->out->len;

	add_content(m->out, m->tar.data + at, (uint32_t)len, kind == RUN_SLOT);
	enter(m, from, (uint32_t)len, kind != RUN_SLOT && kind != RUN_RAW);
}

static void add_run(struct making *m, const struct run *run)
{
	uint64_t frame = run_frame_bytes(run), end = run->end < m->tar.len ? run->end : m->tar.len, at;

	for (at = run->begin; at < end; at += frame)
		add_frame(m, at, end - at < frame ? end - at : frame, run->kind);
}

/* Without a shape: what stands in front, the slots, and the end. */
static void add_front_alone(struct making *m)
{
	struct run run = { .kind = RUN_FRONT, .end = m->front_end };
	size_t i;

	add_run(m, &run);
	for (i = 0; i < SLOT_COUNT; i++) {
		run = (struct run){ .kind = RUN_SLOT, .begin = run.end, .end = run.end + SLOT_TAR_BYTES };
		add_run(m, &run);
	}
	run = (struct run){ .kind = RUN_TAIL, .begin = run.end, .end = m->tar.len };
	add_run(m, &run);
}

static void add_runs(struct making *m)
{
	struct run run = { .kind = RUN_NONE };

	while (m->known && shape_next(&m->shape, &run) && run.begin < m->tar.len)
		add_run(m, &run);
	if (!m->known)
		add_front_alone(m);
}

static void add_sums(struct making *m)
{
	unsigned char header[FRAME_SKIPPABLE_HEADER_BYTES];
	size_t from = m->out->len;

	frame_skippable(header, SKIPPABLE_SUMS, (uint32_t)(SUMS_MAGIC_BYTES + m->sums.len));
	add(m->out, header, sizeof(header));
	add(m->out, SUMS_MAGIC, SUMS_MAGIC_BYTES);
	if (m->sums.len > 0)
		add(m->out, m->sums.data, m->sums.len);
	enter(m, from, 0, false);
}

static void add_places(struct making *m)
{
	CLEANUP(free_ptr) unsigned char *places = NULL;
	size_t from = m->out->len, len = places_bytes(m->shape.blobs_len);

	MUST(places_make(&m->shape, &places, NULL) == ERR_OK);
	apply(m->h, LIE_PLACES, places, len);
	add(m->out, places, len);
	enter(m, from, 0, false);
}

static void add_more_frames(struct making *m)
{
	size_t i;
	uint64_t n;

	for (i = 0; i < m->h->lies_len; i++) {
		for (n = 0; m->h->lies[i].kind == LIE_FRAMES && n < m->h->lies[i].at; n++)
			MUST(seek_add(&m->seek, 0, 0, NULL) == ERR_OK);
	}
}

static void add_seek(struct making *m)
{
	size_t at = m->out->len + FRAME_SKIPPABLE_HEADER_BYTES;
	struct buf_stage out;

	add_more_frames(m);
	buf_stage_init(&out, m->out);
	MUST(seek_write(&m->seek, &out.out, NULL) == ERR_OK);
	apply(m->h, LIE_SEEK, m->out->data + at, m->seek.len * ENTRY_BYTES);
}

static void put_head(struct making *m, uint64_t front_bytes)
{
	unsigned char bytes[HEAD_END], *content = bytes + HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES;
	struct head head = {
		.encoder = encoder_version(),
		.front_offset = HEAD_END,
		.front_bytes = front_bytes,
		.index_bytes = m->h->index.len,
		.description_tar_offset = m->description_at,
		.description_bytes = m->h->description.len,
		.description = m->digest,
	};

	head_write(&head, bytes);
	apply(m->h, LIE_HEAD, content, HEAD_CONTENT_BYTES);
	put_le(content + HEAD_CONTENT_BYTES - 4, 4, checksum_of(content, HEAD_CONTENT_BYTES - 4));
	memcpy(m->out->data, bytes, HEAD_END);
}

/* Size in the file of the frames that hold the tar up to where the slots begin. */
static uint64_t front_stored(const struct making *m)
{
	size_t i = FRAMES_BEFORE;

	while (i < m->seek.len && m->seek.entries[i].tar_offset < m->front_end)
		i++;
	return m->seek.entries[i].file_offset - HEAD_END;
}

static void last_lies(const struct hostile *h, struct buf *out)
{
	size_t i;

	for (i = 0; i < h->lies_len; i++) {
		const struct lie *lie = &h->lies[i];

		if (lie->kind == LIE_FILE && lie->at + lie->len > out->len)
			add_zeros(out, (size_t)(lie->at + lie->len) - out->len);
		if (lie->kind == LIE_FILE)
			overwrite((unsigned char *)out->data, out->len, lie);
		if (lie->kind == LIE_CUT && lie->at < out->len)
			out->len = (size_t)lie->at;
	}
}

void hostile_make(const struct hostile *h, struct buf *out)
{
	struct making m;

	buf_init(out, TEXT_MAX);
	begin(&m, h, out);
	apply(h, LIE_TAR, m.tar.data, m.tar.len);
	add(out, FRAME_EMPTY, FRAME_EMPTY_BYTES);
	enter(&m, 0, 0, false);
	add_zeros(out, HEAD_BYTES);
	enter(&m, HEAD_OFFSET, 0, false);
	add_runs(&m);
	put_head(&m, front_stored(&m));
	add_sums(&m);
	add_places(&m);
	add_seek(&m);
	last_lies(h, out);
	end(&m);
}

void hostile_tar(const struct hostile *h, struct buf *out)
{
	struct making m;

	begin(&m, h, NULL);
	*out = m.tar;
	m.tar = (struct buf){ 0 };
	end(&m);
}

uint64_t hostile_member(const struct hostile *h, const char *name)
{
	CLEANUP(buf_release) struct buf tar = { 0 };
	size_t at;

	hostile_tar(h, &tar);
	for (at = 0; at < tar.len && strcmp(tar.data + at, name) != 0;)
		at += TAR_BLOCK;
	MUST(at < tar.len);
	return at;
}

void hostile_frames(const struct hostile *h, struct seek_table *ret_table)
{
	CLEANUP(buf_release) struct buf file = { .max = TEXT_MAX };
	struct hostile honest = *h;
	struct making m;

	honest.lies_len = 0;
	begin(&m, &honest, &file);
	add(&file, FRAME_EMPTY, FRAME_EMPTY_BYTES);
	enter(&m, 0, 0, false);
	add_zeros(&file, HEAD_BYTES);
	enter(&m, HEAD_OFFSET, 0, false);
	add_runs(&m);
	add_sums(&m);
	add_places(&m);
	*ret_table = m.seek;
	m.seek = (struct seek_table){ 0 };
	end(&m);
}

void hostile_release(struct hostile *h)
{
	buf_release(&h->description);
	buf_release(&h->index);
}
