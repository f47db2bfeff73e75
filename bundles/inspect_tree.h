/* inspect_tree.h - a bundle as a tree for people, on standard output.
 *
 * Bounds  A byte a node; statements that are read for what they claim: LIMIT_STATEMENT_PARSED_BYTES.
 * Errors  ERR_NOMEM, those of source.h.
 */
#ifndef BUNDLES_INSPECT_TREE_H
#define BUNDLES_INSPECT_TREE_H

#include "bundles/reader.h"
#include "common/graph.h"
#include "common/summary.h"

/* Print the bundle's own line, its notes, a settled graph of its images, and the sum. */
enum err_code inspect_tree_print(const struct bundle *b, const struct graph *g, const struct summary *s,
				 struct err *err);
#endif
