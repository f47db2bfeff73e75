#include "common/offload.h"

#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define STREAMS 24

/* The next stage: proves that every byte comes in its place, and can fail or wait. */
struct sink {
	struct outstream out;
	uint64_t bytes, writes, finishes;
	uint64_t fail_at;      /* the write that fails, counted from 1; 0 for none */
	pthread_mutex_t *gate; /* passed by every write; NULL for none */
	bool wrong;
};

/* What stands at a place of every stream. */
static unsigned char byte_at(uint64_t at)
{
	return (unsigned char)(at * 31 + at / 251);
}

static enum err_code sink_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	struct sink *k = OUTER_OF(s, struct sink, out);
	const unsigned char *p = bytes;
	size_t i;

	if (k->gate != NULL) {
		pthread_mutex_lock(k->gate);
		pthread_mutex_unlock(k->gate);
	}
	if (++k->writes == k->fail_at)
		return err_set(err, ERR_DIGEST, "write %llu fails", (unsigned long long)k->writes);
	for (i = 0; i < len; i++)
		k->wrong |= p[i] != byte_at(k->bytes + i);
	k->bytes += len;
	return ERR_OK;
}

static enum err_code sink_finish(struct outstream *s, struct err *err)
{
	struct sink *k = OUTER_OF(s, struct sink, out);

	k->finishes++;
	return k->fail_at == UINT64_MAX ? err_set(err, ERR_SIZE, "finish fails") : ERR_OK;
}

static void sink_init(struct sink *k, uint64_t fail_at)
{
	*k = (struct sink){ .out = { .write = sink_write, .finish = sink_finish }, .fail_at = fail_at };
}

/* Write bytes from a place on, step at a time. */
static enum err_code put(struct offload *o, uint64_t *at, uint64_t len, size_t step, struct err *err)
{
	unsigned char *piece = malloc(step);
	uint64_t end = *at + len;
	enum err_code code = ERR_OK;

	ck_assert_ptr_nonnull(piece);
	while (code == ERR_OK && *at < end) {
		size_t n = end - *at < step ? (size_t)(end - *at) : step, i;

		for (i = 0; i < n; i++)
			piece[i] = byte_at(*at + i);
		code = outstream_write(&o->out, piece, n, err);
		*at += n;
	}
	free(piece);
	return code;
}

static const struct {
	const char *name;
	uint64_t len;
	size_t step;
} sizes[] = {
	{ "nothing", 0, 1 },
	{ "one byte", 1, 1 },
	{ "one chunk", OFFLOAD_CHUNK_BYTES, OFFLOAD_CHUNK_BYTES },
	{ "one over", OFFLOAD_CHUNK_BYTES + 1, 4099 },
	{ "one under", OFFLOAD_CHUNK_BYTES - 1, 4099 },
	{ "all chunks", OFFLOAD_CHUNKS *OFFLOAD_CHUNK_BYTES, 65536 },
	{ "round and round", 20 * OFFLOAD_CHUNK_BYTES + 7, 10007 },
	{ "more than all at once", 9 * OFFLOAD_CHUNK_BYTES + 1, 9 * OFFLOAD_CHUNK_BYTES + 1 },
};

START_TEST(in_order)
{
	struct offload_pool *pool = NULL;
	struct err err = { 0 };
	unsigned threads;

	for (threads = 1; threads <= 3; threads++) {
		CLEANUP(offload_release) struct offload o = { 0 };
		struct sink sink;
		uint64_t at = 0;

		ck_assert_int_eq(offload_pool_new(threads, 4, &pool, &err), ERR_OK);
		sink_init(&sink, 0);
		ck_assert_int_eq(offload_init(&o, pool, &sink.out, &err), ERR_OK);
		ck_assert_int_eq(put(&o, &at, sizes[_i].len, sizes[_i].step, &err), ERR_OK);
		ck_assert_int_eq(outstream_finish(&o.out, &err), ERR_OK);
		ck_assert_msg(sink.bytes == sizes[_i].len && !sink.wrong, "%s", sizes[_i].name);
		ck_assert_uint_eq(sink.finishes, 1);
		offload_release(&o);
		offload_release(&o);
		offload_pool_free(pool);
	}
}
END_TEST

/* The next stage fails at its chunk 1, 2, 3 …: that error comes back, from a write or from finish, and no more bytes
 * reach it. */
START_TEST(next_fails)
{
	const uint64_t chunks = 12;
	struct offload_pool *pool = NULL;
	uint64_t k;

	ck_assert_int_eq(offload_pool_new(2, 4, &pool, NULL), ERR_OK);
	for (k = 1; k <= chunks + 1; k++) {
		CLEANUP(offload_release) struct offload o = { 0 };
		struct sink sink;
		struct err err = { 0 };
		uint64_t at = 0;
		enum err_code got;

		sink_init(&sink, k);
		ck_assert_int_eq(offload_init(&o, pool, &sink.out, NULL), ERR_OK);
		got = put(&o, &at, chunks * OFFLOAD_CHUNK_BYTES, 50021, &err);
		if (got == ERR_OK)
			got = outstream_finish(&o.out, &err);
		ck_assert_int_eq(got, k <= chunks ? ERR_DIGEST : ERR_OK);
		ck_assert_int_eq(err.code, got);
		offload_release(&o);
		ck_assert_uint_eq(sink.writes, k <= chunks ? k : chunks);
		ck_assert_uint_eq(sink.finishes, k > chunks);
		ck_assert(!sink.wrong);
	}
	offload_pool_free(pool);
}
END_TEST

/* The same where nobody reads the message, and where the failure is the last chunk's or finish's. */
START_TEST(finish_fails)
{
	static const uint64_t fails[] = { 1, UINT64_MAX };
	struct offload_pool *pool = NULL;
	size_t i;

	ck_assert_int_eq(offload_pool_new(1, 4, &pool, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(fails); i++) {
		CLEANUP(offload_release) struct offload o = { 0 };
		struct sink sink;

		sink_init(&sink, fails[i]);
		ck_assert_int_eq(offload_init(&o, pool, &sink.out, NULL), ERR_OK);
		ck_assert_int_eq(outstream_write(&o.out, "", 1, NULL), ERR_OK);
		ck_assert_int_eq(outstream_finish(&o.out, NULL), i == 0 ? ERR_DIGEST : ERR_SIZE);
		offload_release(&o);
	}
	offload_pool_free(pool);
}
END_TEST

/* A stream that is given up while its chunks wait for the only thread: they are dropped, and nothing touches it. */
START_TEST(release_while_queued)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct offload_pool *pool = NULL;
	struct offload slow = { 0 }, given_up = { 0 };
	struct sink slow_sink, sink;
	uint64_t at = 0, other_at = 0;
	struct err err = { 0 };

	ck_assert_int_eq(offload_pool_new(1, 4, &pool, &err), ERR_OK);
	sink_init(&slow_sink, 0);
	slow_sink.gate = &gate;
	sink_init(&sink, 0);
	ck_assert_int_eq(offload_init(&slow, pool, &slow_sink.out, &err), ERR_OK);
	ck_assert_int_eq(offload_init(&given_up, pool, &sink.out, &err), ERR_OK);
	pthread_mutex_lock(&gate);
	ck_assert_int_eq(put(&slow, &at, OFFLOAD_CHUNK_BYTES, 65536, &err), ERR_OK);
	ck_assert_int_eq(put(&given_up, &other_at, 3 * OFFLOAD_CHUNK_BYTES, 65536, &err), ERR_OK);
	pthread_mutex_unlock(&gate);
	offload_release(&given_up);
	ck_assert_uint_eq(sink.finishes, 0);
	ck_assert_uint_le(sink.writes, 3);
	ck_assert_int_eq(outstream_finish(&slow.out, &err), ERR_OK);
	ck_assert_uint_eq(slow_sink.bytes, OFFLOAD_CHUNK_BYTES);
	offload_release(&slow);
	offload_pool_free(pool);
}
END_TEST

/* A next stage whose first write waits for another's. */
struct pair_sink {
	struct outstream out;
	sem_t *tells, *waits_for; /* NULL for none */
};

static enum err_code pair_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	struct pair_sink *k = OUTER_OF(s, struct pair_sink, out);

	(void)bytes, (void)len, (void)err;
	if (k->tells != NULL)
		sem_post(k->tells);
	if (k->waits_for != NULL)
		sem_wait(k->waits_for);
	k->tells = k->waits_for = NULL;
	return ERR_OK;
}

/* The only thread is busy with a stream whose room is full: its writer works for another stream meanwhile.  Here the
 * thread goes on only when that was done. */
START_TEST(writer_helps)
{
	struct offload_pool *pool = NULL;
	struct offload full = { 0 }, waiting = { 0 };
	sem_t begun, helped;
	struct pair_sink slow = { .out.write = pair_write, .tells = &begun, .waits_for = &helped };
	struct pair_sink other = { .out.write = pair_write, .tells = &helped };
	uint64_t at = 0, other_at = 0;
	struct err err = { 0 };

	sem_init(&begun, 0, 0);
	sem_init(&helped, 0, 0);
	ck_assert_int_eq(offload_pool_new(1, 2, &pool, &err), ERR_OK);
	ck_assert_int_eq(offload_init(&full, pool, &slow.out, &err), ERR_OK);
	ck_assert_int_eq(offload_init(&waiting, pool, &other.out, &err), ERR_OK);
	ck_assert_int_eq(put(&full, &at, OFFLOAD_CHUNK_BYTES, 65536, &err), ERR_OK);
	sem_wait(&begun);
	ck_assert_int_eq(put(&waiting, &other_at, OFFLOAD_CHUNK_BYTES, 65536, &err), ERR_OK);
	ck_assert_int_eq(put(&full, &at, OFFLOAD_CHUNKS * OFFLOAD_CHUNK_BYTES, 65536, &err), ERR_OK);
	ck_assert_int_eq(outstream_finish(&full.out, &err), ERR_OK);
	ck_assert_int_eq(outstream_finish(&waiting.out, &err), ERR_OK);
	offload_release(&full);
	offload_release(&waiting);
	offload_pool_free(pool);
}
END_TEST

/* Known once enough has come: most of it found the thread busy, or most of it did not. */
START_TEST(behind)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct offload_pool *pool = NULL;
	struct offload busy = { 0 }, o = { 0 };
	struct sink busy_sink, sink;
	uint64_t busy_at = 0, at = 0;
	struct err err = { 0 };

	ck_assert_int_eq(offload_pool_new(1, 4, &pool, &err), ERR_OK);
	ck_assert(!offload_pool_is_behind(pool));
	sink_init(&busy_sink, 0);
	busy_sink.gate = &gate;
	sink_init(&sink, 0);
	ck_assert_int_eq(offload_init(&busy, pool, &busy_sink.out, &err), ERR_OK);
	ck_assert_int_eq(offload_init(&o, pool, &sink.out, &err), ERR_OK);
	pthread_mutex_lock(&gate);
	ck_assert_int_eq(put(&busy, &busy_at, 8 * OFFLOAD_CHUNK_BYTES, 65536, &err), ERR_OK);
	ck_assert(!offload_pool_is_behind(pool)); /* nobody knows yet */
	ck_assert_int_eq(put(&o, &at, 16 * MIB, 100000, &err), ERR_OK);
	ck_assert(offload_pool_is_behind(pool));
	pthread_mutex_unlock(&gate);
	ck_assert_int_eq(outstream_finish(&busy.out, &err), ERR_OK);
	ck_assert_int_eq(outstream_finish(&o.out, &err), ERR_OK);
	offload_release(&o);
	offload_release(&busy);
	offload_pool_free(pool);
}
END_TEST

/* More streams than threads, fed in turns; every third is given up, every fourth fails. */
START_TEST(many)
{
	static struct offload streams[STREAMS];
	static struct sink sinks[STREAMS];
	static uint64_t at[STREAMS];
	static bool failed[STREAMS];
	struct offload_pool *pool = NULL;
	struct err err = { 0 };
	unsigned turn, i;

	ck_assert_int_eq(offload_pool_new((unsigned)_i, 4, &pool, &err), ERR_OK);
	for (i = 0; i < STREAMS; i++) {
		sink_init(&sinks[i], i % 4 == 3 ? 3 : 0);
		ck_assert_int_eq(offload_init(&streams[i], pool, &sinks[i].out, &err), ERR_OK);
	}
	for (turn = 0; turn < 40; turn++) {
		for (i = 0; i < STREAMS; i++) {
			uint64_t len = (turn * 7919 + i * 104729) % 60000;

			if (!failed[i])
				failed[i] = put(&streams[i], &at[i], len, 20011, &err) != ERR_OK;
		}
	}
	for (i = 0; i < STREAMS; i++) {
		if (i % 3 == 2)
			continue;
		if (!failed[i])
			failed[i] = outstream_finish(&streams[i].out, &err) != ERR_OK;
		ck_assert_int_eq(failed[i], i % 4 == 3);
		ck_assert(!sinks[i].wrong && (failed[i] || sinks[i].bytes == at[i]));
	}
	for (i = 0; i < STREAMS; i++)
		offload_release(&streams[i]);
	offload_pool_free(pool);
}
END_TEST

START_TEST(pool_alone)
{
	struct offload_pool *pool = NULL;
	struct offload none = { 0 };
	struct err err = { 0 };

	offload_release(&none);
	offload_pool_free(NULL);
	ck_assert_int_eq(offload_pool_new(0, 4, &pool, &err), ERR_NOMEM);
	ck_assert_ptr_null(pool);
	ck_assert_int_eq(offload_pool_new(1000, 4, &pool, &err), ERR_OK); /* as many as it will */
	offload_pool_free(pool);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("offload");
	TCase *t = tcase_create("offload");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, in_order, 0, (int)COUNT_OF(sizes));
	tcase_add_test(t, next_fails);
	tcase_add_test(t, finish_fails);
	tcase_add_test(t, release_while_queued);
	tcase_add_test(t, writer_helps);
	tcase_add_test(t, behind);
	tcase_add_loop_test(t, many, 1, 5);
	tcase_add_test(t, pool_alone);
	suite_add_tcase(s, t);
	return test_run(s);
}
