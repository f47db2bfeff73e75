#include "export/spill.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "bundles/room.h"
#include "common/file.h"
#include "common/mem.h"

struct spill {
	struct fetch_place place;
	struct fetch_place *to;    /* borrowed */
	const struct graph *graph; /* borrowed */
	uint64_t step_bytes;
	uint64_t end_bytes; /* of the row, as far as blobs have been begun */
	int fd;
	char *name; /* owned: for messages */
	pthread_mutex_t lock;
	pthread_cond_t pulled; /* or stopped */
	/* under the lock */
	uint64_t pulled_bytes; /* of the row */
	bool stopped;
	struct err failure;
};

/* A blob, which is at some place of the row. */
struct spill_blob {
	struct spread spread;
	struct spill *spill;
	uint32_t node;
	uint64_t begin_bytes;
	struct instream content;
	struct outstream proved;
	struct outstream *out; /* of the place behind; NULL while it is not this blob's turn */
};

struct spill_piece {
	struct outstream out;
	struct spill *spill;
	uint64_t at_bytes;
};

static struct spill_blob *ours(struct spread *s)
{
	return OUTER_OF(s, struct spill_blob, spread);
}

/* Where a byte of the row stands in the ring, and how many may follow it there. */
static size_t ring_part(const struct spill *s, uint64_t at_bytes, size_t len, uint64_t *ret_offset_bytes)
{
	uint64_t left_bytes = s->place.ahead_bytes - at_bytes % s->place.ahead_bytes;

	*ret_offset_bytes = at_bytes % s->place.ahead_bytes;
	return len < left_bytes ? len : (size_t)left_bytes;
}

/* The lock is held. */
static enum err_code check_stopped(const struct spill *s, struct err *err)
{
	return s->stopped ? err_set(err, s->failure.code, "%s", s->failure.msg) : ERR_OK;
}

/* Until the bytes up to there have room. */
static enum err_code wait_room(struct spill *s, uint64_t end_bytes, struct err *err)
{
	enum err_code code;

	pthread_mutex_lock(&s->lock);
	while (!s->stopped && end_bytes - s->pulled_bytes > s->place.ahead_bytes)
		pthread_cond_wait(&s->pulled, &s->lock);
	code = check_stopped(s, err);
	pthread_mutex_unlock(&s->lock);
	return code;
}

static enum err_code piece_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct spill_piece *p = OUTER_OF(out, struct spill_piece, out);
	struct spill *s = p->spill;
	const char *from = bytes;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && len > 0) {
		uint64_t offset;
		size_t part = ring_part(s, p->at_bytes, len, &offset);

		code = wait_room(s, p->at_bytes + part, err);
		if (code == ERR_OK)
			code = write_at(s->fd, from, part, offset, s->name, err);
		p->at_bytes += part;
		from += part;
		len -= part;
	}
	return code;
}

static enum err_code blob_open(struct spread *spread, uint64_t from_bytes, struct outstream **ret_out, struct err *err)
{
	struct spill_piece *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return err_nomem(err);
	*p = (struct spill_piece){
		.out = { .write = piece_write },
		.spill = ours(spread)->spill,
		.at_bytes = ours(spread)->begin_bytes + from_bytes,
	};
	*ret_out = &p->out;
	return ERR_OK;
}

static void blob_close(struct spread *spread, struct outstream *out)
{
	(void)spread;
	free(OUTER_OF(out, struct spill_piece, out));
}

static uint64_t blob_room(struct spread *spread, uint64_t from_bytes)
{
	struct spill *s = ours(spread)->spill;
	uint64_t at = ours(spread)->begin_bytes + from_bytes, room = UINT64_MAX;

	pthread_mutex_lock(&s->lock);
	if (at > s->pulled_bytes)
		room = at - s->pulled_bytes < s->place.ahead_bytes ? s->pulled_bytes + s->place.ahead_bytes - at : 0;
	pthread_mutex_unlock(&s->lock);
	return room;
}

static void blob_stop(struct spread *spread, const struct err *why)
{
	struct spill *s = ours(spread)->spill;

	pthread_mutex_lock(&s->lock);
	if (!s->stopped) {
		s->stopped = true;
		s->failure = why != NULL ? *why : (struct err){ .code = ERR_IO };
	}
	pthread_cond_broadcast(&s->pulled);
	pthread_mutex_unlock(&s->lock);
}

static enum err_code content_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct spill *s = OUTER_OF(in, struct spill_blob, content)->spill;
	uint64_t offset;
	size_t len = ring_part(s, s->pulled_bytes, cap, &offset);
	enum err_code code = read_at(s->fd, bytes, len, offset, s->name, err);

	if (code != ERR_OK)
		return code;
	pthread_mutex_lock(&s->lock);
	code = check_stopped(s, err); /* nobody waits any more for what could still be read */
	s->pulled_bytes += len;
	pthread_cond_broadcast(&s->pulled);
	pthread_mutex_unlock(&s->lock);
	*ret_len = len;
	return code;
}

/* The blob's turn has come. */
static enum err_code take_turn(struct spill_blob *b, struct err *err)
{
	struct fetch_place *to = b->spill->to;

	return b->out != NULL ? ERR_OK : to->open(to, b->node, &b->out, NULL, err);
}

static enum err_code proved_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct spill_blob *b = OUTER_OF(out, struct spill_blob, proved);
	enum err_code code = take_turn(b, err);

	return code == ERR_OK ? outstream_write(b->out, bytes, len, err) : code;
}

static enum err_code proved_finish(struct outstream *out, struct err *err)
{
	struct spill_blob *b = OUTER_OF(out, struct spill_blob, proved);
	enum err_code code = take_turn(b, err);

	if (code == ERR_OK)
		code = outstream_finish(b->out, err);
	if (code == ERR_OK)
		b->spill->to->close(b->spill->to, take_ptr(&b->out)); /* before the next one is opened */
	return code;
}

static void blob_release(struct spread *spread)
{
	struct spill_blob *b = ours(spread);

	if (b->out != NULL)
		b->spill->to->close(b->spill->to, b->out);
	free(b);
}

static enum err_code place_spread(struct fetch_place *p, uint32_t node, bool kept, struct spread **ret_spread,
				  struct err *err)
{
	struct spill *s = OUTER_OF(p, struct spill, place);
	struct spill_blob *b = calloc(1, sizeof(*b));

	(void)kept;
	if (b == NULL)
		return err_nomem(err);
	*b = (struct spill_blob){
		.spread = { .step_bytes = s->step_bytes,
			    .room = blob_room,
			    .open = blob_open,
			    .close = blob_close,
			    .content = &b->content,
			    .proved = &b->proved,
			    .stop = blob_stop,
			    .release = blob_release },
		.spill = s,
		.node = node,
		.begin_bytes = s->end_bytes,
		.content = { .read = content_read },
		.proved = { .write = proved_write, .finish = proved_finish },
	};
	s->end_bytes += s->graph->nodes[node].size_bytes;
	*ret_spread = &b->spread;
	return ERR_OK;
}

static enum err_code take_budget(struct spill *s, uint64_t budget_bytes, struct err *err)
{
	uint64_t least_bytes = budget_bytes < SPILL_LEAST_BYTES ? budget_bytes : SPILL_LEAST_BYTES;
	struct room room = { 0 };
	struct err why = { 0 };
	enum err_code code = room_of(s->fd, s->name, &room, err);

	if (code != ERR_OK)
		return code;
	code = room_check(&room, s->name, least_bytes, &why);
	if (code != ERR_OK)
		return err_set(err, code, "%s, or name another folder in TMPDIR", why.msg);
	budget_bytes = budget_bytes < room.free_bytes / 2 ? budget_bytes : room.free_bytes / 2;
	s->place.ahead_bytes = budget_bytes > least_bytes ? budget_bytes : least_bytes;
	return ERR_OK;
}

enum err_code spill_new(struct fetch_place *to, const struct graph *g, uint64_t budget_bytes, uint64_t step_bytes,
			struct spill **ret_spill, struct err *err)
{
	struct spill *s = calloc(1, sizeof(*s));
	enum err_code code;

	assert(budget_bytes > 0);
	if (s == NULL)
		return err_nomem(err);
	*s = (struct spill){
		.place = { .spread = place_spread, .in_order = true },
		.to = to,
		.graph = g,
		.step_bytes = step_bytes,
		.fd = -1,
	};
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->pulled, NULL);
	code = str_format(&s->name, err, "temporary file in %s", folder_temporary());
	if (code == ERR_OK)
		code = file_nameless(folder_temporary(), &s->fd, err);
	if (code == ERR_OK)
		code = take_budget(s, budget_bytes, err);
	if (code == ERR_OK)
		*ret_spill = s;
	else
		spill_free(s);
	return code;
}

struct fetch_place *spill_place(struct spill *s)
{
	return &s->place;
}

void spill_free(struct spill *s)
{
	if (s == NULL)
		return;
	close_fd(&s->fd);
	pthread_cond_destroy(&s->pulled);
	pthread_mutex_destroy(&s->lock);
	free(s->name);
	free(s);
}

void spill_free_ptr(struct spill **s)
{
	spill_free(*s);
}
