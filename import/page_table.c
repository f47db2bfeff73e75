#include "import/page_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEARCH_FROM ((size_t)10) /* fewer rows are read faster than searched */

struct page_table {
	const struct page_view *view;
	const struct page_table_kind *kind;
	const struct document *document;
	const struct json_t *body;
	uint32_t node;
	bool counting;
	size_t total, matched; /* all rows; those that hold what is looked for */
	size_t from, end;      /* of these, which ones are shown */
};

static bool matches(const struct page_table *t, const char *const cells[PAGE_CELLS])
{
	const char *query = t->view->query;
	size_t i;

	for (i = 0; query != NULL && i < PAGE_CELLS; i++) {
		if (cells[i] != NULL && strcasestr(cells[i], query) != NULL)
			return true;
	}
	return query == NULL;
}

static void put_cell(struct html *h, const struct page_table *t, size_t column, const char *text)
{
	bool code = t->kind->code && (column + 1 == PAGE_CELLS || t->kind->columns[column + 1] == NULL);

	if (column == 0) {
		html_begin(h, "th", NULL);
		html_attr(h, "scope", "row");
	} else {
		html_begin(h, "td", code ? "mono" : NULL);
	}
	if (text != NULL)
		page_text(h, text);
	html_end(h);
}

void page_table_row(struct page_table *t, const char *const cells[PAGE_CELLS])
{
	struct html *h = t->view->html;
	size_t at, i;

	t->total += t->counting;
	if (!matches(t, cells))
		return;
	if (t->counting) {
		t->matched++;
		return;
	}
	at = t->matched++;
	if (at < t->from || at >= t->end)
		return;
	html_begin(h, "tr", NULL);
	for (i = 0; i < PAGE_CELLS && t->kind->columns[i] != NULL; i++)
		put_cell(h, t, i, cells[i]);
	html_end(h);
	html_raw(h, "\n");
}

static const char *digest_of_document(const struct page_table *t)
{
	return t->view->graph->nodes[t->node].digest.text;
}

static void put_hidden(struct html *h, const char *name, const char *value)
{
	html_begin(h, "input", NULL);
	html_attr(h, "type", "hidden");
	html_attr(h, "name", name);
	html_attr(h, "value", value);
	html_void_end(h);
}

/* A search that needs no script: it asks for this page again. */
static void put_search(const struct page_table *t)
{
	const struct page_view *v = t->view;
	struct html *h = v->html;

	html_raw(h, "<form class=\"search\" role=\"search\" action=\"/\" method=\"get\">");
	put_hidden(h, "image", v->image);
	put_hidden(h, "document", digest_of_document(t));
	html_raw(h, "<label for=\"q\">Search ");
	html_text(h, t->kind->more);
	html_raw(h, "</label> ");
	html_begin(h, "input", NULL);
	html_attr(h, "type", "search");
	html_attr(h, "id", "q");
	html_attr(h, "name", "q");
	html_attr(h, "maxlength", "200");
	html_attr(h, "value", v->query != NULL ? v->query : "");
	html_void_end(h);
	html_raw(h, " <button>Search</button>");
	if (v->query != NULL) {
		html_raw(h, " ");
		page_link(v, t->node);
		html_text(h, "Show all");
		html_end(h);
	}
	html_raw(h, "</form>\n");
}

static void put_turn(const struct page_table *t, size_t from, const char *text)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", from);
	html_begin(t->view->html, "a", NULL);
	html_href_query(t->view->html, (const char *const[][2]){ { "image", t->view->image },
								 { "document", digest_of_document(t) },
								 { "q", t->view->query },
								 { "from", number },
								 { NULL, NULL } });
	html_text(t->view->html, text);
	html_end(t->view->html);
}

static void put_turns(const struct page_table *t)
{
	struct html *h = t->view->html;
	char first[PAGE_COUNT_MAX], last[PAGE_COUNT_MAX], all[PAGE_COUNT_MAX];

	html_raw(h, "<nav class=\"turns\" aria-label=\"Pages of the table\"><span>");
	html_printf(h, "%s to %s of %s", page_count(t->from + 1, first), page_count(t->end, last),
		    page_count(t->matched, all));
	html_raw(h, "</span> ");
	if (t->from > 0)
		put_turn(t, t->from > PAGE_TABLE_ROWS ? t->from - PAGE_TABLE_ROWS : 0, "Previous");
	html_raw(h, " ");
	if (t->end < t->matched)
		put_turn(t, t->end, "Next");
	html_raw(h, "</nav>\n");
}

/* In a report nothing can be turned: it says what is missing and who has it. */
static void put_cut(const struct page_table *t)
{
	struct html *h = t->view->html;
	char count[PAGE_COUNT_MAX];

	html_begin(h, "p", "cut");
	html_printf(h, "%s more are not shown here. All of them: ", page_count(t->matched - t->end, count));
	html_begin(h, "code", NULL);
	html_text(h, "bundle cat FILE ");
	html_text(h, digest_of_document(t));
	html_end(h);
	html_end(h);
}

static void put_caption(const struct page_table *t)
{
	struct html *h = t->view->html;
	char total[PAGE_COUNT_MAX], matched[PAGE_COUNT_MAX];
	const char *noun = t->total == 1 ? t->kind->one : t->kind->more;

	html_begin(h, "caption", NULL);
	if (t->view->query == NULL) {
		html_printf(h, "%s %s", page_count(t->total, total), noun);
	} else {
		html_printf(h, "%s of %s %s with \xe2\x80\x9c", page_count(t->matched, matched),
			    page_count(t->total, total), noun);
		page_text(h, t->view->query);
		html_text(h, "\xe2\x80\x9d");
	}
	html_end(h);
}

static enum err_code on_item(void *ctx, const struct json_t *item, struct err *err)
{
	struct page_table *t = ctx;

	(void)err;
	t->kind->row(t, item);
	return ERR_OK;
}

static void each_item(struct page_table *t)
{
	const struct json_t *list = js_array(t->body, t->kind->list);
	struct err why = { 0 };
	size_t i;

	t->matched = 0;
	if (!t->document->large) {
		for (i = 0; i < js_len(list); i++)
			t->kind->row(t, js_at(list, i));
	} else if (document_rows(t->view->source, t->document, t->kind->list, on_item, t, &why) != ERR_OK) {
		html_fail(t->view->html, &why);
	}
}

static void put_table(struct page_table *t)
{
	struct html *h = t->view->html;
	size_t i;

	/* what scrolls sideways on a narrow screen must be reached by keyboard too */
	html_raw(h, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table of ");
	html_raw(h, t->kind->more);
	html_raw(h, "\">");
	html_begin(h, "table", "rows");
	html_attr(h, "data-rows", t->kind->more);
	put_caption(t);
	html_raw(h, "<thead><tr>");
	for (i = 0; i < PAGE_CELLS && t->kind->columns[i] != NULL; i++) {
		html_raw(h, "<th scope=\"col\">");
		html_text(h, t->kind->columns[i]);
		html_raw(h, "</th>");
	}
	html_raw(h, "</tr></thead>\n<tbody>\n");
	t->counting = false;
	each_item(t);
	html_raw(h, "</tbody>");
	html_end(h);
	html_raw(h, "</div>\n");
}

void page_table_put(const struct page_view *v, const struct page_table_kind *kind, const struct document *d,
		    const struct json_t *body, uint32_t node)
{
	struct page_table t = {
		.view = v,
		.kind = kind,
		.document = d,
		.body = body,
		.node = node,
		.counting = true,
	};

	each_item(&t);
	t.from = v->from < t.matched ? v->from : 0;
	t.end = t.matched - t.from > PAGE_TABLE_ROWS ? t.from + PAGE_TABLE_ROWS : t.matched;
	if (v->file == NULL && (t.total >= SEARCH_FROM || v->query != NULL))
		put_search(&t);
	put_table(&t);
	if (v->file == NULL && t.end - t.from < t.matched)
		put_turns(&t);
	else if (t.end < t.matched)
		put_cut(&t);
}
