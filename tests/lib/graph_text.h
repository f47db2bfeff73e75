/* graph_text.h - a settled graph as text: two graphs that say the same have the same text, wherever their nodes lie.
 *
 * Errors  None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_GRAPH_TEXT_H
#define TESTS_LIB_GRAPH_TEXT_H

#include "common/graph.h"

/* Order, roles, facts, owners, links and images; the caller frees it. */
char *graph_text(const struct graph *g);
/* The line of b where it begins to differ from a. */
const char *first_difference(const char *a, const char *b);
#endif
