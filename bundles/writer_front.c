/* The part of writer.h that makes and writes what stands in front of all blobs. */
#include <stdlib.h>
#include <string.h>

#include "bundles/index.h"
#include "bundles/writing.h"
#include "common/limits.h"
#include "common/mem.h"

void writer_front_release(struct writer_front *f)
{
	buf_release(&f->index);
	buf_release(&f->description);
	description_maker_release(&f->maker);
	free(f->shards);
}

static enum err_code make_index(struct writer_front *f, const struct graph *g, struct err *err)
{
	struct buf_stage stage;
	enum err_code code;

	buf_init(&f->index, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&stage, &f->index);
	code = index_write(g, &stage.out, err);
	if (code != ERR_OK)
		return err_add(err, "%s", INDEX_NAME);
	f->layout_file = (struct description_file){ .name = LAYOUT_NAME, .size_bytes = strlen(LAYOUT_TEXT) };
	f->index_file = (struct description_file){ .name = INDEX_NAME, .size_bytes = f->index.len };
	code = digest_of(LAYOUT_TEXT, strlen(LAYOUT_TEXT), NULL, &f->layout_file.digest, err);
	return code == ERR_OK ? digest_of(f->index.data, f->index.len, NULL, &f->index_file.digest, err) : code;
}

static enum err_code make_shard(const struct writer_front *f, size_t shard, struct buf *out,
				struct description_shard *ret_shard, struct err *err)
{
	struct buf_stage stage;

	buf_init(out, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&stage, out);
	return description_write_shard(&f->maker, shard, &stage.out, ret_shard, err);
}

static enum err_code make_shards(struct writer_front *f, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	if (f->maker.shards_len == 0)
		return ERR_OK;
	f->shards = calloc(f->maker.shards_len, sizeof(*f->shards));
	if (f->shards == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < f->maker.shards_len; i++) {
		CLEANUP(buf_release) struct buf text = { 0 };

		code = make_shard(f, i, &text, &f->shards[i], err);
		if (code == ERR_OK)
			code = digest_of(text.data, text.len, NULL, &f->shards[i].digest, err);
		f->shards[i].size_bytes = text.len;
	}
	return code;
}

static enum err_code make_description(struct writer_front *f, const struct graph *g,
				      const struct description_notes *notes, struct err *err)
{
	struct buf_stage stage;
	enum err_code code = description_maker_init(&f->maker, g, err);

	if (code == ERR_OK)
		code = make_shards(f, err);
	if (code != ERR_OK)
		return code;
	buf_init(&f->description, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&stage, &f->description);
	code = description_write(&f->maker, &f->layout_file, &f->index_file, f->shards, notes, &stage.out, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", DESCRIPTION_NAME);
}

/* Read what was made, as every reader will: what could not be read is not written. */
static enum err_code read_shards(struct bundle_writer *w, const struct writer_front *f, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < w->description.shards_len; i++) {
		CLEANUP(buf_release) struct buf text = { 0 };

		code = make_shard(f, i, &text, NULL, err);
		if (code == ERR_OK)
			code = description_add(&w->description, i, text.data, text.len, err);
	}
	return code == ERR_OK && i > 0 ? description_complete(&w->description, DESCRIPTION_NAME, err) : code;
}

/* What the file will look like, by what is in front of it. */
static enum err_code plan(struct bundle_writer *w, const struct writer_front *f, struct err *err)
{
	struct digest digest;
	enum err_code code = digest_of(f->description.data, f->description.len, NULL, &digest, err);

	if (code == ERR_OK)
		code = description_read(f->description.data, f->description.len, DESCRIPTION_NAME, &w->description,
					err);
	if (code == ERR_OK)
		code = read_shards(w, f, err);
	if (code == ERR_OK)
		code = shape_init(&w->shape, &w->description, &digest, f->description.len, err);
	return code == ERR_LIMIT ? err_add(err, "these images are too many for one bundle") : code;
}

enum err_code writer_front_make(struct bundle_writer *w, const struct description_notes *notes, struct writer_front *f,
				struct err *err)
{
	enum err_code code = make_index(f, w->graph, err);

	if (code == ERR_OK)
		code = make_description(f, w->graph, notes, err);
	return code == ERR_OK ? plan(w, f, err) : code;
}

static enum err_code write_member(struct bundle_writer *w, size_t place, const char *bytes, struct err *err)
{
	struct append *a = &w->append;
	struct member m;
	enum err_code code;

	shape_member(&w->shape, place, &m);
	code = append_header(a, &m, err);
	if (code == ERR_OK)
		code = append_bytes(a, bytes, (size_t)m.size_bytes, err);
	return code == ERR_OK ? append_zeros(a, tar_padding_bytes(m.size_bytes), err) : code;
}

/* The head comes last: it says where the rest is. */
static enum err_code write_head(struct bundle_writer *w, struct err *err)
{
	const struct shape *s = &w->shape;
	unsigned char bytes[HEAD_END];
	struct head h = {
		.encoder = encoder_version(),
		.front_offset = HEAD_END,
		.front_bytes = w->append.file_at - HEAD_END,
		.index_bytes = w->description.index.size_bytes,
		.description_bytes = s->description_bytes,
		.description = s->description_digest,
	};
	uint64_t end;

	shape_front(h.index_bytes, h.description_bytes, &h.description_tar_offset, &end);
	head_write(&h, bytes);
	return part_write(&w->part, bytes, sizeof(bytes), 0, err);
}

static enum err_code write_files(struct bundle_writer *w, const struct writer_front *f, struct err *err)
{
	struct append *a = &w->append;
	enum err_code code = append_room(a, FRAME_EMPTY_BYTES, err); /* the part has begun with that */

	if (code == ERR_OK)
		code = append_room(a, HEAD_BYTES, err);
	if (code == ERR_OK)
		code = append_begin(a, EFFORT_PACKED, FRAME_PACKED_BYTES, err);
	if (code == ERR_OK)
		code = write_member(w, 0, LAYOUT_TEXT, err);
	if (code == ERR_OK)
		code = write_member(w, 1, f->index.data, err);
	if (code == ERR_OK)
		code = write_member(w, 2, f->description.data, err);
	if (code == ERR_OK)
		code = append_end(a, err);
	return code == ERR_OK ? write_head(w, err) : code;
}

/* Room for seals: what is signed is not known to its signer before the file is whole. */
static enum err_code write_slots(struct bundle_writer *w, struct err *err)
{
	unsigned char frame[SLOT_STORED_BYTES];
	enum err_code code = slot_fill("", 0, frame + SLOT_CONTENT_AT, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < SLOT_COUNT; i++) {
		slot_header(i, frame);
		code = append_plain(&w->append, frame, sizeof(frame), SLOT_TAR_BYTES, err);
	}
	return code;
}

/* The parts of the description that bundle.json only names. */
static enum err_code write_shards(struct bundle_writer *w, const struct writer_front *f, struct err *err)
{
	enum err_code code = append_begin(&w->append, EFFORT_PACKED, FRAME_PACKED_BYTES, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < f->maker.shards_len; i++) {
		CLEANUP(buf_release) struct buf text = { 0 };

		code = make_shard(f, i, &text, NULL, err);
		if (code == ERR_OK)
			code = write_member(w, FIRST_SHARD_MEMBER + i, text.data, err);
	}
	return code == ERR_OK ? append_end(&w->append, err) : code;
}

enum err_code writer_front_write(struct bundle_writer *w, const struct writer_front *f, struct err *err)
{
	enum err_code code = write_files(w, f, err);

	if (code == ERR_OK)
		code = write_slots(w, err);
	return code == ERR_OK ? write_shards(w, f, err) : code;
}
