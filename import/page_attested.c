/* The part of page_image.h that says what is attested to a node: a tree, in whose rows are claims. */
#include "common/limits.h"
#include "common/mem.h"
#include "import/page_document.h"
#include "import/page_image_private.h"

const struct node *page_node(const struct page_images *p, uint32_t node)
{
	return &p->view->graph->nodes[node];
}

/* What is not here says why. */
void page_put_state(struct html *h, const struct node *n)
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
	const struct node *n = page_node(p, node);
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
	page_size(h, opens != NODE_NONE ? page_node(p, opens)->size_bytes : n->size_bytes);
	page_put_state(h, n);
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
	const struct node *n = page_node(p, node);
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
	struct page_words words = page_words_of_node(page_node(p, node));
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
	const struct node *n = page_node(p, node);

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

/* What stands below a manifest, as a list where there is anything. */
static enum err_code put_below(struct page_images *p, uint32_t node, size_t at, unsigned depth, struct err *err)
{
	const struct node *n = page_node(p, node);
	const struct link *links;
	size_t ahead = at;
	enum err_code code;

	if (attachment(p, n, &ahead) == NODE_NONE && graph_links_of(p->view->graph, node, &links) == 0)
		return ERR_OK;
	html_begin(p->view->html, "ul", NULL);
	code = put_attachments(p, n, at, err);
	if (code == ERR_OK)
		code = page_put_referrers(p, node, depth + 1, err);
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
enum err_code page_put_referrer(struct page_images *p, uint32_t node, enum link_kind kind, unsigned depth,
				struct err *err)
{
	const struct node *n = page_node(p, node);
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
enum err_code page_put_referrers(struct page_images *p, uint32_t node, unsigned depth, struct err *err)
{
	const struct link *links;
	size_t len = graph_links_of(p->view->graph, node, &links), i, j;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < len && !html_is_full(p->view->html); i++) {
		for (j = 0; j < i && links[j].referrer != links[i].referrer; j++)
			;
		if (j == i)
			code = page_put_referrer(p, links[i].referrer, links[i].kind, depth, err);
	}
	return code;
}

/* Everything that is said about a node. */
enum err_code page_put_attested(struct page_images *p, uint32_t node, struct err *err)
{
	const struct link *links;
	enum err_code code;

	if (graph_links_of(p->view->graph, node, &links) == 0) {
		html_element(p->view->html, "p", "note", "Nothing is attested to this platform here.");
		return ERR_OK;
	}
	html_begin(p->view->html, "ul", "tree");
	code = page_put_referrers(p, node, 1, err);
	html_end(p->view->html);
	html_raw(p->view->html, "\n");
	return code;
}
