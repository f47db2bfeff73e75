/* page.h - what all pages for people are made of: head and foot, links, digests, sizes, facts, words of caution.
 *
 * Lifecycle  page_begin; content; page_end; html_finish.
 * Bounds     Texts from outside are cut at PAGE_TEXT_MAX bytes; the page itself by whoever fills it (html_is_full).
 * Ownership  A view borrows everything.
 * Errors     Those of html.h, at its end.
 * Trust      A page repeats what a bundle or store says.  It never shows a verdict: a page may travel with what it
 *            is about.  Its policy lets it load nothing and run nothing but its own style and script, so that
 *            text which got past all else would still do nothing.
 * Source     Content Security Policy Level 3; WAI-ARIA 1.2; WCAG 2.2 level AA.
 */
#ifndef IMPORT_PAGE_H
#define IMPORT_PAGE_H

#include "common/graph.h"
#include "common/source.h"
#include "import/html.h"

#define PAGE_TEXT_MAX 1024
#define PAGE_POLICY_MAX 512

/* Documents in the order in which they are linked, each once. */
struct page_links {
	bool *linked;    /* by node */
	uint32_t *nodes; /* as many as there are nodes */
	size_t len;
};

struct page_view {
	struct html *html;
	const struct graph *graph; /* settled; of one image where it is served */
	struct source *source;     /* answers at once */
	const char *image;         /* served: whose page it is */
	const char *file;          /* a report of this bundle; NULL: served */
	struct page_links *links;  /* of a report: what links lead to, so it has to follow */
	size_t claims_left;        /* how many documents are still read for a line about them */
	const char *query;         /* served: rows that hold this; NULL: all */
	size_t from;               /* served: the first row */
};

extern const char page_style[], page_script[];

/* Content-Security-Policy of all pages; served or, as a report, on its own. */
enum err_code page_policy(bool served, char out[PAGE_POLICY_MAX], struct err *err);
/* Everything up to the content, which stands in <main>; the policy is written for a report, and NULL where a header
 * has it. */
void page_begin(struct html *h, const char *title, const char *policy);
void page_end(struct html *h);
/* One step of the way to this page: a link where to is not NULL. */
void page_trail(struct html *h, const char *image, const char *here);
/* A text from outside, cut. */
void page_text(struct html *h, const char *text);
/* A digest, shown short, whole for who points at it, copies or hears it. */
void page_digest(struct html *h, const char *digest);
void page_size(struct html *h, uint64_t size_bytes);
/* "1,234" */
#define PAGE_COUNT_MAX 32
const char *page_count(uint64_t count, char out[PAGE_COUNT_MAX]);
/* The word that marks what nobody has proved. */
void page_claimed(struct html *h);
/* A list of facts; each with its own markup between begin and end, or a text; NULL and "" leave it out. */
void page_facts_begin(struct html *h);
void page_fact_begin(struct html *h, const char *name, bool claimed);
void page_fact_end(struct html *h);
void page_fact(struct html *h, const char *name, bool claimed, const char *text);
void page_facts_end(struct html *h);
/* Begin a link to the page or place of a document; html_end ends it. */
void page_link(const struct page_view *v, uint32_t node);
/* True for what can be opened: its bytes are here and it is no layer; of a report, it is a statement or another
 * attachment. */
bool page_opens(const struct page_view *v, uint32_t node);
#endif
