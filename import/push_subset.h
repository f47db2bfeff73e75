/* push_subset.h - indexes that list what the registry would lack, and new ones in their place.
 *
 * Lifecycle  push_subset_make once it is known what is there; push_mark.
 * Format     The new index is the old one, without the entries that are missing, and with an annotation that names the
 *            old one's digest.  The same entries give the same bytes.
 * Errors     ERR_UNSUPPORTED (nothing is left of an index, or one below another is not whole), those of plan.h.
 */
#ifndef IMPORT_PUSH_SUBSET_H
#define IMPORT_PUSH_SUBSET_H

#include "import/push.h"

#define ANNOTATION_SUBSET_OF "bundle.subset-of"

/* Where push->subset_index: make push->others for roots that are not whole. */
enum err_code push_subset_make(struct push *p, struct err *err);
/* The first thing that a manifest lists, and that a repository would lack; NODE_NONE where it is whole. */
uint32_t push_subset_lack(const struct push *p, uint32_t node, uint32_t repository);
#endif
