#include "import/page_rows.h"

#include <stdio.h>

#include "import/page.h"

#define SEARCH_FROM ((size_t)10)

void page_rows_choose(struct page_rows *r, size_t from, size_t most)
{
	r->most = most;
	r->from = from < r->found ? from : 0;
	r->end = r->found - r->from > most ? r->from + most : r->found;
}

bool page_rows_are_many(const struct page_rows *r)
{
	return r->total >= SEARCH_FROM || r->query != NULL;
}

static void put_hidden(struct html *h, const char *name, const char *value)
{
	if (value == NULL)
		return;
	html_begin(h, "input", NULL);
	html_attr(h, "type", "hidden");
	html_attr(h, "name", name);
	html_attr(h, "value", value);
	html_void_end(h);
}

static void put_link(struct html *h, const struct page_rows *r, const char *query, const char *from, const char *text)
{
	html_begin(h, "a", NULL);
	html_href_query(h, (const char *const[][2]){ { "image", r->image },
						     { "document", r->document },
						     { "q", query },
						     { "from", from },
						     { NULL, NULL } });
	html_text(h, text);
	html_end(h);
}

/* It asks for this page again. */
void page_rows_search(struct html *h, const struct page_rows *r, const char *what)
{
	html_raw(h, "<form class=\"search\" role=\"search\" action=\"/\" method=\"get\">");
	put_hidden(h, "image", r->image);
	put_hidden(h, "document", r->document);
	html_raw(h, "<label for=\"q\">Search ");
	html_text(h, what);
	html_raw(h, "</label> ");
	html_begin(h, "input", NULL);
	html_attr(h, "type", "search");
	html_attr(h, "id", "q");
	html_attr(h, "name", "q");
	html_attr(h, "maxlength", "200");
	html_attr(h, "value", r->query != NULL ? r->query : "");
	html_void_end(h);
	html_raw(h, " <button>Search</button>");
	if (r->query != NULL) {
		html_raw(h, " ");
		put_link(h, r, NULL, NULL, "Show all");
	}
	html_raw(h, "</form>\n");
}

void page_rows_caption(struct html *h, const struct page_rows *r, const char *what)
{
	char total[PAGE_COUNT_MAX], found[PAGE_COUNT_MAX];

	html_begin(h, "caption", NULL);
	if (r->query == NULL) {
		html_printf(h, "%s %s", page_count(r->total, total), what);
	} else {
		html_printf(h, "%s of %s %s with \xe2\x80\x9c", page_count(r->found, found),
			    page_count(r->total, total), what);
		page_text(h, r->query);
		html_text(h, "\xe2\x80\x9d");
	}
	html_end(h);
}

static void put_turn(struct html *h, const struct page_rows *r, size_t from, const char *text)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", from);
	put_link(h, r, r->query, number, text);
}

void page_rows_turns(struct html *h, const struct page_rows *r)
{
	char first[PAGE_COUNT_MAX], last[PAGE_COUNT_MAX], all[PAGE_COUNT_MAX];

	if (r->end - r->from == r->found)
		return;
	html_raw(h, "<nav class=\"turns\" aria-label=\"Pages of the table\"><span>");
	html_printf(h, "%s to %s of %s", page_count(r->from + 1, first), page_count(r->end, last),
		    page_count(r->found, all));
	html_raw(h, "</span> ");
	if (r->from > 0)
		put_turn(h, r, r->from > r->most ? r->from - r->most : 0, "Previous");
	html_raw(h, " ");
	if (r->end < r->found)
		put_turn(h, r, r->end, "Next");
	html_raw(h, "</nav>\n");
}
