/* summary.h - a settled graph in numbers, for reports. */
#ifndef COMMON_SUMMARY_H
#define COMMON_SUMMARY_H

#include <stdint.h>

#include "common/graph.h"

struct summary {
	size_t images, platforms, attestations, statements, referrers, layers, absent, prerequisites;
	size_t blobs;                 /* that are carried, manifests among them */
	size_t left_out, left_layers; /* blobs that were not asked for, and how many of them are layers */
	uint64_t bytes;               /* of everything that is carried */
	uint64_t prerequisite_bytes;  /* of layers that the target must have */
	uint64_t left_out_bytes;      /* of what is known of it: what a manifest lists is not */
	uint64_t left_layer_bytes;    /* of the layers among that */
};

/* Count the nodes of an order. */
struct summary summary_of(const struct graph *g, const uint32_t *order, size_t len);
/* "2 images, 4 platforms, 8 statements, 5 referrers", into out. */
#define SUMMARY_TEXT_MAX 160
const char *summary_text(const struct summary *s, char out[SUMMARY_TEXT_MAX]);
#endif
