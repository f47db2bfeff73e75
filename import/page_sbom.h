/* page_sbom.h - an SBOM for people: what it says of itself, and its packages as a table.
 *
 * Trust   All of it is what the document claims.
 * Source  SPDX 2.3, clauses 6 and 7; CycloneDX 1.6, metadata and components.
 */
#ifndef IMPORT_PAGE_SBOM_H
#define IMPORT_PAGE_SBOM_H

#include "import/document.h"
#include "import/page.h"

/* A document of form DOCUMENT_SPDX or DOCUMENT_CYCLONEDX, on the page of a node. */
void page_spdx(const struct page_view *v, const struct document *d, uint32_t node);
void page_cyclonedx(const struct page_view *v, const struct document *d, uint32_t node);
#endif
