#include <assert.h>
#include <stdlib.h>

#include "common/mem.h"
#include "export/fetching.h"

#define LARGES_MAX 256

void fetch_advance(struct fetch *f, uint32_t node, uint64_t bytes)
{
	f->left_bytes -= bytes;
	watch_advance(f->watch, node, bytes);
}

void fetch_note_anew(const struct fetch *f, uint32_t node)
{
	progress_note(f->watch->progress,
		      "%s: with what an interrupted run left it is not what its digest says: fetched anew",
		      f->gather->graph.nodes[node].digest.text);
}

static void close_slot(struct slot *s)
{
	offload_release(&s->offload);
	if (s->out != NULL && s->large != NULL)
		piece_close(s);
	else if (s->out != NULL)
		whole_close(s);
	s->out = NULL;
}

static enum err_code begin_whole(struct slot *s, uint32_t node, struct err *err)
{
	s->node = node;
	s->shown_bytes = 0;
	s->fetch->untaken_bytes -= s->fetch->gather->graph.nodes[node].size_bytes;
	s->fetch->next++;
	return whole_begin(s, err);
}

/* What is next: what went wrong here, a piece of what is under way, or the next blob. */
static enum err_code take(struct slot *s, bool *ret_taken, struct err *err)
{
	struct fetch *f = s->fetch;
	enum err_code code;

	*ret_taken = true;
	if (s->anew)
		return whole_begin(s, err);
	code = piece_begin(s, ret_taken, err);
	if (code != ERR_OK || *ret_taken || f->next == f->len)
		return code;
	if (!large_is(f, f->nodes[f->next])) {
		*ret_taken = true;
		return begin_whole(s, f->nodes[f->next], err);
	}
	*ret_taken = f->larges_len < LARGES_MAX;
	return *ret_taken ? large_begin(f, f->nodes[f->next++], err) : ERR_OK;
}

/* Take one after the other, for as long as the source answers at once. */
static enum err_code run_slot(struct slot *s, struct err *err)
{
	enum err_code code = ERR_OK;
	bool taken = true;

	s->running = true;
	while (code == ERR_OK && s->out == NULL && taken)
		code = take(s, &taken, err);
	s->running = false;
	return code;
}

static unsigned busy_slots(const struct fetch *f)
{
	unsigned busy = 0, i;

	for (i = 0; i < f->slots_len; i++)
		busy += f->slots[i].out != NULL || f->slots[i].running;
	return busy;
}

static bool has_place(const struct fetch *f)
{
	const struct http *http = f->gather->http;

	return busy_slots(f) < f->width + (http != NULL ? http_ending(http) : 0);
}

enum err_code fetch_wake(struct fetch *f, struct err *err)
{
	enum err_code code = ERR_OK;
	unsigned i;

	if (f->waking)
		return ERR_OK;
	f->waking = true;
	for (i = 0; code == ERR_OK && i < f->slots_len && has_place(f); i++) {
		if (f->slots[i].out == NULL && !f->slots[i].running)
			code = run_slot(&f->slots[i], err);
	}
	f->waking = false;
	return code;
}

static enum err_code not_there(const struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	const struct node *n = &f->gather->graph.nodes[s->node];

	f->left_bytes -= n->size_bytes;
	if (f->place->absent != NULL)
		return f->place->absent(f->place, s->node, err);
	return err_set(err, ERR_NOT_FOUND, "%s %s was at its source when this run began, and now it is not",
		       role_name(n->role), n->digest.text);
}

enum err_code fetch_slot_done(struct slot *s, bool there, struct err *err)
{
	enum err_code code;

	close_slot(s);
	code = there ? large_collect(s->fetch, err) : not_there(s, err);
	return code == ERR_OK && !s->running ? fetch_wake(s->fetch, err) : code;
}

enum err_code fetch_settle(struct fetch *f, bool *ret_again, struct err *err)
{
	for (;;) {
		uint64_t turns = f->assembler != NULL ? assembler_turns(f->assembler) : 0;
		enum err_code code = large_collect(f, err);

		if (code == ERR_OK)
			code = fetch_wake(f, err);
		if (code != ERR_OK)
			return code;
		if (busy_slots(f) > 0 || (f->larges == NULL && f->next == f->len)) {
			*ret_again = *ret_again || busy_slots(f) > 0;
			return ERR_OK;
		}
		assert(f->larges != NULL);
		assembler_wait(f->assembler, turns);
	}
}

static enum err_code make_slots(struct fetch *f, struct err *err)
{
	unsigned i;

	f->slots = calloc(f->slots_len, sizeof(*f->slots));
	if (f->slots == NULL)
		return err_nomem(err);
	for (i = 0; i < f->slots_len; i++)
		f->slots[i].fetch = f;
	return ERR_OK;
}

enum err_code fetch_order(const struct gather *g, uint32_t *nodes, size_t len, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *were = malloc((len + 1) * sizeof(*were));
	size_t at = 0, later = 0, i;

	if (were == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		if (gather_source(g, nodes[i])->at_once)
			nodes[at++] = nodes[i];
		else
			were[later++] = nodes[i];
	}
	for (i = 0; i < later; i++)
		nodes[at++] = were[i];
	return ERR_OK;
}

enum err_code fetch_start(struct gather *g, const uint32_t *nodes, size_t len, unsigned width,
			  struct fetch_place *place, struct watch *watch, struct fetch **ret_fetch, struct err *err)
{
	struct fetch *f = calloc(1, sizeof(*f));
	enum err_code code;
	size_t i;

	if (f == NULL)
		return err_nomem(err);
	*f = (struct fetch){
		.gather = g,
		.nodes = nodes,
		.len = len,
		.place = place,
		.watch = watch,
		.width = width,
		.slots_len = width + http_ending_max(width),
	};
	*ret_fetch = f;
	for (i = 0; i < len; i++)
		f->untaken_bytes += g->graph.nodes[nodes[i]].size_bytes;
	f->left_bytes = f->untaken_bytes;
	code = make_slots(f, err);
	return code == ERR_OK ? fetch_wake(f, err) : code;
}

void fetch_free(struct fetch *f)
{
	unsigned i;

	if (f == NULL)
		return;
	assembler_stop(f->assembler); /* first: who waits for room would wait for ever */
	for (i = 0; f->slots != NULL && i < f->slots_len; i++)
		close_slot(&f->slots[i]);
	assembler_free(f->assembler);
	while (f->larges != NULL) {
		struct large *l = f->larges;

		f->larges = l->next;
		free(l);
	}
	free(f->slots);
	free(f);
}

void fetch_free_ptr(struct fetch **f)
{
	fetch_free(*f);
}
