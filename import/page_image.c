#include "import/page_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/page_document.h"
#include "import/page_layers.h"

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

static const struct node *node_of(const struct page_images *p, uint32_t node)
{
	return &p->view->graph->nodes[node];
}

/* What is not here says why. */
static void put_state(struct html *h, const struct node *n)
{
	if (n->absent)
		html_raw(h, " <span class=\"missing\">absent at the source</span>");
	else if (n->left_out)
		html_raw(h, " <span class=\"missing\">left out</span>");
}

/* One line of the tree, and below it what it claims. */
static void put_row(struct page_images *p, uint32_t node, const struct page_words *words, uint32_t opens,
		    const char *claim)
{
	const struct node *n = node_of(p, node);
	struct html *h = p->view->html;

	html_begin(h, "div", "row");
	html_element(h, "span", "kind", words->kind);
	html_raw(h, " ");
	if (opens != NODE_NONE)
		page_link(p->view, opens);
	else
		html_begin(h, "span", "what");
	page_text(h, words->name);
	html_end(h);
	html_raw(h, " ");
	page_digest(h, n->digest.text);
	html_raw(h, " ");
	page_size(h, opens != NODE_NONE ? node_of(p, opens)->size_bytes : n->size_bytes);
	put_state(h, n);
	html_end(h);
	if (claim == NULL || *claim == '\0')
		return;
	html_begin(h, "p", "claim");
	page_claimed(h);
	html_raw(h, " ");
	html_text(h, claim);
	html_end(h);
}

/* What a document says, where it is small enough to be read for that. */
static enum err_code read_claim(struct page_images *p, uint32_t node, struct page_words *words,
				char claim[PREDICATE_TEXT_MAX], struct err *err)
{
	CLEANUP(document_release) struct document d = { 0 };
	const struct node *n = node_of(p, node);
	struct descriptor descriptor = node_descriptor(n);
	enum err_code code;

	claim[0] = '\0';
	if (p->view->claims_left == 0 || n->size_bytes > LIMIT_STATEMENT_PARSED_BYTES || !page_opens(p->view, node))
		return ERR_OK;
	p->view->claims_left--;
	code = document_read(p->view->source, &descriptor, &d, err);
	if (code != ERR_OK)
		return code;
	if (d.predicate_type != NULL && n->predicate_type == NULL)
		*words = page_words_of_document(n, &d);
	page_claim(&d, claim);
	return ERR_OK;
}

static enum err_code put_statement(struct page_images *p, uint32_t node, struct err *err)
{
	struct page_words words = page_words_of_node(node_of(p, node));
	char claim[PREDICATE_TEXT_MAX];
	enum err_code code = read_claim(p, node, &words, claim, err);

	if (code != ERR_OK)
		return code;
	html_begin(p->view->html, "li", NULL);
	put_row(p, node, &words, page_opens(p->view, node) ? node : NODE_NONE, claim);
	html_end(p->view->html);
	html_raw(p->view->html, "\n");
	return ERR_OK;
}

static bool is_attachment(const struct page_images *p, uint32_t node)
{
	const struct node *n = node_of(p, node);

	return n->role == ROLE_STATEMENT || n->role == ROLE_ARTIFACT;
}

/* What a manifest of attestations or a referrer brings, from one place of its list on; NODE_NONE behind the last. */
static uint32_t attachment(const struct page_images *p, const struct node *n, size_t *at)
{
	const struct graph *g = p->view->graph;

	for (; *at < n->edges_len; (*at)++) {
		uint32_t to = g->edges[n->edges + *at].to;

		if (is_attachment(p, to))
			return g->edges[n->edges + (*at)++].to;
	}
	return NODE_NONE;
}

static enum err_code put_attachments(struct page_images *p, const struct node *n, size_t at, struct err *err)
{
	enum err_code code = ERR_OK;
	uint32_t node;

	while (code == ERR_OK && !html_is_full(p->view->html) && (node = attachment(p, n, &at)) != NODE_NONE)
		code = put_statement(p, node, err);
	return code;
}

static enum err_code put_referrers(struct page_images *p, uint32_t node, unsigned depth, struct err *err);

/* What stands below a manifest, as a list where there is anything. */
static enum err_code put_below(struct page_images *p, uint32_t node, size_t at, unsigned depth, struct err *err)
{
	const struct node *n = node_of(p, node);
	const struct link *links;
	size_t ahead = at;
	enum err_code code;

	if (attachment(p, n, &ahead) == NODE_NONE && graph_links_of(p->view->graph, node, &links) == 0)
		return ERR_OK;
	html_begin(p->view->html, "ul", NULL);
	code = put_attachments(p, n, at, err);
	if (code == ERR_OK)
		code = put_referrers(p, node, depth + 1, err);
	html_end(p->view->html);
	return code;
}

static struct page_words words_of_link(const struct node *n, enum link_kind kind)
{
	static const struct page_words tagged[LINK_COUNT] = {
		[LINK_SIG] = { "Signature", "cosign signature" },
		[LINK_ATT] = { "Attestation", "cosign attestation" },
		[LINK_SBOM] = { "SBOM", "cosign SBOM" },
	};

	return tagged[kind].name != NULL ? tagged[kind] : page_words_of_node(n);
}

/* A referrer that brings one thing is that thing; of several, each stands below it. */
static enum err_code put_referrer(struct page_images *p, uint32_t node, enum link_kind kind, unsigned depth,
				  struct err *err)
{
	const struct node *n = node_of(p, node);
	struct page_words words = words_of_link(n, kind);
	char claim[PREDICATE_TEXT_MAX] = "";
	enum err_code code = ERR_OK;
	size_t at = 0, ahead;
	uint32_t only = attachment(p, n, &at);

	ahead = at;
	if (only != NODE_NONE && (n->role == ROLE_ATTESTATION || attachment(p, n, &ahead) != NODE_NONE))
		only = NODE_NONE;
	if (only != NODE_NONE)
		code = read_claim(p, only, &words, claim, err);
	if (code != ERR_OK)
		return code;
	if (only != NODE_NONE && !page_opens(p->view, only))
		only = NODE_NONE;
	html_begin(p->view->html, "li", NULL);
	put_row(p, node, &words, only, claim);
	if (p->shown[node])
		html_raw(p->view->html, "<p class=\"note\">What it brings is shown above.</p>");
	else if (depth <= LIMIT_GRAPH_DEPTH) {
		p->shown[node] = true;
		code = put_below(p, node, only != NODE_NONE ? at : 0, depth, err);
	}
	html_end(p->view->html);
	html_raw(p->view->html, "\n");
	return code;
}

/* What refers to a node, each once however many ways it is tied. */
static enum err_code put_referrers(struct page_images *p, uint32_t node, unsigned depth, struct err *err)
{
	const struct link *links;
	size_t len = graph_links_of(p->view->graph, node, &links), i, j;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < len && !html_is_full(p->view->html); i++) {
		for (j = 0; j < i && links[j].referrer != links[i].referrer; j++)
			;
		if (j == i)
			code = put_referrer(p, links[i].referrer, links[i].kind, depth, err);
	}
	return code;
}

/* Everything that is said about a node. */
static enum err_code put_tree(struct page_images *p, uint32_t node, const char *nothing, struct err *err)
{
	const struct link *links;
	enum err_code code;

	if (graph_links_of(p->view->graph, node, &links) == 0) {
		html_element(p->view->html, "p", "note", nothing);
		return ERR_OK;
	}
	html_begin(p->view->html, "ul", "tree");
	code = put_referrers(p, node, 1, err);
	html_end(p->view->html);
	html_raw(p->view->html, "\n");
	return code;
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
	const struct node *n = node_of(p, node);
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
	put_state(h, n);
	html_end(h);
	html_raw(h, "\n");
}

static enum err_code put_platform(struct page_images *p, uint32_t node, unsigned level, struct err *err)
{
	const struct node *n = node_of(p, node);
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
		code = put_tree(p, node, "Nothing is attested to this platform here.", err);
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
		const struct node *n = node_of(p, p->tree.found[i]);

		if (!n->absent && !n->left_out)
			continue;
		if (count++ == 0)
			html_raw(h, "<section class=\"platform\"><ul class=\"tree\">");
		html_begin(h, "li", NULL);
		html_begin(h, "div", "row");
		html_element(h, "span", "what", platforms_of(p->view->graph, p->tree.found[i], platform));
		html_raw(h, " ");
		page_digest(h, n->digest.text);
		put_state(h, n);
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
		const struct node *n = node_of(p, p->tree.found[i]);

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
			code = put_referrer(p, to, LINK_SUBJECT, 1, err);
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
	code = put_referrers(p, node, 1, err);
	if (code == ERR_OK)
		code = put_strays(p, node_of(p, node), err);
	html_raw(h, "</ul></section>\n");
	return code;
}

static bool says_of_whole(const struct page_images *p, uint32_t root)
{
	const struct node *n = node_of(p, root);
	const struct link *links;
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		uint32_t to = p->view->graph->edges[n->edges + i].to;

		if (node_of(p, to)->role == ROLE_ATTESTATION && !p->tied[to] && !node_of(p, to)->left_out)
			return true;
	}
	return graph_links_of(p->view->graph, root, &links) > 0;
}

static void put_facts(struct page_images *p, const struct image *image)
{
	const struct node *root = node_of(p, image->root);
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
	const struct node *root = node_of(p, image->root);
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
			    "shows all "
			    "of it.</p>");
	html_end(h);
	html_raw(h, "\n");
	return code;
}
