#include "bundles/leftover.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundles/kept.h"
#include "bundles/reading.h"
#include "common/limits.h"
#include "common/mem.h"

/* What a kill or a power loss in part_begin makes of the first frame: some of its bytes, and zeros. */
static bool is_begun(const unsigned char *bytes, size_t len)
{
	static const unsigned char want[] = FRAME_EMPTY;
	size_t i;

	for (i = 0; i < len; i++) {
		if (bytes[i] != want[i] && bytes[i] != 0)
			return false;
	}
	return true;
}

static enum err_code not_ours(const struct part *p, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
		       "%s is there already, and no run of this program left it: move it away, or write elsewhere",
		       p->path);
}

enum err_code leftover_recognise(const struct part *p, struct head *ret_head, struct err *err)
{
	unsigned char bytes[HEAD_END] = { 0 };
	struct err why = { 0 };
	struct stat st;
	size_t len;
	enum err_code code;

	*ret_head = (struct head){ 0 };
	if (fstat(p->fd, &st) != 0)
		return err_errno(err, p->path);
	len = (uint64_t)st.st_size < HEAD_END ? (size_t)st.st_size : HEAD_END;
	code = read_at(p->fd, bytes, len, 0, p->path, err);
	if (code != ERR_OK)
		return code;
	if (len <= FRAME_EMPTY_BYTES && is_begun(bytes, len))
		return ERR_OK;
	if (memcmp(bytes, FRAME_EMPTY, FRAME_EMPTY_BYTES) != 0)
		return not_ours(p, err);
	code = head_read(bytes, HEAD_END, p->path, ret_head, &why);
	if (code == ERR_UNSUPPORTED)
		return err_set(err, ERR_CONFLICT, "%s: move it away, or write elsewhere", why.msg);
	return ERR_OK;
}

static uint64_t end_of(const struct leftover *l)
{
	return l->seek.entries[l->seek.len].file_offset;
}

static enum err_code walk_compressed(struct leftover *l, const struct run *run, struct err *err)
{
	uint64_t frame = run_frame_bytes(run), at, stored = 0;
	enum err_code code = ERR_OK;

	for (at = run->begin; code == ERR_OK && at < run->end; at += frame) {
		uint64_t content = run->end - at < frame ? run->end - at : frame;

		code = frame_walk(&l->file, end_of(l), content, &stored, err);
		if (code == ERR_OK)
			code = seek_add(&l->seek, stored, content, err);
	}
	return code;
}

/* The front's size follows from the head, and what is in it proves itself. */
static enum err_code read_front(struct leftover *l, const struct head *h, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct run front = { .kind = RUN_FRONT };
	uint64_t content = 0;
	enum err_code code = seek_init(&l->seek, err);

	if (code == ERR_OK &&
	    (h->index_bytes > LIMIT_DESCRIPTION_BYTES || h->description_bytes > LIMIT_DESCRIPTION_BYTES))
		code = err_set(err, ERR_LIMIT, "%s: a description that is too large", l->file.name);
	if (code == ERR_OK)
		code = seek_add(&l->seek, FRAME_EMPTY_BYTES, 0, err);
	if (code == ERR_OK)
		code = seek_add(&l->seek, HEAD_BYTES, 0, err);
	if (code != ERR_OK)
		return code;
	shape_front(h->index_bytes, h->description_bytes, &content, &front.end);
	code = walk_compressed(l, &front, err);
	buf_init(&bytes, LIMIT_DESCRIPTION_BYTES);
	if (code == ERR_OK)
		code = read_proved(&l->file, content, h->description_bytes, &h->description, &bytes, err);
	if (code == ERR_OK)
		code = description_read(buf_text(&bytes), bytes.len, DESCRIPTION_NAME, &l->description, err);
	if (code == ERR_OK && l->description.index.size_bytes != h->index_bytes)
		code = err_set(err, ERR_DAMAGED, "%s: the head and the description disagree", l->file.name);
	return code;
}

/* A raw layer's frames need no looking at to know where they end. */
static enum err_code pass_raw(struct leftover *l, const struct run *run, struct err *err)
{
	struct kept_place place = { .file = l->file, .file_at = end_of(l) };
	uint64_t content_bytes = run->end - run->begin;

	l->places[run->blob] = place.file_at;
	l->bytes += kept_seems(&place, content_bytes);
	return seek_add_raw(&l->seek, content_bytes, err);
}

static enum err_code walk_run(struct leftover *l, const struct run *run, struct err *err)
{
	if (run->kind == RUN_SLOT)
		return seek_add(&l->seek, SLOT_STORED_BYTES, SLOT_TAR_BYTES, err);
	return run->kind == RUN_RAW ? pass_raw(l, run, err) : walk_compressed(l, run, err);
}

/* The parts of the description that bundle.json only names. */
static enum err_code read_shards(struct leftover *l, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < l->description.shards_len; i++) {
		CLEANUP(buf_release) struct buf bytes = { 0 };
		struct member m = { 0 };

		shape_member(&l->shape, FIRST_SHARD_MEMBER + i, &m);
		buf_init(&bytes, LIMIT_DESCRIPTION_BYTES);
		code = read_proved(&l->file, m.content, m.size_bytes, &m.digest, &bytes, err);
		if (code == ERR_OK)
			code = description_add(&l->description, i, buf_text(&bytes), bytes.len, err);
	}
	return code == ERR_OK && i > 0 ? description_complete(&l->description, DESCRIPTION_NAME, err) : code;
}

static enum err_code make_shape(struct leftover *l, const struct head *h, struct err *err)
{
	shape_release(&l->shape);
	return shape_init(&l->shape, &l->description, &h->description, h->description_bytes, err);
}

/* What stands between the front and the blobs, after which it is known which blobs there are. */
static enum err_code walk_shards(struct leftover *l, const struct head *h, struct run *run, struct err *err)
{
	enum err_code code = make_shape(l, h, err);

	while (code == ERR_OK && run->end < l->shape.shards_end && shape_next(&l->shape, run))
		code = walk_run(l, run, err);
	if (code == ERR_OK)
		code = read_shards(l, err);
	return code == ERR_OK ? make_shape(l, h, err) : code;
}

/* Every raw layer's place.  They come before those that are compressed on the way. */
static enum err_code walk_layers(struct leftover *l, struct run *run, struct err *err)
{
	enum err_code code = ERR_OK;

	l->places = calloc(l->shape.blobs_len + 1, sizeof(*l->places));
	if (l->places == NULL)
		return err_nomem(err);
	while (code == ERR_OK && shape_next(&l->shape, run) && run->kind != RUN_ZSTD && run->kind != RUN_TAIL)
		code = walk_run(l, run, err);
	return code;
}

static enum err_code map(struct leftover *l, const struct head *h, struct err *err)
{
	struct run run = { .kind = RUN_FRONT };
	enum err_code code = read_front(l, h, err);

	if (code == ERR_OK) {
		run.end = l->seek.entries[l->seek.len].tar_offset;
		code = walk_shards(l, h, &run, err);
	}
	return code == ERR_OK ? walk_layers(l, &run, err) : code;
}

enum err_code leftover_map(struct leftover *l, const struct part *p, const struct head *h, struct err *err)
{
	enum err_code code;

	l->file = (struct frame_file){ .fd = p->fd, .name = p->path, .seek = &l->seek };
	code = map(l, h, err);
	return code == ERR_NOMEM ? code : ERR_OK; /* as far as it could be read, it is known */
}

uint64_t leftover_find(const struct leftover *l, const struct digest *digest, uint64_t size_bytes)
{
	size_t blob;

	if (l->places == NULL)
		return 0; /* nothing is known, and the description may not be whole */
	blob = description_find(&l->description, digest);
	if (blob == BLOB_NONE || l->description.blobs[blob].stored != STORED_RAW ||
	    l->description.blobs[blob].size_bytes != size_bytes)
		return 0;
	return l->places[blob];
}

void leftover_release(struct leftover *l)
{
	part_release(&l->part);
	seek_release(&l->seek);
	shape_release(&l->shape);
	description_release(&l->description);
	free(l->places);
	*l = (struct leftover){ 0 };
}
