/* deep_graph.h - an image whose indexes list each other in one long chain, deeper than any stack of calls.
 *
 * It is settled, and refused for that: who goes through a graph bears it all the same.
 *
 * Errors  None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_DEEP_GRAPH_H
#define TESTS_LIB_DEEP_GRAPH_H

#include "common/graph.h"

#define DEEP_LEVELS 200000

/* A settled graph: indexes, each of which lists the next one and then a manifest, which is always the same. */
void deep_graph(struct graph *g, const char *name);
#endif
