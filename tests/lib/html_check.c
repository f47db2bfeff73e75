#include "tests/lib/html_check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

#define DEPTH 256
#define NAME_MAX_LEN 32

/* The program's own, in the page as they are. */
extern const char page_style[] __attribute__((weak));
extern const char page_script[] __attribute__((weak));

static const char *const elements[] = {
	"html", "head", "body", "title",   "header",  "nav",  "main",  "footer",  "section", "article",
	"div",  "span", "p",    "a",       "h1",      "h2",   "h3",    "h4",      "ul",      "ol",
	"li",   "dl",   "dt",   "dd",      "code",    "pre",  "table", "caption", "thead",   "tbody",
	"tr",   "th",   "td",   "details", "summary", "form", "label", "button",  "style",   "script",
};
static const char *const empty[] = { "meta", "link", "input" };
static const char *const attributes[] = {
	"class",           "id",           "href",    "title",     "lang",     "charset",    "name",
	"content",         "http-equiv",   "rel",     "role",      "scope",    "for",        "type",
	"value",           "action",       "method",  "maxlength", "tabindex", "aria-label", "data-rows",
	"aria-labelledby", "aria-current", "colspan",
};

struct reader {
	const char *at, *page;
	char open[DEPTH][NAME_MAX_LEN];
	unsigned depth;
	char wrong[200];
};

static bool among(const char *const *list, size_t len, const char *name)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

static bool fail(struct reader *r, const char *what)
{
	if (r->wrong[0] == '\0')
		snprintf(r->wrong, sizeof(r->wrong), "%s at %zu: %.60s", what, (size_t)(r->at - r->page), r->at);
	return false;
}

static bool take(struct reader *r, const char *text)
{
	if (!text_starts(r->at, text))
		return false;
	r->at += strlen(text);
	return true;
}

static bool take_name(struct reader *r, char out[NAME_MAX_LEN])
{
	size_t len = strspn(r->at, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (len == 0 || len >= NAME_MAX_LEN)
		return fail(r, "no name");
	memcpy(out, r->at, len);
	out[len] = '\0';
	r->at += len;
	return true;
}

/* A character reference of the five that the writer knows. */
static bool take_entity(struct reader *r)
{
	return take(r, "&amp;") || take(r, "&lt;") || take(r, "&gt;") || take(r, "&quot;") || take(r, "&#39;") ||
	       fail(r, "a bare &");
}

static bool take_character(struct reader *r)
{
	size_t len = text_utf8_len(r->at);

	if (*r->at == '&')
		return take_entity(r);
	if (len == 0 || (*r->at != '\n' && *r->at != '\t' && text_is_control(r->at)))
		return fail(r, "a control character, or no UTF-8");
	r->at += len;
	return true;
}

static bool stays_here(const char *value)
{
	return (*value == '/' && value[1] != '/') || *value == '#' || text_starts(value, "data:,\"");
}

static bool take_attribute(struct reader *r)
{
	char name[NAME_MAX_LEN];

	if (!take_name(r, name))
		return false;
	if (!among(attributes, COUNT_OF(attributes), name))
		return fail(r, "an attribute that no page has");
	if (!take(r, "=\""))
		return fail(r, "a value without quotes");
	if ((strcmp(name, "href") == 0 || strcmp(name, "action") == 0) && !stays_here(r->at))
		return fail(r, "a link that leads away");
	while (*r->at != '"') {
		if (*r->at == '<' || *r->at == '>' || !take_character(r))
			return fail(r, "what stands in no value");
	}
	r->at++;
	return true;
}

static bool take_own(struct reader *r, const char *content)
{
	return content != NULL && take(r, content) ? true : fail(r, "a style or script that is not the program's");
}

static bool take_start(struct reader *r)
{
	char name[NAME_MAX_LEN];

	if (!take_name(r, name))
		return false;
	while (take(r, " ")) {
		if (!take_attribute(r))
			return false;
	}
	if (!take(r, ">"))
		return fail(r, "a tag that does not end");
	if (among(empty, COUNT_OF(empty), name))
		return true;
	if (!among(elements, COUNT_OF(elements), name) || r->depth == DEPTH)
		return fail(r, "an element that no page has");
	memcpy(r->open[r->depth++], name, sizeof(name));
	if (strcmp(name, "style") == 0)
		return take_own(r, page_style);
	return strcmp(name, "script") == 0 ? take_own(r, page_script) : true;
}

static bool take_end(struct reader *r)
{
	char name[NAME_MAX_LEN];

	if (!take_name(r, name))
		return false;
	if (r->depth == 0 || strcmp(r->open[--r->depth], name) != 0)
		return fail(r, "an end of what is not open");
	return take(r, ">") ? true : fail(r, "a tag that does not end");
}

const char *html_check(const char *page)
{
	static struct reader r;

	r = (struct reader){ .at = page, .page = page };
	take(&r, "<!DOCTYPE html>");
	while (*r.at != '\0' && r.wrong[0] == '\0') {
		if (take(&r, "</"))
			take_end(&r);
		else if (take(&r, "<"))
			take_start(&r);
		else if (*r.at == '>')
			fail(&r, "a bare >");
		else
			take_character(&r);
	}
	if (r.wrong[0] == '\0' && r.depth != 0)
		fail(&r, "an element that does not end");
	return r.wrong[0] != '\0' ? r.wrong : NULL;
}

size_t html_count(const char *page, const char *text)
{
	size_t count = 0;

	for (page = strstr(page, text); page != NULL; page = strstr(page + 1, text))
		count++;
	return count;
}
