#include "import/page_layers.h"

#include "common/text.h"

#define LAYERS_MAX ((size_t)1000)

uint64_t page_layers_bytes(const struct graph *g, const struct node *n)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < n->edges_len; i++)
		bytes += g->nodes[g->edges[n->edges + i].to].size_bytes;
	return bytes;
}

static void put_state(struct html *h, const struct node *n)
{
	if (n->absent) {
		html_raw(h, "<span class=\"missing\">absent at the source</span>");
	} else if (n->left_out) {
		html_raw(h, "<span class=\"missing\">left out</span>");
	} else if (n->holder.image != NULL) {
		html_raw(h, "<span class=\"missing\">the target must have it</span>, as of ");
		page_text(h, n->holder.image);
	} else {
		html_raw(h, "here");
	}
}

static void put_row(const struct page_view *v, uint32_t node)
{
	const struct node *n = &v->graph->nodes[node];
	bool opens = page_opens(v, node);
	struct html *h = v->html;

	html_raw(h, "<tr><th scope=\"row\">");
	if (opens)
		page_link(v, node);
	html_raw(h, n->role == ROLE_CONFIG ? "Config" : n->role == ROLE_LAYER ? "Layer" : "Blob");
	if (opens)
		html_end(h);
	html_raw(h, "</th><td>");
	page_digest(h, n->digest.text);
	html_raw(h, "</td><td class=\"mono\">");
	page_text(h, n->media_type);
	html_raw(h, "</td><td>");
	put_state(h, n);
	html_raw(h, "</td><td class=\"number\">");
	page_size(h, n->size_bytes);
	html_raw(h, "</td></tr>\n");
}

void page_layers(const struct page_view *v, uint32_t node)
{
	const struct node *n = &v->graph->nodes[node];
	char size[TEXT_SIZE_MAX], count[PAGE_COUNT_MAX];
	struct html *h = v->html;
	size_t i;

	if (n->edges_len == 0)
		return;
	html_raw(h, "<details><summary>");
	html_printf(h, "Config and layers: %s blobs, %s", page_count(n->edges_len, count),
		    text_size(page_layers_bytes(v->graph, n), size));
	html_raw(h, "</summary>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
		    "aria-label=\"Table of config and layers\"><table class=\"rows\"><caption>");
	html_raw(h, "In the order of the manifest</caption><thead><tr><th scope=\"col\">Blob</th><th "
		    "scope=\"col\">Digest</th>"
		    "<th scope=\"col\">Media type</th><th scope=\"col\">Where</th><th scope=\"col\" "
		    "class=\"number\">Size</th>"
		    "</tr></thead>\n<tbody>\n");
	for (i = 0; i < n->edges_len && i < LAYERS_MAX; i++)
		put_row(v, v->graph->edges[n->edges + i].to);
	html_raw(h, "</tbody></table></div>");
	if (i < n->edges_len) {
		html_begin(h, "p", "cut");
		html_printf(h, "%s more are not shown here: the manifest lists them all.",
			    page_count(n->edges_len - i, count));
		html_end(h);
	}
	html_raw(h, "</details>\n");
}
