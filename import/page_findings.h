/* page_findings.h - what is known of vulnerabilities, for people: OpenVEX documents and scans.
 *
 * Trust   All of it is what the statement claims.
 * Source  OpenVEX 0.2.0; in-toto vulns predicate 0.1 and 0.2; cosign's vulnerability scan record.
 */
#ifndef IMPORT_PAGE_FINDINGS_H
#define IMPORT_PAGE_FINDINGS_H

#include "import/document.h"
#include "import/page.h"

/* A document of form DOCUMENT_OPENVEX or DOCUMENT_SCAN, on the page of a node. */
void page_openvex(const struct page_view *v, const struct document *d, uint32_t node);
void page_scan(const struct page_view *v, const struct document *d, uint32_t node);
#endif
