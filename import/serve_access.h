/* serve_access.h - in front of a handler (import/serve.h): only who is in an htpasswd file gets to it.
 *
 * Errors  Those of the next handler and of serve_htpasswd.h.  Who is not let in is answered 401, or 429 where too
 *         much was guessed, as the distribution API says it.
 * Source  RFC 7617; RFC 9110, section 11.6.1.
 */
#ifndef IMPORT_SERVE_ACCESS_H
#define IMPORT_SERVE_ACCESS_H

#include "import/serve.h"
#include "import/serve_htpasswd.h"

/* Ask next, where who asks may: users is NULL where everybody may. */
enum err_code serve_access_handle(struct serve_htpasswd *users, const struct serve_request *request,
				  serve_handler_fn *next, void *ctx, struct serve_answer *answer, struct err *err);
#endif
