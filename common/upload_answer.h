/* upload_answer.h - what a registry says of an upload: how far it got, how large its parts are to be, what it took.
 *
 * Errors  ERR_DIGEST.  What is not said, or cannot be read, is no error.
 * Source  OCI Distribution Specification 1.1, "Pushing a blob in chunks".
 */
#ifndef COMMON_UPLOAD_ANSWER_H
#define COMMON_UPLOAD_ANSWER_H

#include "common/access.h"
#include "common/digest.h"

/* True where the request was done, or taken. */
bool upload_answer_is_good(const struct request *r);
/* The least that a chunk must have, but for the last one; 0 where nothing is said. */
uint64_t upload_answer_min_chunk(const struct request *r);
/* How many bytes are there: "0-4" or "bytes=0-4" is five.  "0-0" is what registries say of none. */
bool upload_answer_range(const struct request *r, uint64_t *ret_end);
/* Where the registry says which content it took, it is to be what was sent. */
enum err_code upload_answer_check(const struct request *r, const struct digest *sent, const char *label,
				  struct err *err);
#endif
