#include "import/page_image_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "import/page_layers.h"
#include "import/page_words.h"

#define PLATFORMS_TEXT_MAX 512

enum err_code page_images_init(struct page_images *p, struct page_view *v, struct err *err)
{
	const struct graph *g = v->graph;
	size_t i;

	*p = (struct page_images){ .view = v };
	p->shown = calloc(g->nodes_len + 1, sizeof(*p->shown));
	p->tied = calloc(g->nodes_len + 1, sizeof(*p->tied));
	if (p->shown == NULL || p->tied == NULL)
		return err_nomem(err);
	for (i = 0; i < g->links_len; i++)
		p->tied[g->links[i].referrer] = true;
	return tree_init(&p->tree, g, err);
}

void page_images_release(struct page_images *p)
{
	tree_release(&p->tree);
	free(p->shown);
	free(p->tied);
	*p = (struct page_images){ 0 };
}

/* All that it runs on, as far as they fit. */
static const char *platforms_of(const struct graph *g, uint32_t node, char out[PLATFORMS_TEXT_MAX])
{
	const char *one;
	size_t len = 0, i;

	snprintf(out, PLATFORMS_TEXT_MAX, "%s", "platform not named");
	for (i = 0; (one = graph_platform(g, node, i)) != NULL && len < PLATFORMS_TEXT_MAX; i++)
		len += (size_t)snprintf(out + len, PLATFORMS_TEXT_MAX - len, "%s%s", i > 0 ? ", " : "", one);
	return out;
}

static void put_platform_heading(struct page_images *p, uint32_t node, unsigned level)
{
	const struct node *n = page_node(p, node);
	struct html *h = p->view->html;
	char platform[PLATFORMS_TEXT_MAX];

	html_begin(h, "div", "head");
	html_begin(h, level == 1 ? "h2" : "h3", NULL);
	page_text(h, platforms_of(p->view->graph, node, platform));
	html_end(h);
	html_raw(h, " ");
	page_digest(h, n->digest.text);
	html_raw(h, " ");
	if (!n->absent && !n->left_out)
		page_size(h, page_layers_bytes(p->view->graph, n));
	page_put_state(h, n);
	html_end(h);
	html_raw(h, "\n");
}

static enum err_code put_platform(struct page_images *p, uint32_t node, unsigned level, struct err *err)
{
	const struct node *n = page_node(p, node);
	struct html *h = p->view->html;
	enum err_code code = ERR_OK;

	html_begin(h, "section", "platform");
	if (!p->shown[node])
		html_attr(h, "id", n->digest.text);
	put_platform_heading(p, node, level);
	if (p->shown[node]) {
		html_raw(h, "<p class=\"note\">");
		html_begin(h, "a", NULL);
		html_attr_prefixed(h, "href", "#", n->digest.text);
		html_text(h, "Shown above, with another image");
		html_end(h);
		html_raw(h, "</p>");
	} else {
		p->shown[node] = true;
		code = page_put_attested(p, node, err);
		if (code == ERR_OK)
			page_layers(p->view, node);
	}
	html_end(h);
	html_raw(h, "\n");
	return code;
}

/* Platforms that are not here need no more than a line each. */
static void put_missing(struct page_images *p)
{
	struct html *h = p->view->html;
	char platform[PLATFORMS_TEXT_MAX];
	size_t i, count = 0;

	for (i = 0; i < p->tree.found_len && !html_is_full(h); i++) {
		const struct node *n = page_node(p, p->tree.found[i]);

		if (!n->absent && !n->left_out)
			continue;
		if (count++ == 0)
			html_raw(h, "<section class=\"platform\"><ul class=\"tree\">");
		html_begin(h, "li", NULL);
		html_begin(h, "div", "row");
		html_element(h, "span", "what", platforms_of(p->view->graph, p->tree.found[i], platform));
		html_raw(h, " ");
		page_digest(h, n->digest.text);
		page_put_state(h, n);
		html_end(h);
		html_end(h);
	}
	if (count > 0)
		html_raw(h, "</ul></section>\n");
}

static enum err_code put_platforms(struct page_images *p, unsigned level, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < p->tree.found_len && !html_is_full(p->view->html); i++) {
		const struct node *n = page_node(p, p->tree.found[i]);

		if (!n->absent && !n->left_out)
			code = put_platform(p, p->tree.found[i], level, err);
	}
	if (code == ERR_OK)
		put_missing(p);
	return code;
}

/* Attestations that an index lists and that are about nothing which is here. */
static enum err_code put_strays(struct page_images *p, const struct node *index, struct err *err)
{
	const struct graph *g = p->view->graph;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < index->edges_len && !html_is_full(p->view->html); i++) {
		uint32_t to = g->edges[index->edges + i].to;

		if (g->nodes[to].role == ROLE_ATTESTATION && !p->tied[to] && !p->shown[to] && !g->nodes[to].left_out)
			code = page_put_referrer(p, to, LINK_SUBJECT, 1, err);
	}
	return code;
}

/* The root, where it is an index: what is said about the whole. */
static enum err_code put_index(struct page_images *p, uint32_t node, unsigned level, struct err *err)
{
	struct html *h = p->view->html;
	enum err_code code;

	html_raw(h, "<section class=\"platform\"><div class=\"head\">");
	html_element(h, level == 1 ? "h2" : "h3", NULL, "The image as a whole");
	html_raw(h, "</div>\n<ul class=\"tree\">\n");
	code = page_put_referrers(p, node, 1, err);
	if (code == ERR_OK)
		code = put_strays(p, page_node(p, node), err);
	html_raw(h, "</ul></section>\n");
	return code;
}

static bool says_of_whole(const struct page_images *p, uint32_t root)
{
	const struct node *n = page_node(p, root);
	const struct link *links;
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		uint32_t to = p->view->graph->edges[n->edges + i].to;

		if (page_node(p, to)->role == ROLE_ATTESTATION && !p->tied[to] && !page_node(p, to)->left_out)
			return true;
	}
	return graph_links_of(p->view->graph, root, &links) > 0;
}

static void put_facts(struct page_images *p, const struct image *image)
{
	const struct node *root = page_node(p, image->root);
	struct page_words words = page_words_of_node(root);
	struct html *h = p->view->html;
	char text[64];

	page_facts_begin(h);
	page_fact_begin(h, "Digest", false);
	page_digest(h, root->digest.text);
	page_fact_end(h);
	page_fact_begin(h, "Type", false);
	if (page_opens(p->view, image->root))
		page_link(p->view, image->root);
	else
		html_begin(h, "span", NULL);
	page_text(h, words.name);
	html_end(h);
	page_fact_end(h);
	snprintf(text, sizeof(text), "%zu", p->tree.found_len);
	if (root->role == ROLE_INDEX)
		page_fact(h, "Platforms", false, text);
	page_facts_end(h);
}

enum err_code page_image(struct page_images *p, const struct image *image, unsigned level, struct err *err)
{
	const struct node *root = page_node(p, image->root);
	struct html *h = p->view->html;
	enum err_code code = ERR_OK;
	bool again = root->role == ROLE_INDEX && p->shown[image->root];

	tree_of(&p->tree, image);
	html_begin(h, "article", "image");
	html_attr_prefixed(h, "id", "image:", image->name);
	html_begin(h, level == 1 ? "h1" : "h2", "name");
	page_text(h, image->name);
	html_end(h);
	html_raw(h, "\n");
	put_facts(p, image);
	if (again)
		html_raw(h, "<p class=\"note\">The same image stands above under another name.</p>");
	else if (root->role == ROLE_INDEX && says_of_whole(p, image->root))
		code = put_index(p, image->root, level, err);
	if (root->role == ROLE_INDEX)
		p->shown[image->root] = true;
	if (code == ERR_OK && !again)
		code = put_platforms(p, level, err);
	if (html_is_full(h))
		html_raw(h, "<p class=\"cut\">There is more than fits here: <code>bundle inspect FILE IMAGE</code> "
			    "shows all of it.</p>");
	html_end(h);
	html_raw(h, "\n");
	return code;
}
