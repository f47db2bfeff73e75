#include "import/page_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/summary.h"
#include "common/text.h"
#include "common/tree.h"
#include "import/page.h"
#include "import/page_rows.h"

#define PLATFORMS_SHOWN ((size_t)3)

struct list {
	struct html *html;
	struct catalog_view *view;
	const struct catalog_image **found; /* owned; those that the query finds */
	struct page_rows rows;
	bool several; /* they come from several places */
};

static enum err_code find(struct list *l, const struct catalog_image *const *images, size_t len, struct err *err)
{
	const char *query = l->rows.query;
	size_t i;

	l->rows.total = len;
	l->found = calloc(len + 1, sizeof(*l->found));
	if (l->found == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		if (query == NULL || strcasestr(images[i]->name, query) != NULL)
			l->found[l->rows.found++] = images[i];
		l->several |= images[i]->place != images[0]->place;
	}
	return ERR_OK;
}

/* "linux/amd64, linux/arm64 and 3 more" */
static enum err_code put_platforms(struct html *h, const struct graph *g, struct err *err)
{
	CLEANUP(tree_release) struct tree tree = { 0 };
	enum err_code code = tree_init(&tree, g, err);
	size_t i, shown = 0;

	if (code != ERR_OK)
		return code;
	tree_of(&tree, &g->images[0]);
	for (i = 0; i < tree.found_len && shown < PLATFORMS_SHOWN; i++) {
		const char *platform = graph_platform(g, tree.found[i], 0);
		const struct node *n = &g->nodes[tree.found[i]];

		if (n->absent || n->left_out || platform == NULL)
			continue;
		html_text(h, shown++ > 0 ? ", " : "");
		page_text(h, platform);
	}
	if (i < tree.found_len)
		html_printf(h, " and %zu more", tree.found_len - i);
	return ERR_OK;
}

static enum err_code put_cells(struct html *h, const struct graph *g, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *order = NULL;
	char count[PAGE_COUNT_MAX];
	struct summary s;
	size_t len = 0;
	enum err_code code = graph_order(g, &order, &len, err);

	if (code != ERR_OK)
		return code;
	s = summary_of(g, order, len);
	html_raw(h, "<td>");
	code = put_platforms(h, g, err);
	html_raw(h, "</td><td class=\"number\">");
	html_text(h, page_count(s.statements, count));
	html_raw(h, "</td><td class=\"number\">");
	html_text(h, page_count(s.referrers, count));
	html_raw(h, "</td><td class=\"number\">");
	page_size(h, s.bytes);
	html_raw(h, "</td>");
	return code;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* One that cannot be read any more leaves the others as they are. */
static enum err_code put_row(const struct list *l, const struct catalog_image *image, struct err *err)
{
	CLEANUP(catalog_graph_release_ptr) struct catalog_graph *g = NULL;
	struct html *h = l->html;
	struct err why = { 0 };
	enum err_code code = catalog_graph(l->view, image, &g, &why);

	if (code == ERR_NOMEM)
		return err_nomem(err);
	html_raw(h, "<tr><th scope=\"row\">");
	html_begin(h, "a", NULL);
	html_href_query(h, (const char *const[][2]){ { "image", image->name }, { NULL, NULL } });
	page_text(h, image->name);
	html_end(h);
	html_raw(h, "</th>");
	if (code == ERR_OK) {
		code = put_cells(h, &g->graph, err);
	} else {
		html_raw(h, "<td colspan=\"4\"><span class=\"missing\">");
		html_text(h, code == ERR_IO ? "not there at the moment" : "cannot be read");
		html_raw(h, "</span></td>");
		code = ERR_OK;
	}
	html_raw(h, "<td>");
	page_digest(h, image->digest.text);
	html_raw(h, "</td>");
	if (l->several) {
		html_raw(h, "<td>");
		page_text(h, base_name(catalog_place_name(image->place)));
		html_raw(h, "</td>");
	}
	html_raw(h, "</tr>\n");
	return code;
}

static enum err_code put_table(const struct list *l, struct err *err)
{
	struct html *h = l->html;
	enum err_code code = ERR_OK;
	size_t i;

	html_raw(h, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table of images\">"
		    "<table class=\"rows\">");
	page_rows_caption(h, &l->rows, l->rows.total == 1 ? "image" : "images");
	html_raw(h,
		 "<thead><tr><th scope=\"col\">Image</th><th scope=\"col\">Platforms</th>"
		 "<th scope=\"col\" class=\"number\">Statements</th><th scope=\"col\" class=\"number\">Referrers</th>"
		 "<th scope=\"col\" class=\"number\">Size</th><th scope=\"col\">Digest</th>");
	if (l->several)
		html_raw(h, "<th scope=\"col\">From</th>");
	html_raw(h, "</tr></thead>\n<tbody>\n");
	for (i = l->rows.from; code == ERR_OK && i < l->rows.end; i++)
		code = put_row(l, l->found[i], err);
	html_raw(h, "</tbody></table></div>\n");
	return code;
}

enum err_code page_list(struct html *h, struct catalog_view *view, const char *query, size_t from, struct err *err)
{
	CLEANUP(free_ptr) const struct catalog_image **found = NULL;
	struct list l = { .html = h, .view = view, .rows = { .query = query } };
	const struct catalog_image *const *images = NULL;
	size_t len = 0;
	enum err_code code = catalog_images(view, &images, &len, err);

	if (code == ERR_OK)
		code = find(&l, images, len, err);
	if (code != ERR_OK)
		return code;
	found = l.found;
	page_rows_choose(&l.rows, from, PAGE_LIST_ROWS);
	html_raw(h, "<h1>Images</h1>\n");
	if (page_rows_are_many(&l.rows))
		page_rows_search(h, &l.rows, "images");
	code = put_table(&l, err);
	page_rows_turns(h, &l.rows);
	return code;
}
