/* profile.h - index.json of a layout that every tool reads: oras, regctl, skopeo, crane, cosign, containerd.
 *
 * Lifecycle  profile_write once all blobs of the graph are in the layout; it
 *            adds the fallback indexes as blobs and gives the index's text.
 * Bounds     LIMIT_DESCRIPTION_BYTES for the index; one manifest at a time.
 * Errors     Those of layout.h; ERR_FORMAT where a tag for referrers stands for something else there; ERR_NOMEM.
 * Adding     An index of referrers that is there already keeps what it lists:
 *            the new one lists it too.
 * Format     For each image its root, under its full name and with cosign's
 *            kind; every child manifest without a name; every referrer with its
 *            type and io.containerd.manifest.subject; for every subject an index
 *            of its referrers, with their own annotations, under the tag
 *            sha256-HEX; and what cosign tags under those tags.  Children and
 *            those indexes are there for other tools alone, and say so in
 *            bundle.listed-for: a child with "parent", an index with its
 *            subject.  They are no images, and keep nothing.
 * Source     Where referrers stand in a layout is not specified (image-spec PR
 *            1171): this is what those tools look for.
 */
#ifndef BUNDLES_PROFILE_H
#define BUNDLES_PROFILE_H

#include "common/graph.h"
#include "common/layout.h"

#define PROFILE_TAG_MAX (DIGEST_TEXT_SIZE + 8)

/* cosign's tag of a referrer that is an entry of its own, sha256-HEX.sig and the like; false for one without. */
bool profile_tag(const struct graph *g, const struct link *link, char out[PROFILE_TAG_MAX]);
/* Write the entries of a settled graph to index, an empty buffer.  The layout is locked. */
enum err_code profile_write(struct layout *l, const struct graph *g, struct buf *index, struct err *err);
/* The same before any blob is there, to tell how long index.json becomes, and for nothing else: at least as long, but
 * for the digits by which the size of an index of referrers grows that is listed already. */
enum err_code profile_plan(struct layout *l, const struct graph *g, struct buf *index, struct err *err);
#endif
