/* losses.h - images of which less is attested than last time, said and reported.
 *
 * Ownership  The rows are borrowed; both sorted.
 * Rules      Platform by platform, of images that are exported now.  An image
 *            that was not there last time under its own name is held against the
 *            only one of its repository, if there was one only.  A platform that
 *            is gone has lost all that it had, unless it was not asked for.  An
 *            image that does not say what it runs on, as a manifest without an
 *            index does not, is held against each platform that is gone, and the
 *            other way round against all platforms together.
 */
#ifndef EXPORT_LOSSES_H
#define EXPORT_LOSSES_H

#include <stdio.h>

#include "export/attested.h"

struct loss {
	const struct attested_row *was;
	struct attested_row is; /* what is there in its place; no counts where nothing is */
	bool gone;              /* nothing is */
};

typedef void loss_fn(void *ctx, const struct loss *loss);

/* Tell of each; how many there are. */
size_t losses_each(const struct attested *was, const struct attested *is, loss_fn *fn, void *ctx);
/* A line for each, which names the earlier bundle; how many there are. */
size_t losses_print(const struct attested *was, const struct attested *is, const char *since, FILE *to);
/* The member "fewerAttested" of a report. */
void losses_put(const struct attested *was, const struct attested *is, struct js_out *o);
#endif
