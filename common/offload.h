/* offload.h - the rest of a stream on another thread: the thread that receives never waits for hashing or the disk.
 *
 * Lifecycle  offload_pool_new; offload_init for each stream; write, finish;
 *            offload_release; offload_pool_free once no stream is left.
 * Bounds     OFFLOAD_ROOM_BYTES for all streams of a pool, in OFFLOAD_CHUNKS chunks
 *            for each of them.  A writer that is faster works chunks off itself:
 *            of its own stream or, where a thread has that, of any that waits.
 * Ownership  The next stage is borrowed; until finish or release has returned it
 *            belongs to the pool's threads.
 * Errors     Those of the next stage: the first one stops the stream and comes
 *            back from a later write, or from finish.
 * Threads    One thread writes; at any time at most one works for a stream, so
 *            that the next stage sees its bytes in order.
 */
#ifndef COMMON_OFFLOAD_H
#define COMMON_OFFLOAD_H

#include <stdbool.h>

#include "common/limits.h"
#include "common/stream.h"

#define OFFLOAD_ROOM_BYTES (24 * MIB)
#define OFFLOAD_CHUNK_BYTES ((size_t)(256 * KIB)) /* at most */
#define OFFLOAD_CHUNKS 16

struct offload_pool;

enum offload_state {
	OFFLOAD_IDLE,
	OFFLOAD_WAITING, /* for a thread */
	OFFLOAD_WORKED,  /* by a thread */
};

/* One stream. */
struct offload {
	struct outstream out;
	struct offload_pool *pool;
	struct outstream *next;
	char *room;                    /* owned: OFFLOAD_CHUNKS chunks */
	size_t filled[OFFLOAD_CHUNKS]; /* bytes in each */
	unsigned tail;                 /* the chunk being filled; the writer's own */
	unsigned head, queued;         /* the oldest chunk that was handed over, and how many were; under the lock */
	enum offload_state state;      /* under the lock */
	struct err failure;
	struct offload *after; /* the next stream that waits for a thread */
};

/* Threads for at most so many streams at once. */
enum err_code offload_pool_new(unsigned threads, unsigned streams, struct offload_pool **ret_pool, struct err *err);
/* True where most of what came so far came faster than it is worked off: whoever brings more at once brings nothing. */
bool offload_pool_is_behind(struct offload_pool *p);
/* NULL is fine. */
void offload_pool_free(struct offload_pool *pool);
enum err_code offload_init(struct offload *o, struct offload_pool *pool, struct outstream *next, struct err *err);
/* Wait until no thread works for it, and free its room.  A zeroed stream is fine. */
void offload_release(struct offload *o);
#endif
