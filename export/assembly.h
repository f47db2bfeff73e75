/* assembly.h - blobs that are put together out of pieces, proved behind, as far as they have no gap.
 *
 * Lifecycle  assembler_new; assembly_new for each blob; assembly_arrived for what
 *            has been written of it; assembly_over; assembly_free;
 *            assembler_stop before any stream of a piece is given up;
 *            assembler_free.
 * Bounds     One digest a blob, a byte for each step, and a chunk of 64 KiB a
 *            thread.
 * Ownership  An assembly owns its spread.
 * Errors     ERR_DIGEST, ERR_IO, those of the spread.  An assembly keeps its first one,
 *            and goes no further then.
 * Threads    assembly_arrived may be called by any thread, the rest by one.
 *            Content is read back by the assembler's own threads, so that those
 *            who receive and write never wait for a digest.
 */
#ifndef EXPORT_ASSEMBLY_H
#define EXPORT_ASSEMBLY_H

#include <stdbool.h>

#include "common/spread.h"

struct assembler;

/* One blob. */
struct assembly {
	struct assembler *assembler;
	struct spread *spread; /* owned */
	uint64_t size_bytes;
	struct digest_stream digest;
	/* under the lock */
	bool *there;         /* owned: which steps are written */
	uint64_t mark_bytes; /* up to here there is no gap */
	uint64_t at_bytes;   /* up to here it was read back; less while somebody does */
	bool worked;         /* somebody does */
	bool over;
	struct err failure;
	struct assembly *next;
};

/* In order: a blob is begun when those before it are over, and not at all where one of them failed; then all spreads
 * are stopped. */
enum err_code assembler_new(unsigned threads, bool in_order, struct assembler **ret_assembler, struct err *err);
/* Begin a blob.  The spread is taken over where that succeeds; steps that stand in it are there. */
enum err_code assembly_new(struct assembler *a, struct spread *spread, const struct digest *want, uint64_t size_bytes,
			   struct assembly **ret_assembly, struct err *err);
/* Its bytes between these two places are written.  Both are multiples of a step, or the end. */
void assembly_arrived(struct assembly *x, uint64_t from_bytes, uint64_t end_bytes);
/* True when it has come to its end: with ERR_OK it is proved and finished. */
bool assembly_over(struct assembly *x, struct err *ret_failure);
/* No piece of it is open any more. */
void assembly_free(struct assembly *x);
/* A count that grows when something was read back; and wait until it is no longer what it was. */
uint64_t assembler_turns(struct assembler *a);
void assembler_wait(struct assembler *a, uint64_t seen_turns);
/* Nothing is read back any more.  NULL is fine. */
void assembler_stop(struct assembler *a);
/* Free it with all its blobs.  NULL is fine. */
void assembler_free(struct assembler *a);
#endif
