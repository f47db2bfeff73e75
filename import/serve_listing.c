#include "import/serve_listing.h"

#include <ctype.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

/* As many as fit a page at most; what is larger than any number is only large. */
static enum err_code read_count(const char *text, size_t *ret_count, struct err *err)
{
	size_t n = 0;
	const char *p;

	if (text == NULL) {
		*ret_count = LIMIT_SERVE_PAGE;
		return ERR_OK;
	}
	for (p = text; isdigit((unsigned char)*p); p++)
		n = n > LIMIT_SERVE_PAGE ? n : n * 10 + (size_t)(*p - '0');
	if (p == text || *p != '\0')
		return err_set(err, ERR_FORMAT, "n=%.40s is no number of results", text);
	*ret_count = n < LIMIT_SERVE_PAGE ? n : LIMIT_SERVE_PAGE;
	return ERR_OK;
}

/* The place of the first item behind last. */
static size_t behind(char *const *items, size_t len, const char *last)
{
	size_t low = 0, high = len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(items[mid], last) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

enum err_code serve_listing_page(const struct serve_request *request, char *const *items, size_t len,
				 struct serve_listed *ret_page, struct err *err)
{
	const char *last = serve_query(request, "last");
	size_t count = 0, first = last != NULL ? behind(items, len, last) : 0;
	enum err_code code = read_count(serve_query(request, "n"), &count, err);

	if (code != ERR_OK)
		return code;
	*ret_page = (struct serve_listed){ first, first + (count < len - first ? count : len - first), false };
	ret_page->more = count > 0 && ret_page->end < len;
	return ERR_OK;
}

/* What a query's value or a path may hold as it is. */
static enum err_code put_encoded(struct buf *out, const char *text, struct err *err)
{
	enum err_code code = ERR_OK;

	for (; code == ERR_OK && *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~/:", c) != NULL)
			code = buf_add(out, text, 1, err);
		else
			code = buf_printf(out, err, "%%%02X", c);
	}
	return code;
}

enum err_code serve_listing_link(const struct serve_request *request, const struct serve_listed *page,
				 char *const *items, struct serve_answer *answer, struct err *err)
{
	CLEANUP(buf_release) struct buf url;
	const char *ns = serve_query(request, "ns");
	enum err_code code;

	buf_init(&url, 4 * LIMIT_URL_BYTES);
	if (!page->more)
		return ERR_OK;
	code = put_encoded(&url, request->path, err);
	if (code == ERR_OK)
		code = buf_printf(&url, err, "?n=%zu&last=", page->end - page->first);
	if (code == ERR_OK)
		code = put_encoded(&url, items[page->end - 1], err);
	if (code == ERR_OK && ns != NULL)
		code = buf_puts(&url, "&ns=", err);
	if (code == ERR_OK && ns != NULL)
		code = put_encoded(&url, ns, err);
	if (code != ERR_OK)
		return code;
	return serve_answer_header(answer, err, "Link", "<%s>; rel=\"next\"", url.data);
}
