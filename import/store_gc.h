/* store_gc.h - what of a layout no image leads to, and taking it away.
 *
 * Lifecycle  store_gc_find; look; store_gc_run where it is to go; store_gc_release.
 * Bounds     LIMIT_NODES blobs.
 * Ownership  The layout is borrowed; for store_gc_run it is locked, and was when it was looked at.
 * Errors     Those of reach.h and common/layout.h.  A layout with an image that cannot be read is refused: what that
 *            leads to nobody knows.
 * Rules      Kept is what an image leads to, referrers of all it leads to among it, and what an entry of its own names.
 *            A referrer whose subject no image leads to goes, and so does what is listed for other tools alone and
 *            belongs to nothing that is kept.  Entries go before blobs, so that a run that is killed leaves blobs at
 *            most.
 */
#ifndef IMPORT_STORE_GC_H
#define IMPORT_STORE_GC_H

#include "common/layout.h"

struct store_waste {
	struct digest digest;
	uint64_t size_bytes;
};

struct store_gc {
	struct layout *layout;
	struct store_waste *blobs; /* in no order */
	size_t blobs_len, blobs_cap;
	uint64_t bytes;
	bool *drop; /* by entry of index.json */
	size_t drop_len;
};

enum err_code store_gc_find(struct layout *l, struct store_gc *ret_gc, struct err *err);
enum err_code store_gc_run(struct store_gc *gc, struct err *err);
/* A zeroed one is fine. */
void store_gc_release(struct store_gc *gc);
#endif
