#include "common/offload.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define THREADS_MAX 16
#define AHEAD_CHUNKS 4 /* that wait for each thread: then it has enough to do */
#define TOLD_CHUNKS 64 /* before they tell who is the slower one */

struct offload_pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a stream waits for a thread, or it is over */
	pthread_cond_t done; /* a chunk was worked off */
	struct offload *first, **last;
	bool over;
	pthread_t threads[THREADS_MAX];
	unsigned threads_len;
	size_t chunk_bytes;
	unsigned queued;          /* chunks of all streams */
	uint64_t handed, crowded; /* chunks so far, and of them those that found the threads with enough to do */
};

/* Take a stream off the line of those that wait. */
static void take_stream(struct offload_pool *p, struct offload *o)
{
	struct offload **link = &p->first;

	while (*link != o)
		link = &(*link)->after;
	*link = o->after;
	if (p->last == &o->after)
		p->last = link;
	o->after = NULL;
	o->state = OFFLOAD_WORKED;
}

/* Put a stream at the end of the line of those that wait. */
static void put_stream(struct offload_pool *p, struct offload *o)
{
	o->state = OFFLOAD_WAITING;
	*p->last = o;
	p->last = &o->after;
	pthread_cond_signal(&p->work);
}

/* Work off the oldest chunk of a stream that was taken.  The lock is held, but not while the chunk is worked on. */
static void work_chunk(struct offload_pool *p, struct offload *o)
{
	const char *chunk = o->room + o->head * p->chunk_bytes;
	size_t len = o->filled[o->head];
	bool failed = o->failure.code != ERR_OK;
	struct err err = { 0 };

	pthread_mutex_unlock(&p->lock);
	if (!failed)
		outstream_write(o->next, chunk, len, &err);
	pthread_mutex_lock(&p->lock);
	if (err.code != ERR_OK)
		o->failure = err;
	o->filled[o->head] = 0;
	o->head = (o->head + 1) % OFFLOAD_CHUNKS;
	o->queued--;
	p->queued--;
	if (o->queued == 0)
		o->state = OFFLOAD_IDLE;
	pthread_cond_broadcast(&p->done);
}

/* Work off one stream's chunks until none is left. */
static void work_off(struct offload_pool *p, struct offload *o)
{
	while (o->queued > 0)
		work_chunk(p, o);
}

static void *worker(void *arg)
{
	struct offload_pool *p = arg;
	struct offload *o;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->first == NULL && !p->over)
			pthread_cond_wait(&p->work, &p->lock);
		o = p->first;
		if (o == NULL)
			break;
		take_stream(p, o);
		work_off(p, o);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* What one chunk may hold, so that all streams together stay within their room. */
static size_t chunk_bytes(unsigned streams)
{
	size_t bytes = OFFLOAD_ROOM_BYTES / OFFLOAD_CHUNKS / (streams > 0 ? streams : 1);

	return bytes < OFFLOAD_CHUNK_BYTES ? bytes : OFFLOAD_CHUNK_BYTES;
}

enum err_code offload_pool_new(unsigned threads, unsigned streams, struct offload_pool **ret_pool, struct err *err)
{
	struct offload_pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return err_nomem(err);
	p->last = &p->first;
	p->chunk_bytes = chunk_bytes(streams);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	for (; p->threads_len < threads && p->threads_len < THREADS_MAX; p->threads_len++) {
		if (pthread_create(&p->threads[p->threads_len], NULL, worker, p) != 0)
			break;
	}
	if (p->threads_len == 0) {
		offload_pool_free(p);
		return err_set(err, ERR_NOMEM, "no thread could be started");
	}
	*ret_pool = p;
	return ERR_OK;
}

bool offload_pool_is_behind(struct offload_pool *p)
{
	bool behind;

	pthread_mutex_lock(&p->lock);
	behind = p->handed >= TOLD_CHUNKS && p->crowded > p->handed / 2;
	pthread_mutex_unlock(&p->lock);
	return behind;
}

void offload_pool_free(struct offload_pool *p)
{
	unsigned i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->over = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->threads_len; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* Until a chunk is free.  Waiting for threads that are busy helps nobody: meanwhile a chunk is worked off here, of this
 * stream or, where a thread has it already, of another one. */
static void work_or_wait(struct offload_pool *p, struct offload *o)
{
	while (o->queued == OFFLOAD_CHUNKS) {
		struct offload *mine = o->state == OFFLOAD_WAITING ? o : p->first;

		if (mine == NULL) {
			pthread_cond_wait(&p->done, &p->lock);
			continue;
		}
		take_stream(p, mine);
		work_chunk(p, mine);
		if (mine->queued > 0)
			put_stream(p, mine);
	}
}

/* Hand over the chunk that is being filled, and wait until there is another to fill. */
static enum err_code hand_over(struct offload *o, struct err *err)
{
	struct offload_pool *p = o->pool;
	enum err_code code;

	o->tail = (o->tail + 1) % OFFLOAD_CHUNKS;
	pthread_mutex_lock(&p->lock);
	p->handed++;
	p->crowded += p->queued >= AHEAD_CHUNKS * p->threads_len;
	o->queued++;
	p->queued++;
	if (o->state == OFFLOAD_IDLE)
		put_stream(p, o);
	work_or_wait(p, o);
	code = o->failure.code;
	if (code != ERR_OK)
		err_set(err, code, "%s", o->failure.msg);
	pthread_mutex_unlock(&p->lock);
	return code;
}

static enum err_code offload_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct offload *o = OUTER_OF(out, struct offload, out);
	const char *from = bytes;

	while (len > 0) {
		unsigned at = o->tail; /* not handed over, so no thread looks at it */
		size_t chunk = o->pool->chunk_bytes, room = chunk - o->filled[at], part = len < room ? len : room;
		enum err_code code = ERR_OK;

		memcpy(o->room + at * chunk + o->filled[at], from, part);
		o->filled[at] += part;
		from += part;
		len -= part;
		if (o->filled[at] == chunk)
			code = hand_over(o, err);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

static void wait_idle(struct offload *o)
{
	pthread_mutex_lock(&o->pool->lock);
	if (o->state == OFFLOAD_WAITING) {
		take_stream(o->pool, o);
		work_off(o->pool, o);
	}
	while (o->state != OFFLOAD_IDLE)
		pthread_cond_wait(&o->pool->done, &o->pool->lock);
	pthread_mutex_unlock(&o->pool->lock);
}

static enum err_code offload_finish(struct outstream *out, struct err *err)
{
	struct offload *o = OUTER_OF(out, struct offload, out);
	enum err_code code = ERR_OK;

	if (o->filled[o->tail] > 0)
		code = hand_over(o, err);
	wait_idle(o);
	if (code == ERR_OK && o->failure.code != ERR_OK)
		code = err_set(err, o->failure.code, "%s", o->failure.msg);
	return code == ERR_OK ? outstream_finish(o->next, err) : code;
}

enum err_code offload_init(struct offload *o, struct offload_pool *pool, struct outstream *next, struct err *err)
{
	*o = (struct offload){
		.out = { .write = offload_write, .finish = offload_finish },
		.pool = pool,
		.next = next,
	};
	o->room = malloc(OFFLOAD_CHUNKS * pool->chunk_bytes);
	return o->room != NULL ? ERR_OK : err_nomem(err);
}

void offload_release(struct offload *o)
{
	if (o->room == NULL)
		return;
	pthread_mutex_lock(&o->pool->lock);
	if (o->failure.code == ERR_OK)
		o->failure.code = ERR_IO; /* what is still queued is dropped, not written */
	pthread_mutex_unlock(&o->pool->lock);
	wait_idle(o);
	free(take_ptr(&o->room));
}
