#include "import/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/version.h"

#define SHA256_BYTES 32

/* 'sha256-…' of what stands between the tags. */
static enum err_code put_source(struct buf *out, const char *directive, const char *content, struct err *err)
{
	unsigned char raw[SHA256_BYTES];
	struct digest digest;
	enum err_code code = digest_of(content, strlen(content), NULL, &digest, err);
	size_t i;

	if (code != ERR_OK)
		return code;
	for (i = 0; i < sizeof(raw); i++) {
		char pair[3] = { digest_hex(&digest)[2 * i], digest_hex(&digest)[2 * i + 1] };

		raw[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	code = buf_printf(out, err, "; %s 'sha256-", directive);
	if (code == ERR_OK)
		code = base64_encode(raw, sizeof(raw), out, err);
	return code == ERR_OK ? buf_puts(out, "'", err) : code;
}

enum err_code page_policy(bool served, char out[PAGE_POLICY_MAX], struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = PAGE_POLICY_MAX - 1 };
	enum err_code code = buf_puts(&text, "default-src 'none'", err);

	if (code == ERR_OK)
		code = put_source(&text, "style-src", page_style, err);
	if (code == ERR_OK)
		code = put_source(&text, "script-src", page_script, err);
	/* the empty picture keeps browsers from asking for /favicon.ico; frame-ancestors counts in a header only */
	if (code == ERR_OK)
		code = buf_printf(&text, err, "; img-src data:; base-uri 'none'; form-action %s",
				  served ? "'self'; frame-ancestors 'none'" : "'none'");
	if (code == ERR_OK)
		snprintf(out, PAGE_POLICY_MAX, "%s", buf_text(&text));
	return code;
}

void page_begin(struct html *h, const char *title, const char *policy)
{
	html_raw(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	if (policy != NULL) {
		html_raw(h, "<meta http-equiv=\"Content-Security-Policy\" content=\"");
		html_text(h, policy);
		html_raw(h, "\">\n");
	}
	html_raw(h, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<meta name=\"referrer\" content=\"no-referrer\">\n"
		    "<meta name=\"generator\" content=\"bundle " BUNDLE_VERSION "\">\n"
		    "<link rel=\"icon\" href=\"data:,\">\n<title>");
	page_text(h, title);
	html_raw(h, "</title>\n<style>");
	html_raw(h, page_style);
	html_raw(h, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n");
}

void page_trail(struct html *h, const char *image, const char *here)
{
	html_raw(h, "<header class=\"top\"><nav aria-label=\"Where you are\"><ol class=\"trail\">"
		    "<li><a class=\"brand\" href=\"/\">bundle</a></li>");
	if (image != NULL) {
		html_raw(h, "<li>");
		html_begin(h, "a", NULL);
		html_href_query(h, (const char *const[][2]){ { "image", image }, { NULL, NULL } });
		page_text(h, image);
		html_end(h);
		html_raw(h, "</li>");
	}
	html_raw(h, "<li aria-current=\"page\">");
	page_text(h, here);
	html_raw(h, "</li></ol></nav></header>\n");
}

void page_end(struct html *h)
{
	html_raw(h,
		 "</main>\n<footer><p>This page repeats what the images and their statements say. It proves nothing: "
		 "<code>bundle verify</code> does that.</p></footer>\n<script>");
	html_raw(h, page_script);
	html_raw(h, "</script>\n</body>\n</html>\n");
}

void page_text(struct html *h, const char *text)
{
	html_text_cut(h, text, PAGE_TEXT_MAX);
}

void page_digest(struct html *h, const char *digest)
{
	html_begin(h, "code", "digest");
	html_attr(h, "title", digest);
	html_text(h, digest);
	html_end(h);
}

void page_size(struct html *h, uint64_t size_bytes)
{
	char size[TEXT_SIZE_MAX], exact[PAGE_COUNT_MAX], title[PAGE_COUNT_MAX + 8];

	snprintf(title, sizeof(title), "%s bytes", page_count(size_bytes, exact));
	html_begin(h, "span", "size");
	html_attr(h, "title", title);
	html_text(h, text_size(size_bytes, size));
	html_end(h);
}

const char *page_count(uint64_t count, char out[PAGE_COUNT_MAX])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, count), i;
	char *to = out;

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return out;
}

void page_claimed(struct html *h)
{
	html_raw(h, "<span class=\"claimed\">claimed</span>");
}

void page_facts_begin(struct html *h)
{
	html_begin(h, "dl", "facts");
}

void page_fact_begin(struct html *h, const char *name, bool claimed)
{
	html_raw(h, "<div><dt>");
	html_text(h, name);
	if (claimed) {
		html_raw(h, " ");
		page_claimed(h);
	}
	html_raw(h, "</dt><dd>");
}

void page_fact_end(struct html *h)
{
	html_raw(h, "</dd></div>\n");
}

void page_fact(struct html *h, const char *name, bool claimed, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	page_fact_begin(h, name, claimed);
	page_text(h, text);
	page_fact_end(h);
}

void page_facts_end(struct html *h)
{
	html_end(h);
}

bool page_opens(const struct page_view *v, uint32_t node)
{
	const struct node *n = &v->graph->nodes[node];

	if (v->file != NULL && n->role != ROLE_STATEMENT && n->role != ROLE_ARTIFACT)
		return false;
	return node_is_carried(n) && n->role != ROLE_LAYER;
}

void page_link(const struct page_view *v, uint32_t node)
{
	const char *digest = v->graph->nodes[node].digest.text;

	html_begin(v->html, "a", NULL);
	if (v->file == NULL) {
		html_href_query(v->html, (const char *const[][2]){
						 { "image", v->image }, { "document", digest }, { NULL, NULL } });
		return;
	}
	if (!v->links->linked[node])
		v->links->nodes[v->links->len++] = node;
	v->links->linked[node] = true;
	html_attr_prefixed(v->html, "href", "#", digest);
}
