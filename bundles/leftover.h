/* leftover.h - what an interrupted run left beside the file: whether it is ours, and where its layers stand.
 *
 * Lifecycle  leftover_recognise says what a part is; leftover_map finds the
 *            layers of one that has a head; leftover_find; leftover_release.
 * Units      Bytes; file offsets.
 * Bounds     Those of a description: a leftover is input from outside like any
 *            other file.
 * Ownership  A mapped leftover owns what it found out, and the part once that
 *            was moved into it.  It does not move in memory.
 * Errors     ERR_CONFLICT (not ours, or of a newer program), ERR_NOMEM.  A
 *            leftover that does not prove its description has no layers.
 * Source     head.h and shape.h.  Layers begin only when everything in front of
 *            them is on the disk, so frames are found from the front.
 */
#ifndef BUNDLES_LEFTOVER_H
#define BUNDLES_LEFTOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "bundles/description.h"
#include "bundles/frame_read.h"
#include "bundles/head.h"
#include "bundles/part.h"
#include "bundles/shape.h"

struct leftover {
	struct part part;       /* owned */
	struct frame_file file; /* its name, descriptor and frames */
	struct seek_table seek;
	struct description description;
	struct shape shape;
	uint64_t *places; /* owned: where in the file each raw blob begins, 0 where that is not known */
	uint64_t bytes;   /* how much content of raw blobs there seems to be */
};

/* Read the head; ret_head->encoder is 0 where there is none, because the run ended before it was written. */
enum err_code leftover_recognise(const struct part *p, struct head *ret_head, struct err *err);
/* Find out what a part with this head holds.  The part stays where it is. */
enum err_code leftover_map(struct leftover *l, const struct part *p, const struct head *h, struct err *err);
/* Where in the file a raw blob begins; 0 where it is not there. */
uint64_t leftover_find(const struct leftover *l, const struct digest *digest, uint64_t size_bytes);
/* A zeroed leftover is fine. */
void leftover_release(struct leftover *l);
#endif
