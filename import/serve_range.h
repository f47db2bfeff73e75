/* serve_range.h - which bytes of a thing a request wants: Range, If-Range and If-None-Match.
 *
 * What is served by digest never changes, so its digest in quotes is a strong entity tag.
 *
 * Units   Bytes; a part is from_bytes up to end_bytes, which is behind the last one.
 * Bounds  Nothing is allocated; a header is read once, whatever its length.
 * Rules   A Range that cannot be read, of another unit, or of several parts gives the whole, as a server may answer.
 *         Dates in If-Range match nothing: there is no time of change.
 * Source  RFC 9110, sections 8.8.3, 13.1.2, 13.1.5 and 14; OCI Distribution Specification 1.1, "Pulling blobs".
 */
#ifndef IMPORT_SERVE_RANGE_H
#define IMPORT_SERVE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

enum serve_range_kind {
	SERVE_RANGE_WHOLE,
	SERVE_RANGE_PART,
	SERVE_RANGE_NONE, /* nothing of it is there: 416 */
};

struct serve_range {
	enum serve_range_kind kind;
	uint64_t from_bytes, end_bytes; /* of the whole too; both 0 where nothing is there */
};

/* What a Range header wants of size_bytes bytes; NULL for no such header. */
struct serve_range serve_range_of(const char *range, uint64_t size_bytes);
/* The same for a request with If-Range, NULL for none: where it names another thing, the whole is wanted. */
struct serve_range serve_range_if(const char *range, const char *if_range, const char *etag, uint64_t size_bytes);
/* True where an If-None-Match header names this entity tag, or any; NULL for no such header. */
bool serve_range_unchanged(const char *if_none_match, const char *etag);
#endif
