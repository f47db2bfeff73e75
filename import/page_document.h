/* page_document.h - one statement, SBOM, signature or manifest for people: readable first, raw below.
 *
 * Bounds  Those of document.h, page_table.h and page_json.h.
 * Errors  Those of document_read.
 */
#ifndef IMPORT_PAGE_DOCUMENT_H
#define IMPORT_PAGE_DOCUMENT_H

#include "common/predicate.h"
#include "import/document.h"
#include "import/page.h"
#include "import/page_words.h"

/* A document that was read, of a node, as an article; level is that of its heading, 1 or 3. */
void page_document_put(const struct page_view *v, uint32_t node, const struct document *d, unsigned level);
/* The same of one that is read for it. */
enum err_code page_document(const struct page_view *v, uint32_t node, unsigned level, struct err *err);
/* What an opened document says in one line; "" where there is nothing to say. */
const char *page_claim(const struct document *d, char out[PREDICATE_TEXT_MAX]);
/* What a document is called: its predicate type where it has one, else what its node says. */
struct page_words page_words_of_document(const struct node *n, const struct document *d);
#endif
