/* The part of fetch.h that fetches large blobs in pieces: each over a connection of its own, straight to its place. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/mem.h"
#include "export/fetching.h"

#define PROVERS 2

static const struct node *node_of(const struct fetch *f, uint32_t node)
{
	return &f->gather->graph.nodes[node];
}

/* A blob at whose end most connections would have nothing to do; with fewer of them idle, or where the processors are
 * what everything waits for, reading pieces back to prove them costs more than they bring.  One that an interrupted run
 * left has gaps. */
bool large_is(const struct fetch *f, uint32_t node)
{
	uint64_t size_bytes = node_of(f, node)->size_bytes;

	if (f->place->spread == NULL || size_bytes < f->place->spread_bytes)
		return false;
	return f->place->in_order || f->place->has_kept ||
	       (gather_source(f->gather, node)->ranges != SOURCE_RANGES_NONE &&
		size_bytes / 2 > f->left_bytes / f->width && !offload_pool_is_behind(f->gather->pool));
}

/* What stands there already has arrived, and need not be asked for. */
static void count_standing(struct fetch *f, struct large *l)
{
	uint64_t bytes = large_standing(l, 0, l->size_bytes);

	l->kept = bytes > 0;
	f->untaken_bytes -= bytes;
	if (bytes > 0)
		fetch_advance(f, l->node, bytes);
}

static enum err_code assemble(struct fetch *f, struct large *l, struct err *err)
{
	const struct node *n = node_of(f, l->node);
	struct spread *spread = NULL;
	enum err_code code = ERR_OK;

	if (f->assembler == NULL)
		code = assembler_new(f->place->in_order ? 1 : PROVERS, f->place->in_order, &f->assembler, err);
	if (code == ERR_OK)
		code = f->place->spread(f->place, l->node, !l->anew, &spread, err);
	if (code != ERR_OK)
		return code;
	code = assembly_new(f->assembler, spread, &n->digest, n->size_bytes, &l->assembly, err);
	if (code != ERR_OK)
		spread->release(spread);
	return code;
}

enum err_code large_begin(struct fetch *f, uint32_t node, struct err *err)
{
	struct large *l = calloc(1, sizeof(*l)), **last = &f->larges;
	enum err_code code;

	if (l == NULL)
		return err_nomem(err);
	l->node = node;
	l->size_bytes = node_of(f, node)->size_bytes;
	code = assemble(f, l, err);
	if (code != ERR_OK) {
		free(l);
		return code;
	}
	count_standing(f, l);
	while (*last != NULL)
		last = &(*last)->next;
	*last = l;
	f->larges_len++;
	return ERR_OK;
}

/* The answer has the whole blob where a piece of it was asked for: then the piece is all the rest. */
static enum err_code check_end(struct slot *s, size_t len, struct err *err)
{
	struct large *l = s->large;
	uint64_t standing_bytes;

	if (s->at_bytes + len <= s->end_bytes)
		return ERR_OK;
	if (s->end_bytes == l->size_bytes || l->taken_bytes != s->end_bytes)
		return err_set(err, ERR_SIZE, "%s: more bytes than were asked for",
			       node_of(s->fetch, s->node)->digest.text);
	standing_bytes = large_standing(l, s->end_bytes, l->size_bytes);
	s->fetch->untaken_bytes -= l->size_bytes - s->end_bytes - standing_bytes;
	s->again_bytes += l->anew ? 0 : standing_bytes;
	s->end_bytes = l->taken_bytes = l->size_bytes;
	return check_end(s, len, err);
}

static enum err_code meter_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct slot *s = OUTER_OF(out, struct slot, meter);
	enum err_code code = check_end(s, len, err);
	uint64_t again;

	if (code != ERR_OK)
		return code;
	s->at_bytes += len;
	again = s->again_bytes < len ? s->again_bytes : len;
	s->again_bytes -= again;
	if (again < len)
		fetch_advance(s->fetch, s->node, len - again);
	code = outstream_write(&s->offload.out, bytes, len, err);
	/* by now it is known whether the source has ranges, and there may be room for more */
	return code == ERR_OK ? fetch_wake(s->fetch, err) : code;
}

static enum err_code meter_finish(struct outstream *out, struct err *err)
{
	struct slot *s = OUTER_OF(out, struct slot, meter);

	if (s->at_bytes < s->end_bytes)
		return err_set(err, ERR_SIZE, "%s: the content ends %" PRIu64 " bytes early",
			       node_of(s->fetch, s->node)->digest.text, s->end_bytes - s->at_bytes);
	return outstream_finish(&s->offload.out, err);
}

/* On the thread that writes. */
static enum err_code tell_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct slot *s = OUTER_OF(out, struct slot, tell);
	struct assembly *x = s->large->assembly;
	enum err_code code = outstream_write(s->out, bytes, len, err);
	uint64_t end;

	if (code != ERR_OK)
		return code;
	s->written_bytes += len;
	end = s->written_bytes == x->size_bytes ? x->size_bytes
						: s->written_bytes - s->written_bytes % x->spread->step_bytes;
	if (end > s->told_bytes)
		assembly_arrived(x, s->told_bytes, end);
	s->told_bytes = end;
	return ERR_OK;
}

void piece_close(struct slot *s)
{
	struct spread *spread = s->large->assembly->spread;

	spread->close(spread, s->out);
	s->large->pieces--;
	s->large = NULL;
}

static enum err_code on_piece(void *ctx, bool there, struct err *err)
{
	return fetch_slot_done(ctx, there, err);
}

static enum err_code ask(struct slot *s, struct large *l, uint64_t from_bytes, uint64_t end_bytes, struct err *err)
{
	struct fetch *f = s->fetch;
	struct source *source = gather_source(f->gather, l->node);
	struct descriptor d = node_descriptor(node_of(f, l->node));
	struct spread *spread = l->assembly->spread;
	enum err_code code = spread->open(spread, from_bytes, &s->out, err);
	uint64_t again_bytes;

	if (code != ERR_OK) {
		l->pieces--;
		return code;
	}
	again_bytes = large_standing(l, from_bytes, end_bytes);
	f->untaken_bytes -= end_bytes - from_bytes - again_bytes;
	s->again_bytes = l->anew ? UINT64_MAX : again_bytes;
	s->node = l->node;
	s->large = l;
	s->at_bytes = s->written_bytes = s->told_bytes = from_bytes;
	s->end_bytes = end_bytes;
	s->meter = (struct outstream){ .write = meter_write, .finish = meter_finish };
	s->tell = (struct outstream){ .write = tell_write };
	code = offload_init(&s->offload, f->gather->pool, &s->tell, err);
	return code == ERR_OK ? source->blob(source, &d, from_bytes, end_bytes, &s->meter, on_piece, s, err) : code;
}

/* Of what nobody has asked for yet.  Where little may be ahead, pieces under way take a quarter of that: with the rest
 * a connection can fall behind without holding the others up. */
static uint64_t share_of(const struct fetch *f)
{
	uint64_t ahead_bytes = f->place->ahead_bytes / 4, bytes = f->untaken_bytes;

	return (ahead_bytes > 0 && ahead_bytes < bytes ? ahead_bytes : bytes) / f->width;
}

enum err_code piece_begin(struct slot *s, bool *ret_taken, struct err *err)
{
	struct fetch *f = s->fetch;
	uint64_t from_bytes, end_bytes;
	struct large *l;

	*ret_taken = false;
	for (l = f->larges; l != NULL && !*ret_taken; l = l->next) {
		enum source_ranges ranges = gather_source(f->gather, l->node)->ranges;

		if (!large_take(l, ranges, share_of(f), &from_bytes, &end_bytes))
			continue;
		*ret_taken = true;
		return ask(s, l, from_bytes, end_bytes, err);
	}
	return ERR_OK;
}

/* Everything of a blob is there and proved, or it is not what its digest says: kept bytes may be the ones that are
 * wrong. */
static enum err_code end_large(struct fetch *f, struct large *l, const struct err *failure, struct err *err)
{
	const struct node *n = node_of(f, l->node);
	bool mendable = failure->code == ERR_DIGEST && l->kept && !f->place->in_order;

	if (failure->code == ERR_DIGEST && !mendable)
		return err_set(err, ERR_DIGEST, "%s: %s", n->digest.text, failure->msg);
	if (failure->code != ERR_OK && !mendable)
		return err_set(err, failure->code, "%s", failure->msg);
	assembly_free(take_ptr(&l->assembly));
	if (failure->code == ERR_OK)
		return ERR_OK;
	fetch_note_anew(f, l->node);
	l->kept = false;
	l->anew = true;
	l->taken_bytes = 0;
	f->untaken_bytes += l->size_bytes;
	return assemble(f, l, err);
}

enum err_code large_collect(struct fetch *f, struct err *err)
{
	struct large **link = &f->larges, *l;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && (l = *link) != NULL) {
		struct err failure = { 0 };

		if (l->pieces == 0 && assembly_over(l->assembly, &failure))
			code = end_large(f, l, &failure, err);
		if (code == ERR_OK && l->assembly == NULL) {
			*link = l->next;
			f->larges_len--;
			free(l);
		} else {
			link = &l->next;
		}
	}
	return code;
}
