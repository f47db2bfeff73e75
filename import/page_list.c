#include "import/page_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/summary.h"
#include "common/text.h"
#include "common/tree.h"
#include "import/page.h"

#define SEARCH_FROM ((size_t)10)
#define PLATFORMS_SHOWN ((size_t)3)

struct list {
	struct html *html;
	struct catalog_view *view;
	const char *query;
	const struct catalog_image **found; /* owned; those that the query finds */
	size_t found_len, from, end;
	bool several; /* they come from several places */
};

static enum err_code find(struct list *l, const struct catalog_image *const *images, size_t len, struct err *err)
{
	size_t i;

	l->found = calloc(len + 1, sizeof(*l->found));
	if (l->found == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		if (l->query == NULL || strcasestr(images[i]->name, l->query) != NULL)
			l->found[l->found_len++] = images[i];
		l->several |= images[i]->place != images[0]->place;
	}
	return ERR_OK;
}

static void put_search(const struct list *l)
{
	struct html *h = l->html;

	html_raw(h, "<form class=\"search\" role=\"search\" action=\"/\" method=\"get\"><label for=\"q\">Search images"
		    "</label> ");
	html_begin(h, "input", NULL);
	html_attr(h, "type", "search");
	html_attr(h, "id", "q");
	html_attr(h, "name", "q");
	html_attr(h, "maxlength", "200");
	html_attr(h, "value", l->query != NULL ? l->query : "");
	html_void_end(h);
	html_raw(h, " <button>Search</button>");
	if (l->query != NULL)
		html_raw(h, " <a href=\"/\">Show all</a>");
	html_raw(h, "</form>\n");
}

static void put_caption(const struct list *l, size_t total)
{
	struct html *h = l->html;
	char count[PAGE_COUNT_MAX], all[PAGE_COUNT_MAX];

	html_begin(h, "caption", NULL);
	if (l->query == NULL) {
		html_printf(h, "%s image%s", page_count(total, all), total == 1 ? "" : "s");
	} else {
		html_printf(h, "%s of %s images with \xe2\x80\x9c", page_count(l->found_len, count),
			    page_count(total, all));
		page_text(h, l->query);
		html_text(h, "\xe2\x80\x9d");
	}
	html_end(h);
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

static enum err_code put_table(const struct list *l, size_t total, struct err *err)
{
	struct html *h = l->html;
	enum err_code code = ERR_OK;
	size_t i;

	html_raw(h, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table of images\">"
		    "<table class=\"rows\">");
	put_caption(l, total);
	html_raw(h,
		 "<thead><tr><th scope=\"col\">Image</th><th scope=\"col\">Platforms</th>"
		 "<th scope=\"col\" class=\"number\">Statements</th><th scope=\"col\" class=\"number\">Referrers</th>"
		 "<th scope=\"col\" class=\"number\">Size</th><th scope=\"col\">Digest</th>");
	if (l->several)
		html_raw(h, "<th scope=\"col\">From</th>");
	html_raw(h, "</tr></thead>\n<tbody>\n");
	for (i = l->from; code == ERR_OK && i < l->end; i++)
		code = put_row(l, l->found[i], err);
	html_raw(h, "</tbody></table></div>\n");
	return code;
}

static void put_turn(const struct list *l, size_t from, const char *text)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", from);
	html_begin(l->html, "a", NULL);
	html_href_query(l->html, (const char *const[][2]){ { "q", l->query }, { "from", number }, { NULL, NULL } });
	html_text(l->html, text);
	html_end(l->html);
}

static void put_turns(const struct list *l)
{
	struct html *h = l->html;
	char first[PAGE_COUNT_MAX], last[PAGE_COUNT_MAX], all[PAGE_COUNT_MAX];

	html_raw(h, "<nav class=\"turns\" aria-label=\"Pages of the table\"><span>");
	html_printf(h, "%s to %s of %s", page_count(l->from + 1, first), page_count(l->end, last),
		    page_count(l->found_len, all));
	html_raw(h, "</span> ");
	if (l->from > 0)
		put_turn(l, l->from > PAGE_LIST_ROWS ? l->from - PAGE_LIST_ROWS : 0, "Previous");
	html_raw(h, " ");
	if (l->end < l->found_len)
		put_turn(l, l->end, "Next");
	html_raw(h, "</nav>\n");
}

enum err_code page_list(struct html *h, struct catalog_view *view, const char *query, size_t from, struct err *err)
{
	CLEANUP(free_ptr) const struct catalog_image **found = NULL;
	struct list l = { .html = h, .view = view, .query = query };
	const struct catalog_image *const *images = NULL;
	size_t len = 0;
	enum err_code code = catalog_images(view, &images, &len, err);

	if (code == ERR_OK)
		code = find(&l, images, len, err);
	if (code != ERR_OK)
		return code;
	found = l.found;
	l.from = from < l.found_len ? from : 0;
	l.end = l.found_len - l.from > PAGE_LIST_ROWS ? l.from + PAGE_LIST_ROWS : l.found_len;
	html_raw(h, "<h1>Images</h1>\n");
	if (len >= SEARCH_FROM || query != NULL)
		put_search(&l);
	code = put_table(&l, len, err);
	if (code == ERR_OK && l.end - l.from < l.found_len)
		put_turns(&l);
	return code;
}
