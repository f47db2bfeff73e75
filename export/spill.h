/* spill.h - in front of a place that takes one blob after the other: they are fetched side by side all the same.
 *
 * Lifecycle  spill_new; a fetch into its place; fetch_free; spill_free.
 *            Whatever arrives goes into a file without a name, which is a ring:
 *            what has been read out of it, proved and sent on, makes room for
 *            what comes later.
 * Units      Bytes; blobs count as if they stood in a row, in the order in which
 *            the fetch lists them.
 * Bounds     The file has budget_bytes at most; that is enough for all blobs, or
 *            for a step and what is written at once, at least.  Memory is needed
 *            for a blob under way only.  Nothing is asked for that has no room yet, so a
 *            slow reader stops no transfer, but delays the next.  One exception:
 *            a blob larger than the budget, of which its source gives no parts,
 *            comes alone and no faster than it is read.
 * Ownership  The place behind it and the graph are borrowed.
 * Errors     Those of the file and of the place behind it; ERR_IO where the disk
 *            has too little room.
 * Threads    The place behind it is used by the thread that proves, and once that
 *            is stopped by the one that frees.
 */
#ifndef EXPORT_SPILL_H
#define EXPORT_SPILL_H

#include "common/graph.h"
#include "export/fetch.h"

#define SPILL_STEP_BYTES ((uint64_t)4194304)   /* what is sent on at once; pieces are some of them */
#define SPILL_LEAST_BYTES ((uint64_t)67108864) /* with less room it would be no help */

struct spill;

/* A file in the folder for temporary files.  It is smaller where otherwise more than half of what is free would go. */
enum err_code spill_new(struct fetch_place *to, const struct graph *g, uint64_t budget_bytes, uint64_t step_bytes,
			struct spill **ret_spill, struct err *err);
struct fetch_place *spill_place(struct spill *s);
/* Every blob of the fetch is done with.  NULL is fine. */
void spill_free(struct spill *s);
/* Cleanup handler for struct spill *. */
void spill_free_ptr(struct spill **s);
#endif
