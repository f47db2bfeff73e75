/* index.h - index.json, as the Docker daemon and containerd read it.
 *
 * Bounds  What the stream allows.
 * Errors  Those of the stream; ERR_NOMEM.
 * Format  One entry for each image, by name, under its full name as image.name
 *         and ref.name; then one for each referrer that is there, by subject,
 *         with the annotation io.containerd.manifest.subject.  Nothing else: an
 *         entry without either would become a dangling image.  The same graph
 *         gives the same bytes.
 * Source  OCI Image Specification 1.1, image-layout.md; containerd core/images/archive.
 */
#ifndef BUNDLES_INDEX_H
#define BUNDLES_INDEX_H

#include "common/err.h"
#include "common/graph.h"
#include "common/js.h"
#include "common/stream.h"

/* Write the index of a settled graph, as it stands in a bundle. */
enum err_code index_write(const struct graph *g, struct outstream *out, struct err *err);
/* The beginning of an entry of any such index: what it is. */
void index_begin_entry(struct js_out *o, const struct node *n);
/* An image's entry, under its name. */
void index_put_image(struct js_out *o, const struct graph *g, const struct image *image);
#endif
