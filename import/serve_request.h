/* serve_request.h - what a client has sent, made into a request, or refused.
 *
 * Lifecycle  serve_parse; look at parsed->request; serve_parsed_release.
 * Bounds     Those of serve.h.
 * Ownership  The parsed texts own what was decoded; headers are borrowed.
 * Errors     ERR_FORMAT: no path, a wrong escape, what is no UTF-8, a control
 *            character, "." or ".." in the path: 400.  ERR_LIMIT: too long, or too
 *            many: 414.  ERR_NOMEM.
 * Source     RFC 9112 3.2: the path alone, or a whole URL, whose host says nothing
 *            here.  In a query '+' is a space.
 */
#ifndef IMPORT_SERVE_REQUEST_H
#define IMPORT_SERVE_REQUEST_H

#include "common/limits.h"
#include "import/serve.h"

struct serve_parsed {
	struct serve_request request;
	char *text; /* owned: path and query, decoded in their place */
	char *query_text;
	struct serve_field query[LIMIT_SERVE_FIELDS];
};

/* uri is path and query as they came. */
enum err_code serve_parse(const char *method, const char *uri, struct serve_parsed *ret_parsed, struct err *err);
/* A zeroed one is fine. */
void serve_parsed_release(struct serve_parsed *p);
#endif
