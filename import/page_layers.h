/* page_layers.h - what a platform runs on: its config and layers as a table that is folded at first. */
#ifndef IMPORT_PAGE_LAYERS_H
#define IMPORT_PAGE_LAYERS_H

#include "import/page.h"

/* The sizes of all that a manifest lists. */
uint64_t page_layers_bytes(const struct graph *g, const struct node *n);
void page_layers(const struct page_view *v, uint32_t node);
#endif
