#include "import/page_table.h"

#include <string.h>

#include "import/page_rows.h"

struct page_table {
	const struct page_view *view;
	const struct page_table_kind *kind;
	const struct document *document;
	const struct json_t *body;
	bool counting;
	struct page_rows rows;
	size_t matched; /* rows that hold what is looked for, so far */
};

static bool matches(const struct page_table *t, const char *const cells[PAGE_CELLS])
{
	const char *query = t->rows.query;
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

	t->rows.total += t->counting;
	if (!matches(t, cells))
		return;
	at = t->matched++;
	if (t->counting || at < t->rows.from || at >= t->rows.end)
		return;
	html_begin(h, "tr", NULL);
	for (i = 0; i < PAGE_CELLS && t->kind->columns[i] != NULL; i++)
		put_cell(h, t, i, cells[i]);
	html_end(h);
	html_raw(h, "\n");
}

/* In a report nothing can be turned: it says what is missing and who has it. */
static void put_cut(const struct page_table *t)
{
	struct html *h = t->view->html;
	char count[PAGE_COUNT_MAX];

	html_begin(h, "p", "cut");
	html_printf(h, "%s more are not shown here. All of them: ", page_count(t->rows.found - t->rows.end, count));
	html_begin(h, "code", NULL);
	html_text(h, "bundle cat FILE ");
	html_text(h, t->rows.document);
	html_end(h);
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
	page_rows_caption(h, &t->rows, t->rows.total == 1 ? t->kind->one : t->kind->more);
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
		.counting = true,
		.rows = { .image = v->image, .document = v->graph->nodes[node].digest.text, .query = v->query },
	};

	each_item(&t);
	t.rows.found = t.matched;
	page_rows_choose(&t.rows, v->from, PAGE_TABLE_ROWS);
	if (v->file == NULL && page_rows_are_many(&t.rows))
		page_rows_search(v->html, &t.rows, kind->more);
	put_table(&t);
	if (v->file == NULL)
		page_rows_turns(v->html, &t.rows);
	else if (t.rows.end < t.rows.found)
		put_cut(&t);
}
