#include "bundles/piece.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* The frame of sums stands behind the tar; everything in it that is not a sum is known. */
static enum err_code read_sums(struct pieces *p, struct err *err)
{
	const struct bundle *b = p->b;
	uint64_t offset = b->seek.entries[b->seek.len - FRAMES_AFTER].file_offset;
	size_t len = shape_sums_bytes(&b->shape), before = len - b->shape.sums * SUM_BYTES;
	CLEANUP(free_ptr) unsigned char *want = malloc(len);
	enum err_code code;

	p->sums_frame = malloc(len);
	if (want == NULL || p->sums_frame == NULL)
		return err_nomem(err);
	code = read_at(b->fd, p->sums_frame, len, offset, b->path, err);
	if (code != ERR_OK)
		return code;
	p->sums = p->sums_frame + before;
	shape_sums(&b->shape, p->sums, want);
	if (memcmp(want, p->sums_frame, before) != 0)
		return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": the sums of the frames are damaged", b->path,
			       offset);
	return ERR_OK;
}

enum err_code pieces_init(struct pieces *p, const struct bundle *b, struct err *err)
{
	enum err_code code;

	*p = (struct pieces){ .b = b };
	code = read_sums(p, err);
	if (code != ERR_OK)
		pieces_release(p);
	return code;
}

void pieces_release(struct pieces *p)
{
	free(p->sums_frame);
	*p = (struct pieces){ 0 };
}

static bool is_raw(const struct run *run)
{
	return run->kind == RUN_RAW || run->kind == RUN_SLOT;
}

/* How many members have their header in a run. */
static size_t run_members(const struct shape *s, const struct run *run)
{
	switch (run->kind) {
	case RUN_FRONT:
		return FRONT_MEMBERS;
	case RUN_SHARDS:
		return s->description->shards_len;
	case RUN_PACKED:
		return s->layers_from;
	case RUN_SLOT:
	case RUN_GLUE:
	case RUN_ZSTD:
		return 1;
	case RUN_RAW:
	case RUN_TAIL:
	case RUN_NONE:
		break;
	}
	return 0;
}

static bool next_run(struct pieces *p)
{
	if (!is_raw(&p->run))
		p->sums += run_frames(&p->run) * SUM_BYTES;
	return shape_next(&p->b->shape, &p->run);
}

bool pieces_next(struct pieces *p, struct piece *ret_piece)
{
	bool first = p->run.kind == RUN_NONE;

	if (!next_run(p))
		return false;
	p->last = (struct piece){
		.number = first ? 0 : p->last.number + 1,
		.run = p->run,
		.member = p->last.member + p->last.members,
		.members = run_members(&p->b->shape, &p->run),
		.sums = p->sums,
	};
	if (p->run.kind == RUN_GLUE)
		next_run(p);
	*ret_piece = p->last;
	return true;
}

/* The piece as one stream, up to a raw layer's content. */
static enum err_code piece_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct piece_reader *r = OUTER_OF(in, struct piece_reader, in);
	struct instream *from = is_raw(&r->piece->run) ? &r->raw.in : &r->zstd.in;
	enum err_code code = instream_read(from, bytes, cap, ret_len, err);

	return code == ERR_OK ? r->on_bytes(r->ctx, r->piece, *ret_len, err) : code;
}

static void aim(struct piece_reader *r, const struct piece *p)
{
	r->piece = p;
	if (p->run.kind == RUN_SLOT)
		raw_reader_aim_bare(&r->raw, p->run.begin, p->run.end);
	else
		zstd_reader_aim(&r->zstd, p->run.begin, p->run.end, p->sums);
}

static enum err_code check_padding(struct expecting *e, const struct member *m, size_t len, struct err *err)
{
	char what[TAR_NAME_MAX + 32] = "padding of ";

	strcat(what, m->name);
	return expect_zeros(e, len, what, err);
}

/* The padding of a layer stands in the piece behind it. */
static enum err_code check_padding_before(struct expecting *e, const struct piece *p, const struct shape *s,
					  struct err *err)
{
	struct member m = { 0 };

	if (p->run.begin < s->packed_end || p->member == 0)
		return ERR_OK;
	shape_member(s, p->member - 1, &m);
	if (m.content + m.size_bytes != p->run.begin)
		return ERR_OK;
	return check_padding(e, &m, tar_padding_bytes(m.size_bytes), err);
}

static enum err_code check_member(struct expecting *e, const struct piece *p, const struct member *m, struct err *err)
{
	enum err_code code = expect_header(e, m, err);

	if (code == ERR_OK && p->run.kind == RUN_SLOT)
		code = expect_slot(e, m, err);
	else if (code == ERR_OK && p->run.kind != RUN_GLUE)
		code = expect_digest(e, m, err);
	if (code != ERR_OK || p->run.kind == RUN_GLUE || p->run.kind == RUN_ZSTD)
		return code;
	return check_padding(e, m, tar_padding_bytes(m->size_bytes), err);
}

static enum err_code begin_layer(const struct bundle *b, const struct piece *p, struct piece_layer *l, struct err *err)
{
	struct run run = p->run;
	enum err_code code;

	shape_next(&b->shape, &run);
	l->piece = *p;
	shape_member(&b->shape, p->member, &l->member);
	raw_reader_init(&l->raw, &b->file, true);
	raw_reader_aim(&l->raw, run.begin, run.end);
	code = digest_stream_init(&l->proof, &l->member.digest, l->member.size_bytes, err);
	l->under_way = code == ERR_OK;
	return code;
}

enum err_code piece_check(struct piece_reader *r, const struct piece *p, struct piece_layer *ret_layer, struct err *err)
{
	const struct shape *s = &r->b->shape;
	struct expecting e = { .in = &r->in, .file = &r->b->file, .tar_at = p->run.begin };
	struct member m = { 0 };
	enum err_code code;
	size_t i;

	aim(r, p);
	code = check_padding_before(&e, p, s, err);
	for (i = 0; code == ERR_OK && i < p->members; i++) {
		shape_member(s, p->member + i, &m);
		code = check_member(&e, p, &m, err);
	}
	if (code == ERR_OK && p->run.kind == RUN_TAIL)
		code = expect_zeros(&e, TAR_END_BYTES, "end of the tar", err);
	if (code == ERR_OK)
		code = expect_end(&e, err);
	return code == ERR_OK && p->run.kind == RUN_GLUE ? begin_layer(r->b, p, ret_layer, err) : code;
}

enum err_code piece_reader_init(struct piece_reader *r, const struct bundle *b, piece_bytes_fn *on_bytes, void *ctx,
				struct err *err)
{
	enum err_code code;

	*r = (struct piece_reader){ .in = { .read = piece_read }, .b = b, .on_bytes = on_bytes, .ctx = ctx };
	code = zstd_reader_init(&r->zstd, &b->file, err);
	raw_reader_init(&r->raw, &b->file, true);
	return code;
}

void piece_reader_release(struct piece_reader *r)
{
	zstd_reader_release(&r->zstd);
}

/* The next bytes; none after a failure. */
static struct checksum_turn fetch(struct piece_layer *l)
{
	enum err_code code = raw_reader_fetch(&l->raw, l->chunk, sizeof(l->chunk), &l->chunk_len, &l->err);

	if (code == ERR_OK)
		code = digest_stream_due(&l->proof, l->chunk_len, &l->err);
	if (code != ERR_OK)
		l->chunk_len = 0;
	return (struct checksum_turn){ &l->raw.sum, &l->proof, l->chunk, l->chunk_len };
}

static void settle(struct piece_layer *l)
{
	if (l->chunk_len > 0)
		raw_reader_settle(&l->raw);
}

void piece_step(struct piece_layer *l)
{
	struct checksum_turn turn = fetch(l);

	checksum_add_hashed(turn.sum, turn.digest, turn.bytes, turn.len);
	settle(l);
}

void piece_step_both(struct piece_layer *a, struct piece_layer *b)
{
	struct checksum_turn first = fetch(a), second = fetch(b);

	checksum_add_both(&first, &second);
	settle(a);
	settle(b);
}

bool piece_is_over(const struct piece_layer *l)
{
	return l->raw.left_bytes == 0;
}

/* A wrong checksum is told last: so that a digest says first what the content has become. */
enum err_code piece_end(struct piece_layer *l, struct err *err)
{
	struct expecting e = { .in = &l->raw.in, .file = l->raw.file, .tar_at = l->member.content };
	enum err_code code = expect_proved(&e, &l->member, &l->proof, err);

	return code == ERR_OK ? expect_end(&e, err) : code;
}

void piece_layer_release(struct piece_layer *l)
{
	digest_stream_release(&l->proof);
	l->under_way = false;
}
