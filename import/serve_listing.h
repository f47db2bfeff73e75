/* serve_listing.h - a page of a listing: which items, and where the next ones are.
 *
 * Bounds  LIMIT_SERVE_PAGE items a page.
 * Errors  ERR_FORMAT: n is no number.
 * Source  OCI Distribution Specification 1.1, "Listing Tags": items are sorted bytewise, last is the one before the
 *         page, and n=0 is an empty page without a next one.
 */
#ifndef IMPORT_SERVE_LISTING_H
#define IMPORT_SERVE_LISTING_H

#include "import/serve.h"

/* Items from first up to end, of those that there are. */
struct serve_listed {
	size_t first, end;
	bool more;
};

/* The page that a request wants of sorted items. */
enum err_code serve_listing_page(const struct serve_request *request, char *const *items, size_t len,
				 struct serve_listed *ret_page, struct err *err);
/* Say where the next page is, in the request's own words; nothing where there is none. */
enum err_code serve_listing_link(const struct serve_request *request, const struct serve_listed *page,
				 char *const *items, struct serve_answer *answer, struct err *err);
#endif
