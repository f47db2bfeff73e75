/* page_provenance.h - SLSA provenance for people: who says to have built it, from what, with which materials.
 *
 * Trust   All of it is what the statement claims; the builder above all.
 * Source  SLSA provenance v0.2 and v1; BuildKit docs/attestations/slsa-definitions.md.
 */
#ifndef IMPORT_PAGE_PROVENANCE_H
#define IMPORT_PAGE_PROVENANCE_H

#include "import/document.h"
#include "import/page.h"

/* A document of form DOCUMENT_SLSA_V1 or DOCUMENT_SLSA_V02, on the page of a node. */
void page_slsa_v1(const struct page_view *v, const struct document *d, uint32_t node);
void page_slsa_v02(const struct page_view *v, const struct document *d, uint32_t node);
#endif
