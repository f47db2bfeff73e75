#include "bundles/pass.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/places.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

struct pass {
	int fd; /* borrowed */
	pass_wait_fn *wait;
	const char *name; /* borrowed */
	int kept;         /* owned */
	uint64_t kept_bytes;
	const struct shape *shape; /* borrowed */
	struct run run;            /* of the next frame */
	struct seek_table seek;
	unsigned char *sums; /* owned: of the compressed frames so far */
	size_t sums_len, sums_cap;
	unsigned char *frame; /* owned: the latest one */
	size_t frame_len, frame_cap;
	uint64_t frame_at; /* its offset in the file */
};

static uint64_t file_at(const struct pass *p)
{
	return p->seek.entries[p->seek.len].file_offset;
}

static uint64_t tar_at(const struct pass *p)
{
	return p->seek.entries[p->seek.len].tar_offset;
}

static enum err_code damaged(const struct pass *p, const char *why, struct err *err)
{
	return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": %s", p->name, file_at(p), why);
}

/* Some bytes of the pipe, 0 at its end. */
static enum err_code take_some(const struct pass *p, void *bytes, size_t len, size_t *ret_len, struct err *err)
{
	enum err_code code = p->wait != NULL ? p->wait(p->fd, err) : ERR_OK;
	ssize_t n;

	if (code != ERR_OK)
		return err_add(err, "%s", p->name);
	do
		n = read(p->fd, bytes, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, p->name);
	*ret_len = (size_t)n;
	return ERR_OK;
}

/* Exactly so many bytes of the pipe. */
static enum err_code take(struct pass *p, void *bytes, size_t len, struct err *err)
{
	unsigned char *to = bytes;

	while (len > 0) {
		size_t n = 0;
		enum err_code code = take_some(p, to, len, &n, err);

		if (code != ERR_OK)
			return code;
		if (n == 0 && file_at(p) == 0 && to == bytes)
			return damaged(p, "nothing came: did what should write it fail?", err);
		if (n == 0)
			return damaged(p, "cut short: it ends in what begins here", err);
		to += n;
		len -= n;
	}
	return ERR_OK;
}

/* The next bytes of the frame under way. */
static enum err_code take_more(struct pass *p, size_t len, struct err *err)
{
	enum err_code code;

	if (len > p->frame_cap - p->frame_len)
		return damaged(p, "a frame that takes more room than its content can need", err);
	code = take(p, p->frame + p->frame_len, len, err);
	p->frame_len += len;
	return code;
}

static enum err_code take_blocks(struct pass *p, struct err *err)
{
	enum err_code code = ERR_OK;
	bool last = false;

	while (code == ERR_OK && !last) {
		uint32_t header;

		code = take_more(p, FRAME_BLOCK_HEADER_BYTES, err);
		if (code != ERR_OK)
			return code;
		header = (uint32_t)get_le(p->frame + p->frame_len - FRAME_BLOCK_HEADER_BYTES, FRAME_BLOCK_HEADER_BYTES);
		last = (header & 1) != 0;
		code = take_more(p, (header >> 1 & 3) == 1 ? 1 : header >> 3, err); /* one repeated byte takes one */
	}
	return code;
}

static enum err_code note_sum(struct pass *p, struct err *err)
{
	enum err_code code =
		vec_grow(&p->sums, &p->sums_cap, p->sums_len + SUM_BYTES, 1, SEEK_FRAMES_MAX * SUM_BYTES, err);

	if (code != ERR_OK)
		return code;
	put_le(p->sums + p->sums_len, SUM_BYTES, checksum_of(p->frame, p->frame_len));
	p->sums_len += SUM_BYTES;
	return ERR_OK;
}

/* A frame whose end only its blocks tell. */
static enum err_code take_compressed(struct pass *p, size_t content, struct err *err)
{
	enum err_code code = take_more(p, FRAME_DESCRIPTOR_END, err);

	if (code == ERR_OK)
		code = take_more(p, frame_header_bytes(p->frame) - FRAME_DESCRIPTOR_END, err);
	if (code == ERR_OK && !frame_begins(p->frame, p->frame_len, content))
		code = damaged(p, "this should be another frame", err);
	if (code == ERR_OK)
		code = take_blocks(p, err);
	if (code == ERR_OK)
		code = take_more(p, FRAME_CHECKSUM_BYTES, err);
	if (code == ERR_OK && p->frame_len > frame_stored_max(content))
		code = damaged(p, "a frame that takes more room than its content can need", err);
	return code == ERR_OK ? note_sum(p, err) : code;
}

static enum err_code take_raw(struct pass *p, uint32_t content, struct err *err)
{
	enum err_code code = take_more(p, frame_raw_stored(content), err);

	if (code == ERR_OK && !frame_is_raw(p->frame, content))
		code = damaged(p, "damaged frame of a layer", err);
	return code;
}

static enum err_code take_slot(struct pass *p, struct err *err)
{
	unsigned char header[SLOT_CONTENT_AT];
	enum err_code code = take_more(p, SLOT_STORED_BYTES, err);

	slot_header((size_t)((p->run.begin - p->shape->front_end) / SLOT_TAR_BYTES), header);
	if (code == ERR_OK && memcmp(p->frame, header, sizeof(header)) != 0)
		code = damaged(p, "damaged frame of a slot", err);
	return code;
}

static enum err_code keep(struct pass *p, struct err *err)
{
	p->kept_bytes = p->frame_at + p->frame_len;
	return write_at(p->kept, p->frame, p->frame_len, p->frame_at, "temporary file", err);
}

/* The next frame, whatever its run. */
static enum err_code take_frame(struct pass *p, struct err *err)
{
	struct run *run = &p->run;
	uint64_t left, frame;
	enum err_code code;

	while (run->end <= tar_at(p)) {
		if (p->shape == NULL || !shape_next(p->shape, run))
			return damaged(p, "nothing more is known to come", err);
	}
	left = run->end - tar_at(p);
	frame = run_frame_bytes(run);
	frame = left < frame ? left : frame;
	p->frame_at = file_at(p);
	p->frame_len = 0;
	if (run->kind == RUN_RAW)
		code = take_raw(p, (uint32_t)frame, err);
	else if (run->kind == RUN_SLOT)
		code = take_slot(p, err);
	else
		code = take_compressed(p, (size_t)frame, err);
	if (code == ERR_OK && run->kind <= RUN_PACKED)
		code = keep(p, err);
	return code == ERR_OK ? seek_add(&p->seek, p->frame_len, frame, err) : code;
}

enum err_code pass_head(struct pass *p, struct head *ret_head, struct err *err)
{
	unsigned char bytes[HEAD_END];
	enum err_code code = take(p, bytes, sizeof(bytes), err);

	if (code == ERR_OK)
		code = head_read(bytes, sizeof(bytes), p->name, ret_head, err);
	if (code == ERR_OK)
		code = seek_add(&p->seek, FRAME_EMPTY_BYTES, 0, err);
	if (code == ERR_OK)
		code = seek_add(&p->seek, HEAD_BYTES, 0, err);
	return code;
}

enum err_code pass_front(struct pass *p, uint64_t front_end, struct err *err)
{
	enum err_code code = ERR_OK;

	p->run = (struct run){ .kind = RUN_FRONT, .end = front_end };
	while (code == ERR_OK && tar_at(p) < front_end)
		code = take_frame(p, err);
	return code;
}

void pass_shape(struct pass *p, const struct shape *s)
{
	p->shape = s;
	p->run = (struct run){ .kind = RUN_NONE };
	while (p->run.end <= tar_at(p) && shape_next(s, &p->run))
		;
}

enum err_code pass_reach(struct pass *p, uint64_t tar_offset, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && tar_at(p) <= tar_offset)
		code = take_frame(p, err);
	return code;
}

enum err_code pass_reach_frame(struct pass *p, size_t frame, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && p->seek.len <= frame)
		code = take_frame(p, err);
	return code;
}

enum err_code pass_read(struct pass *p, void *bytes, size_t len, uint64_t offset, struct err *err)
{
	enum err_code code = ERR_OK;

	if (offset < p->kept_bytes && len <= p->kept_bytes - offset)
		return read_at(p->kept, bytes, len, offset, "temporary file", err);
	while (code == ERR_OK && offset >= file_at(p))
		code = take_frame(p, err);
	if (code != ERR_OK)
		return code;
	if (offset < p->frame_at || len > p->frame_at + p->frame_len - offset)
		return err_set(err, ERR_IO, "%s: offset %" PRIu64 ": this has gone by, and cannot be read again",
			       p->name, offset);
	memcpy(bytes, p->frame + (offset - p->frame_at), len);
	return ERR_OK;
}

/* What must come now. */
struct wanted {
	struct outstream out;
	struct pass *pass;
};

static enum err_code wanted_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct pass *p = OUTER_OF(out, struct wanted, out)->pass;
	const unsigned char *want = bytes;
	unsigned char is[4096];
	enum err_code code = ERR_OK;

	while (code == ERR_OK && len > 0) {
		size_t part = len < sizeof(is) ? len : sizeof(is);

		code = take(p, is, part, err);
		if (code == ERR_OK && memcmp(is, want, part) != 0)
			code = damaged(p, "the tables at the end are not those of what went by", err);
		want += part;
		len -= part;
	}
	return code;
}

/* A skippable frame that is known byte for byte. */
static enum err_code want_frame(struct wanted *w, const unsigned char *bytes, size_t len, struct err *err)
{
	enum err_code code = wanted_write(&w->out, bytes, len, err);

	return code == ERR_OK ? seek_add(&w->pass->seek, len, 0, err) : code;
}

static enum err_code finish_tables(struct pass *p, struct err *err)
{
	struct wanted w = { .out = { .write = wanted_write }, .pass = p };
	const struct shape *s = p->shape;
	CLEANUP(free_ptr) unsigned char *sums = malloc(shape_sums_bytes(s));
	CLEANUP(free_ptr) unsigned char *places = NULL;
	enum err_code code = sums != NULL ? places_make(s, &places, err) : err_nomem(err);

	if (code == ERR_OK && p->sums_len != s->sums * SUM_BYTES)
		code = damaged(p, "not as many frames have come as the description says", err);
	if (code != ERR_OK)
		return code;
	shape_sums(s, p->sums, sums);
	code = want_frame(&w, sums, shape_sums_bytes(s), err);
	if (code == ERR_OK)
		code = want_frame(&w, places, places_bytes(s->blobs_len), err);
	return code == ERR_OK ? seek_write(&p->seek, &w.out, err) : code;
}

static enum err_code finish_end(struct pass *p, struct err *err)
{
	unsigned char byte;
	size_t n = 0;
	enum err_code code = take_some(p, &byte, 1, &n, err);

	if (code != ERR_OK)
		return code;
	return n == 0 ? ERR_OK : damaged(p, "something follows the end", err);
}

enum err_code pass_finish(struct pass *p, const struct head *h, struct err *err)
{
	enum err_code code = pass_reach(p, p->shape->tar_end - 1, err);

	if (code == ERR_OK)
		code = finish_tables(p, err);
	if (code == ERR_OK)
		code = shape_check(p->shape, h, &p->seek, p->name, err);
	return code == ERR_OK ? finish_end(p, err) : code;
}

const struct seek_table *pass_seek(const struct pass *p)
{
	return &p->seek;
}

uint64_t pass_bytes(const struct pass *p)
{
	return file_at(p) + seek_bytes(p->seek.len);
}

enum err_code pass_new(int fd, const char *name, pass_wait_fn *wait, struct pass **ret_pass, struct err *err)
{
	struct pass *p = calloc(1, sizeof(*p));
	enum err_code code;

	if (p == NULL)
		return err_nomem(err);
	*p = (struct pass){ .fd = fd, .wait = wait, .name = name, .kept = -1 };
	p->frame_cap = frame_stored_max(FRAME_CONTENT_BYTES);
	if (p->frame_cap < frame_raw_stored(FRAME_CONTENT_BYTES))
		p->frame_cap = frame_raw_stored(FRAME_CONTENT_BYTES);
	p->frame = malloc(p->frame_cap);
	code = p->frame != NULL ? seek_init(&p->seek, err) : err_nomem(err);
	if (code == ERR_OK)
		code = file_nameless(folder_temporary(), &p->kept, err);
	if (code == ERR_OK)
		*ret_pass = p;
	else
		pass_free(p);
	return code;
}

void pass_free(struct pass *p)
{
	if (p == NULL)
		return;
	close_fd(&p->kept);
	seek_release(&p->seek);
	free(p->sums);
	free(p->frame);
	free(p);
}
