/* inspect_tree.h - a bundle as a tree for people, on standard output.
 *
 * Bounds     A byte a node, sixteen more where it is marked; statements that are read for
 *            what they claim: LIMIT_STATEMENT_PARSED_BYTES.
 * Errors     ERR_NOMEM, those of source.h.
 */
#ifndef BUNDLES_INSPECT_TREE_H
#define BUNDLES_INSPECT_TREE_H

#include "bundles/images.h"
#include "bundles/reader.h"
#include "common/graph.h"
#include "common/summary.h"

/* Print the bundle's own line, its notes, a settled graph of its images, and the sum.  What is signed and attested is
 * marked by what came of it; verdict is NULL where nobody asked. */
enum err_code inspect_tree_print(const struct bundle *b, const struct graph *g, const struct summary *s,
				 const struct images_verdict *verdict, struct err *err);
#endif
