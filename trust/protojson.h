/* protojson.h - members of JSON as protobuf writes it: bytes, numbers of 64 bits, times.
 *
 * Bounds  The buffer's maximum; texts are bounded by the document.
 * Errors  ERR_FORMAT, ERR_LIMIT, ERR_NOMEM; messages name the member.
 * Source  protobuf's JSON mapping: bytes are base64 of either alphabet, with or
 *         without padding; an int64 is a text or a number, and 0 may be left out;
 *         a Timestamp is RFC 3339.
 */
#ifndef TRUST_PROTOJSON_H
#define TRUST_PROTOJSON_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/js.h"

/* Append the bytes that text stands for. */
enum err_code protojson_decode(const char *text, struct buf *out, struct err *err);
/* Append a member's bytes; it must be there. */
enum err_code protojson_bytes(const struct json_t *object, const char *key, struct buf *out, struct err *err);
/* A member from 0 to 2^63-1; 0 where it is not there. */
enum err_code protojson_uint(const struct json_t *object, const char *key, uint64_t *ret_value, struct err *err);
/* A member that is a time, in seconds since 1970, parts of seconds left out; fallback where it is not there. */
enum err_code protojson_time(const struct json_t *object, const char *key, int64_t fallback, int64_t *ret_time,
			     struct err *err);
/* A member that is a text, copied; it must be there and not be empty. */
enum err_code protojson_text(const struct json_t *object, const char *key, char **ret_text, struct err *err);
/* A member that is an object, or a list; NULL where it is not there.  One of another kind is refused: it would be
 * passed over as if it were not there. */
enum err_code protojson_object(const struct json_t *object, const char *key, const struct json_t **ret_object,
			       struct err *err);
enum err_code protojson_array(const struct json_t *object, const char *key, const struct json_t **ret_array,
			      struct err *err);
#endif
