/* serve_registry_error.h - errors as the distribution API has them: {"errors":[{"code","message"}]}.
 *
 * Errors  Those of the answer's buffer.
 * Source  OCI Distribution Specification 1.1, "Error Codes"; distribution, registry/api/errcode, for RANGE_INVALID,
 *         PAGINATION_NUMBER_INVALID, UNAVAILABLE and UNKNOWN.
 */
#ifndef IMPORT_SERVE_REGISTRY_ERROR_H
#define IMPORT_SERVE_REGISTRY_ERROR_H

#include "import/serve.h"

/* Answer with a status and one error; the message may hold text from outside. */
enum err_code serve_registry_error(struct serve_answer *answer, unsigned status, const char *code, struct err *err,
				   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same by what a status is called here, for failures that nobody expected: a serve_refuse_fn. */
void serve_registry_refuse(void *ctx, const struct serve_request *request, unsigned status, const struct err *why,
			   struct serve_answer *answer);
#endif
