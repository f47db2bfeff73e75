#include "import/page_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/summary.h"
#include "common/text.h"
#include "import/page_document.h"
#include "import/page_image.h"

#define LISTED_MAX ((size_t)2000)

struct report {
	const struct bundle *bundle;
	struct page_view view;
	struct html html;
	struct page_links links;
	uint64_t max_bytes;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void put_notes(struct html *h, const struct description_notes *notes)
{
	char text[64];
	size_t i;

	if (notes->stream != NULL) {
		page_fact(h, "Stream", true, notes->stream);
		snprintf(text, sizeof(text), "%" PRIu64, notes->serial);
		page_fact(h, "Serial", true, text);
	}
	for (i = 0; i < notes->annotations_len; i++)
		page_fact(h, notes->annotations[i].key, true, notes->annotations[i].value);
}

/* What is not in the file, and who is to have it. */
static void put_gaps(struct html *h, const struct summary *s)
{
	char size[TEXT_SIZE_MAX], text[160];

	if (s->prerequisites > 0) {
		snprintf(text, sizeof(text), "%zu layer%s of %s: the target must have %s", s->prerequisites,
			 s->prerequisites == 1 ? "" : "s", text_size(s->prerequisite_bytes, size),
			 s->prerequisites == 1 ? "it" : "them");
		page_fact(h, "Presupposed", false, text);
	}
	if (s->left_layers > 0) {
		snprintf(text, sizeof(text), "%zu layer%s", s->left_layers, s->left_layers == 1 ? "" : "s");
		page_fact(h, "Left out", false, text);
	}
	if (s->absent > 0) {
		snprintf(text, sizeof(text), "%zu blob%s", s->absent, s->absent == 1 ? "" : "s");
		page_fact(h, "Absent at the source", false, text);
	}
}

static enum err_code put_facts(struct report *r, struct err *err)
{
	const struct graph *g = r->view.graph;
	CLEANUP(free_ptr) uint32_t *order = NULL;
	char text[SUMMARY_TEXT_MAX];
	struct html *h = &r->html;
	struct summary s;
	size_t len = 0;
	enum err_code code = graph_order(g, &order, &len, err);

	if (code != ERR_OK)
		return code;
	s = summary_of(g, order, len);
	page_facts_begin(h);
	page_fact(h, "Contents", false, summary_text(&s, text));
	page_fact_begin(h, "File", false);
	page_size(h, bundle_size(r->bundle));
	page_fact_end(h);
	page_fact_begin(h, "Description", false);
	page_digest(h, bundle_digest(r->bundle)->text);
	page_fact_end(h);
	put_notes(h, &bundle_description(r->bundle)->notes);
	put_gaps(h, &s);
	page_facts_end(h);
	return ERR_OK;
}

static void put_top(struct report *r)
{
	struct html *h = &r->html;

	html_raw(h, "<header class=\"top\"><p class=\"brand\">bundle report</p></header>\n<main id=\"content\">\n<h1>");
	page_text(h, r->view.file);
	html_raw(h, "</h1>\n");
	html_raw(h, "<p class=\"caution\">This report shows what the bundle holds and what is said in it. It gives no "
		    "verdict: it travels with the bundle, and whoever could change the one could change the other. "
		    "Neither seals nor signatures were verified, and no policy was asked: "
		    "<code>bundle verify --key PUB --policy POLICY FILE</code> does that.</p>\n");
}

static void put_list_row(struct report *r, struct tree *tree, const struct image *image)
{
	struct html *h = &r->html;
	char count[PAGE_COUNT_MAX];

	tree_of(tree, image);
	html_raw(h, "<tr><th scope=\"row\">");
	html_begin(h, "a", NULL);
	html_attr_prefixed(h, "href", "#image:", image->name);
	page_text(h, image->name);
	html_end(h);
	html_raw(h, "</th><td class=\"number\">");
	html_text(h, page_count(tree->found_len, count));
	html_raw(h, "</td><td>");
	page_digest(h, r->view.graph->nodes[image->root].digest.text);
	html_raw(h, "</td></tr>\n");
}

static void put_list(struct report *r, struct tree *tree)
{
	const struct graph *g = r->view.graph;
	struct html *h = &r->html;
	char count[PAGE_COUNT_MAX];
	size_t i;

	html_raw(h, "<nav aria-label=\"Images of this bundle\"><div class=\"scroll\" role=\"region\" tabindex=\"0\" "
		    "aria-label=\"Table of images\"><table class=\"rows\" data-rows=\"images\"><caption>");
	html_printf(h, "%s image%s", page_count(g->images_len, count), g->images_len == 1 ? "" : "s");
	html_raw(h, "</caption><thead><tr><th scope=\"col\">Image</th><th scope=\"col\" class=\"number\">Platforms</th>"
		    "<th scope=\"col\">Digest</th></tr></thead>\n<tbody>\n");
	for (i = 0; i < g->images_len && i < LISTED_MAX; i++)
		put_list_row(r, tree, &g->images[i]);
	html_raw(h, "</tbody></table></div>");
	if (i < g->images_len) {
		html_begin(h, "p", "cut");
		html_printf(h, "%s more are not listed here: bundle inspect FILE lists them all.",
			    page_count(g->images_len - i, count));
		html_end(h);
	}
	html_raw(h, "</nav>\n");
}

static enum err_code put_images(struct report *r, struct page_images *images, struct err *err)
{
	const struct graph *g = r->view.graph;
	struct html *h = &r->html;
	enum err_code code = ERR_OK;
	char count[PAGE_COUNT_MAX];
	size_t i;

	h->max_bytes = r->max_bytes / 2;
	for (i = 0; code == ERR_OK && i < g->images_len && !html_is_full(h); i++)
		code = page_image(images, &g->images[i], 2, err);
	if (code != ERR_OK || i == g->images_len)
		return code;
	html_begin(h, "p", "cut");
	html_printf(h, "%s more images do not fit into this report: bundle report FILE IMAGE writes one of one image.",
		    page_count(g->images_len - i, count));
	html_end(h);
	return ERR_OK;
}

/* A link led here, so here is what it is and how to get it. */
static void put_unread(struct html *h, const struct node *n)
{
	html_begin(h, "p", "cut");
	html_attr(h, "id", n->digest.text);
	html_text(h, "Does not fit into this report: bundle cat FILE ");
	html_text(h, n->digest.text);
	html_end(h);
	html_raw(h, "\n");
}

static enum err_code put_documents(struct report *r, struct err *err)
{
	const struct graph *g = r->view.graph;
	struct html *h = &r->html;
	enum err_code code = ERR_OK;
	size_t i;

	h->max_bytes = r->max_bytes;
	if (r->links.len == 0)
		return ERR_OK;
	html_raw(h, "<section class=\"documents\" aria-labelledby=\"documents\">"
		    "<h2 id=\"documents\">Statements, SBOMs and signatures</h2>\n");
	for (i = 0; code == ERR_OK && i < r->links.len; i++) {
		if (html_is_full(h))
			put_unread(h, &g->nodes[r->links.nodes[i]]);
		else
			code = page_document(&r->view, r->links.nodes[i], 3, err);
	}
	html_raw(h, "</section>\n");
	return code;
}

static enum err_code put_all(struct report *r, struct err *err)
{
	CLEANUP(page_images_release) struct page_images images = { 0 };
	char policy[PAGE_POLICY_MAX];
	enum err_code code = page_policy(false, policy, err);

	if (code == ERR_OK)
		code = page_images_init(&images, &r->view, err);
	if (code != ERR_OK)
		return code;
	page_begin(&r->html, r->view.file, policy);
	put_top(r);
	code = put_facts(r, err);
	if (code == ERR_OK && r->view.graph->images_len > 1)
		put_list(r, &images.tree);
	if (code == ERR_OK)
		code = put_images(r, &images, err);
	if (code == ERR_OK)
		code = put_documents(r, err);
	if (code != ERR_OK)
		return code;
	page_end(&r->html);
	return html_finish(&r->html, err);
}

enum err_code page_report(const struct bundle *b, const struct graph *g, struct source *source, uint64_t max_bytes,
			  struct outstream *to, struct err *err)
{
	CLEANUP(free_ptr) bool *linked = calloc(g->nodes_len + 1, sizeof(*linked));
	CLEANUP(free_ptr) uint32_t *nodes = calloc(g->nodes_len + 1, sizeof(*nodes));
	struct report r = { .bundle = b, .max_bytes = max_bytes, .links = { .linked = linked, .nodes = nodes } };

	if (linked == NULL || nodes == NULL)
		return err_nomem(err);
	html_init(&r.html, to, max_bytes);
	r.view = (struct page_view){
		.html = &r.html,
		.graph = g,
		.source = source,
		.file = base_name(bundle_path(b)),
		.links = &r.links,
		.claims_left = PAGE_CLAIMS,
	};
	return put_all(&r, err);
}
