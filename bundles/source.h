/* source.h - a bundle as a source of images, so that it can feed whatever a registry can.
 *
 * Lifecycle  bundle_source_new, then common/source.h.
 * Bounds     One manifest of LIMIT_MANIFEST_BYTES at a time for each step of depth.
 * Ownership  The bundle is borrowed and must outlive the source.
 * Errors     ERR_DAMAGED where content is not what its digest says, or a
 *            manifest cannot be read; those of
 *            reader.h; ERR_UNSUPPORTED for a layer's bytes out of a pipe.  Every
 *            answer comes at once.
 */
#ifndef BUNDLES_SOURCE_H
#define BUNDLES_SOURCE_H

#include "bundles/reader.h"
#include "common/source.h"

/* What refers to a subject, by a description, as a source tells it. */
enum err_code description_tell(const struct description *d, const struct digest *subject, source_referrers_fn *done,
			       void *ctx, struct err *err);
enum err_code bundle_source_new(const struct bundle *b, struct source **ret_source, struct err *err);
#endif
