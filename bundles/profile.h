/* profile.h - index.json of a layout that every tool reads: oras, regctl, skopeo, crane, cosign, containerd.
 *
 * Lifecycle  profile_write once all blobs of the graph are in the layout; it
 *            adds the fallback indexes as blobs and gives the index's text.
 * Bounds     LIMIT_DESCRIPTION_BYTES for the index; one manifest at a time.
 * Errors     Those of layout.h; ERR_NOMEM.
 * Format     For each image its root, under its full name and with cosign's
 *            kind; every child manifest without a name; every referrer with its
 *            type, its own annotations and io.containerd.manifest.subject; for
 *            every subject an index of its referrers under the tag
 *            sha256-HEX; and what cosign tags under those tags.
 * Source     Where referrers stand in a layout is not specified (image-spec PR
 *            1171): this is what those tools look for.
 */
#ifndef BUNDLES_PROFILE_H
#define BUNDLES_PROFILE_H

#include "common/graph.h"
#include "common/layout.h"

/* Write the entries of a settled graph to index, an empty buffer. */
enum err_code profile_write(struct layout *l, const struct graph *g, struct buf *index, struct err *err);
#endif
