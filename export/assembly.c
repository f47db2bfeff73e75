#include "export/assembly.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/mem.h"

#define THREADS_MAX 4
#define TURN_BYTES ((uint64_t)4194304) /* of one blob, before the next one has its turn */

struct assembler {
	pthread_mutex_t lock;
	pthread_cond_t work;     /* there is something to read back, or it is over */
	pthread_cond_t progress; /* something was read back */
	struct assembly *first, **last;
	bool in_order, stopped;
	uint64_t turns; /* how often something was read back */
	pthread_t threads[THREADS_MAX];
	unsigned threads_len;
};

static uint64_t step_of(const struct assembly *x, uint64_t at_bytes)
{
	return at_bytes / x->spread->step_bytes;
}

static void move_mark(struct assembly *x)
{
	while (x->mark_bytes < x->size_bytes && x->there[step_of(x, x->mark_bytes)])
		x->mark_bytes = x->size_bytes - x->mark_bytes < x->spread->step_bytes
					? x->size_bytes
					: x->mark_bytes + x->spread->step_bytes;
}

static bool is_ready(const struct assembly *x)
{
	return !x->over && !x->worked && (x->at_bytes < x->mark_bytes || x->mark_bytes == x->size_bytes);
}

static struct assembly *find_ready(const struct assembler *a)
{
	struct assembly *x = a->first;

	while (x != NULL && !is_ready(x) && (!a->in_order || (x->over && x->failure.code == ERR_OK)))
		x = x->next;
	return x != NULL && is_ready(x) ? x : NULL;
}

/* Read back and prove up to a place. */
static enum err_code follow(struct assembly *x, uint64_t from_bytes, uint64_t end_bytes, struct err *err)
{
	char chunk[STREAM_CHUNK_BYTES];
	enum err_code code = ERR_OK;

	while (code == ERR_OK && from_bytes < end_bytes) {
		uint64_t left = end_bytes - from_bytes;
		size_t len = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		code = instream_read(x->spread->content, chunk, len, &len, err);
		if (code == ERR_OK && len == 0)
			code = err_set(err, ERR_IO, "%s: what was written of it is gone", x->digest.want.text);
		if (code == ERR_OK)
			code = digest_stream_update(&x->digest, chunk, len, err);
		if (code == ERR_OK)
			code = outstream_write(x->spread->proved, chunk, len, err);
		from_bytes += len;
	}
	if (code == ERR_OK && end_bytes == x->size_bytes)
		code = digest_stream_final(&x->digest, err);
	if (code == ERR_OK && end_bytes == x->size_bytes)
		code = outstream_finish(x->spread->proved, err);
	return code;
}

/* Nothing is read back any more.  The lock is held. */
static void stop(struct assembler *a, const struct err *why)
{
	struct assembly *x;

	a->stopped = true;
	for (x = a->first; x != NULL; x = x->next) {
		if (x->spread->stop != NULL)
			x->spread->stop(x->spread, why);
	}
}

/* The lock is held, but not while content is read. */
static void take_turn(struct assembler *a, struct assembly *x)
{
	uint64_t from = x->at_bytes, end = x->mark_bytes - from > TURN_BYTES ? from + TURN_BYTES : x->mark_bytes;
	struct err failure = { 0 };

	x->worked = true;
	pthread_mutex_unlock(&a->lock);
	follow(x, from, end, &failure);
	pthread_mutex_lock(&a->lock);
	x->worked = false;
	x->at_bytes = end;
	x->failure = failure;
	x->over = failure.code != ERR_OK || end == x->size_bytes;
	if (a->in_order && failure.code != ERR_OK)
		stop(a, &failure);
	a->turns++;
	pthread_cond_broadcast(&a->progress);
	pthread_cond_broadcast(&a->work); /* the next one in order may be ready */
}

static void *worker(void *arg)
{
	struct assembler *a = arg;
	struct assembly *x;

	pthread_mutex_lock(&a->lock);
	while (!a->stopped) {
		x = find_ready(a);
		if (x == NULL)
			pthread_cond_wait(&a->work, &a->lock);
		else
			take_turn(a, x);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

enum err_code assembler_new(unsigned threads, bool in_order, struct assembler **ret_assembler, struct err *err)
{
	struct assembler *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(err);
	a->in_order = in_order;
	a->last = &a->first;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	pthread_cond_init(&a->progress, NULL);
	for (; a->threads_len < threads && a->threads_len < THREADS_MAX; a->threads_len++) {
		if (pthread_create(&a->threads[a->threads_len], NULL, worker, a) != 0)
			break;
	}
	if (a->threads_len == 0) {
		assembler_free(a);
		return err_set(err, ERR_NOMEM, "no thread could be started");
	}
	*ret_assembler = a;
	return ERR_OK;
}

/* What stands in the spread already is there. */
static void take_standing(struct assembly *x)
{
	struct spread *s = x->spread;
	uint64_t at;

	for (at = 0; s->stands != NULL && at < x->size_bytes; at += s->step_bytes)
		x->there[step_of(x, at)] = s->stands(s, at);
	move_mark(x);
}

enum err_code assembly_new(struct assembler *a, struct spread *spread, const struct digest *want, uint64_t size_bytes,
			   struct assembly **ret_assembly, struct err *err)
{
	struct assembly *x = calloc(1, sizeof(*x));
	enum err_code code;

	if (x == NULL)
		return err_nomem(err);
	*x = (struct assembly){ .assembler = a, .spread = spread, .size_bytes = size_bytes };
	x->there = calloc((size_t)(size_bytes / spread->step_bytes) + 1, sizeof(*x->there));
	code = x->there != NULL ? digest_stream_init(&x->digest, want, size_bytes, err) : err_nomem(err);
	if (code != ERR_OK) {
		free(x->there);
		free(x);
		return code;
	}
	take_standing(x);
	pthread_mutex_lock(&a->lock);
	*a->last = x;
	a->last = &x->next;
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
	*ret_assembly = x;
	return ERR_OK;
}

void assembly_arrived(struct assembly *x, uint64_t from_bytes, uint64_t end_bytes)
{
	struct assembler *a = x->assembler;

	assert(from_bytes % x->spread->step_bytes == 0);
	pthread_mutex_lock(&a->lock);
	for (; from_bytes < end_bytes; from_bytes += x->spread->step_bytes)
		x->there[step_of(x, from_bytes)] = true;
	move_mark(x);
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
}

bool assembly_over(struct assembly *x, struct err *ret_failure)
{
	struct assembler *a = x->assembler;
	bool over;

	pthread_mutex_lock(&a->lock);
	over = x->over;
	if (over)
		*ret_failure = x->failure;
	pthread_mutex_unlock(&a->lock);
	return over;
}

uint64_t assembler_turns(struct assembler *a)
{
	uint64_t turns;

	pthread_mutex_lock(&a->lock);
	turns = a->turns;
	pthread_mutex_unlock(&a->lock);
	return turns;
}

void assembler_wait(struct assembler *a, uint64_t seen_turns)
{
	pthread_mutex_lock(&a->lock);
	while (a->turns == seen_turns)
		pthread_cond_wait(&a->progress, &a->lock);
	pthread_mutex_unlock(&a->lock);
}

static void take_out(struct assembler *a, const struct assembly *x)
{
	struct assembly **link = &a->first;

	while (*link != x)
		link = &(*link)->next;
	*link = x->next;
	if (a->last == &x->next)
		a->last = link;
}

void assembly_free(struct assembly *x)
{
	struct assembler *a = x->assembler;

	pthread_mutex_lock(&a->lock);
	while (x->worked)
		pthread_cond_wait(&a->progress, &a->lock);
	take_out(a, x);
	pthread_mutex_unlock(&a->lock);
	digest_stream_release(&x->digest);
	x->spread->release(x->spread);
	free(x->there);
	free(x);
}

void assembler_stop(struct assembler *a)
{
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	stop(a, NULL);
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
}

void assembler_free(struct assembler *a)
{
	unsigned i;

	if (a == NULL)
		return;
	assembler_stop(a);
	for (i = 0; i < a->threads_len; i++)
		pthread_join(a->threads[i], NULL);
	while (a->first != NULL)
		assembly_free(a->first);
	pthread_cond_destroy(&a->progress);
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
