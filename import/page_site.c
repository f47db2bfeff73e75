#include "import/page_site.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/page_document.h"
#include "import/page_image.h"
#include "import/page_list.h"

#define TYPE_HTML "text/html; charset=utf-8"
#define TYPE_TEXT "text/plain; charset=utf-8"

/* What a request asks for. */
struct wish {
	const char *image, *document, *raw, *query;
	size_t from;
};

/* A page that is being made. */
struct made {
	struct page_site *pages;
	struct wish asked;
	struct catalog_view *look;
	struct buf_stage stage;
	struct html html;
};

bool page_site_has(const struct serve_request *request)
{
	return strcmp(request->path, "/") == 0;
}

static const char *given(const struct serve_request *request, const char *name)
{
	const char *value = serve_query(request, name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static size_t number(const char *text)
{
	return text != NULL && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10 ? strtoul(text, NULL, 10)
											       : 0;
}

static enum err_code set_headers(struct serve_answer *answer, const char *policy, struct err *err)
{
	static const char *const headers[][2] = {
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cache-Control", "no-cache" },
	};
	enum err_code code = serve_answer_header(answer, err, "Content-Security-Policy", "%s", policy);
	size_t i;

	for (i = 0; code == ERR_OK && i < COUNT_OF(headers); i++)
		code = serve_answer_header(answer, err, headers[i][0], "%s", headers[i][1]);
	return code;
}

/* The answer begins anew: what was written of another page is gone. */
static enum err_code begin(struct made *m, struct serve_answer *answer, unsigned status, struct err *err)
{
	char policy[PAGE_POLICY_MAX];
	enum err_code code = page_policy(true, policy, err);

	if (code == ERR_OK)
		code = serve_answer_text(answer, status, TYPE_HTML, "", err);
	if (code == ERR_OK)
		code = set_headers(answer, policy, err);
	buf_clear(&answer->text);
	buf_stage_init(&m->stage, &answer->text);
	html_init(&m->html, &m->stage.out, LIMIT_PAGE_BYTES);
	return code;
}

static void put_head(struct made *m, const char *title, const char *image, const char *here)
{
	page_begin(&m->html, title, NULL);
	page_trail(&m->html, image, here);
	html_raw(&m->html, "<main id=\"content\">\n");
}

static enum err_code put_list(struct made *m, struct err *err)
{
	put_head(m, "Images", NULL, "Images");
	return page_list(&m->html, m->look, m->asked.query, m->asked.from, err);
}

/* What the pages of one image are made from. */
struct opened {
	const struct catalog_image *image;
	struct catalog_graph *graph;
	struct source *source;
};

static void opened_release(struct opened *o)
{
	if (o->source != NULL)
		o->source->free(o->source);
	catalog_graph_release(o->graph);
}

static enum err_code open_image(struct made *m, struct opened *o, struct err *err)
{
	enum err_code code = catalog_resolve(m->look, m->asked.image, &o->image, err);

	if (code == ERR_OK)
		code = catalog_graph(m->look, o->image, &o->graph, err);
	return code == ERR_OK ? catalog_source_new(m->look, o->image, &o->source, err) : code;
}

static struct page_view view_of(struct made *m, const struct opened *o)
{
	return (struct page_view){
		.html = &m->html,
		.graph = &o->graph->graph,
		.source = o->source,
		.image = o->image->name,
		.claims_left = PAGE_CLAIMS,
		.query = m->asked.query,
		.from = m->asked.from,
	};
}

static enum err_code put_image(struct made *m, const struct opened *o, struct err *err)
{
	CLEANUP(page_images_release) struct page_images images = { 0 };
	struct page_view view = view_of(m, o);
	enum err_code code = page_images_init(&images, &view, err);

	put_head(m, o->image->name, NULL, o->image->name);
	return code == ERR_OK ? page_image(&images, &view.graph->images[0], 1, err) : code;
}

/* A document by its digest: it must belong to this image, and be one. */
static enum err_code find_document(const struct page_view *view, const char *text, uint32_t *ret_node, struct err *err)
{
	struct digest digest;
	enum err_code code = digest_parse(text, &digest, err);

	if (code != ERR_OK)
		return code;
	*ret_node = graph_find(view->graph, &digest);
	if (*ret_node == NODE_NONE || !page_opens(view, *ret_node))
		return err_set(err, ERR_NOT_FOUND, "%s has no document %s here", view->image, digest.text);
	return ERR_OK;
}

static enum err_code put_document(struct made *m, const struct opened *o, struct err *err)
{
	struct page_view view = view_of(m, o);
	CLEANUP(document_release) struct document d = { 0 };
	uint32_t node = NODE_NONE;
	enum err_code code = find_document(&view, m->asked.document, &node, err);
	struct descriptor descriptor;
	struct page_words words;

	if (code != ERR_OK)
		return code;
	descriptor = node_descriptor(&view.graph->nodes[node]);
	code = document_read(view.source, &descriptor, &d, err);
	if (code != ERR_OK)
		return code;
	words = page_words_of_document(&view.graph->nodes[node], &d);
	put_head(m, words.name, o->image->name, words.name);
	page_document_put(&view, node, &d, 1);
	return ERR_OK;
}

/* Whatever it is, a browser takes it for text and for nothing to run. */
static enum err_code give_raw(struct made *m, const struct opened *o, struct serve_answer *answer, struct err *err)
{
	struct page_view view = view_of(m, o);
	struct catalog_bytes *bytes = NULL;
	uint32_t node = NODE_NONE;
	enum err_code code = find_document(&view, m->asked.raw, &node, err);
	const struct node *n;

	if (code == ERR_OK)
		code = serve_answer_text(answer, 200, TYPE_TEXT, "", err);
	if (code == ERR_OK)
		code = set_headers(answer, "default-src 'none'; frame-ancestors 'none'; sandbox", err);
	if (code != ERR_OK)
		return code;
	n = &view.graph->nodes[node];
	if (n->size_bytes > LIMIT_DOCUMENT_BYTES) {
		code = catalog_blob_of(m->look, o->image->place, &n->digest, &answer->blob, err);
		answer->blob_end = answer->blob.size_bytes;
		return code == ERR_OK ? catalog_blob_check_size(&answer->blob, n->size_bytes, err) : code;
	}
	code = catalog_bytes(m->look, o->image->place, &n->digest, n->size_bytes, LIMIT_DOCUMENT_BYTES, &bytes, err);
	if (code == ERR_OK)
		serve_answer_bytes(answer, bytes);
	return code;
}

/* One that is read, a large document for a second or so, and one that waits for it. */
static enum err_code read_in_turn(struct made *m, const struct opened *o, struct err *err)
{
	struct page_site *pages = m->pages;
	enum err_code code;

	if (atomic_fetch_add(&pages->readers, 1) < PAGE_READERS) {
		pthread_mutex_lock(&pages->reading);
		code = m->asked.document != NULL ? put_document(m, o, err) : put_image(m, o, err);
		pthread_mutex_unlock(&pages->reading);
	} else {
		code = err_set(err, ERR_IO, "documents are being read for others: ask again in a moment");
	}
	atomic_fetch_sub(&pages->readers, 1);
	return code;
}

static enum err_code make_of_image(struct made *m, struct serve_answer *answer, struct err *err)
{
	CLEANUP(opened_release) struct opened o = { 0 };
	enum err_code code = open_image(m, &o, err);

	if (code != ERR_OK)
		return code;
	if (m->asked.raw != NULL)
		return give_raw(m, &o, answer, err);
	return read_in_turn(m, &o, err);
}

static enum err_code end(struct made *m, struct err *err)
{
	page_end(&m->html);
	return html_finish(&m->html, err);
}

static enum err_code make(struct made *m, struct serve_answer *answer, struct err *err)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *look = NULL;
	enum err_code code = begin(m, answer, 200, err);

	if (code == ERR_OK)
		code = catalog_look(m->pages->catalog, &look, err);
	m->look = look;
	if (code == ERR_OK)
		code = m->asked.image == NULL ? put_list(m, err) : make_of_image(m, answer, err);
	if (code != ERR_OK || (m->asked.image != NULL && m->asked.raw != NULL))
		return code;
	return end(m, err);
}

/* A failure is a page too, and says the same as an API would. */
static enum err_code refuse(struct made *m, struct serve_answer *answer, unsigned status, const char *why,
			    struct err *err)
{
	enum err_code code = begin(m, answer, status, err);

	if (code != ERR_OK)
		return code;
	put_head(m, serve_reason(status), NULL, serve_reason(status));
	html_element(&m->html, "h1", NULL, serve_reason(status));
	html_begin(&m->html, "p", NULL);
	page_text(&m->html, why);
	html_end(&m->html);
	html_raw(&m->html, "<p><a href=\"/\">All images</a></p>\n");
	return end(m, err);
}

enum err_code page_site(struct page_site *pages, const struct serve_request *request, struct serve_answer *answer,
			struct err *err)
{
	struct made m = {
		.pages = pages,
		.asked = { .image = given(request, "image"),
			   .document = given(request, "document"),
			   .raw = given(request, "raw"),
			   .query = given(request, "q"),
			   .from = number(given(request, "from")) },
	};
	struct err why = { 0 };
	enum err_code code;

	if (request->method == SERVE_OTHER) {
		code = refuse(&m, answer, 405, "Pages are for reading: GET or HEAD.", err);
		return code == ERR_OK ? serve_answer_header(answer, err, "Allow", "GET, HEAD") : code;
	}
	code = make(&m, answer, &why);
	if (code == ERR_OK)
		return ERR_OK;
	serve_answer_release(answer);
	serve_answer_init(answer);
	return refuse(&m, answer, serve_status(code), why.msg, err);
}
