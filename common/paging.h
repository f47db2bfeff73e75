/* paging.h - the page of a registry's listing that comes after this one.
 *
 * Bounds  A Link header of LIMIT_TEXT_BYTES, a URL of LIMIT_URL_BYTES; who asks counts the pages.
 * Place   It is asked for where this page was, in the same way: a link gives only path and query.
 * Errors  ERR_REFUSED where the next page lies on another host: the credentials are for this one.
 * Source  RFC 8288 section 3; OCI Distribution Specification 1.1, "Listing Tags" and "Listing Referrers".
 */
#ifndef COMMON_PAGING_H
#define COMMON_PAGING_H

#include "common/repository.h"

/* The URL of the page after an answer, for the caller to free; NULL where the answer names none. */
enum err_code paging_next(const struct place *place, const struct request *r, char **ret_url, struct err *err);
#endif
