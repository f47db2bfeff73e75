/* page_words.h - what predicate types, artifact types and media types are called on a page for people.
 *
 * Bounds  Constant texts; a type that is not known has no name, and is shown as it is.
 * Trust   A type is what somebody wrote on a thing; that it is such a thing is a claim.
 */
#ifndef IMPORT_PAGE_WORDS_H
#define IMPORT_PAGE_WORDS_H

#include "common/graph.h"

struct page_words {
	const char *kind; /* one word: "Provenance", "SBOM", "Signature" */
	const char *name; /* "SLSA provenance v1" */
};

/* The words for a type, which may be NULL; NULL where it is not known. */
const struct page_words *page_words_of(const char *type);
/* The words for a node: by its predicate type, else its artifact type, else its media type; where that is not known, by
 * its role, with the type as its name. */
struct page_words page_words_of_node(const struct node *n);
#endif
