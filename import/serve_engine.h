/* serve_engine.h - the part of Docker's Engine API that asks about images, answered by a catalog.
 *
 * Lifecycle  engine_new; engine_answer for each request; engine_free.
 * Threads    Requests may be answered by several threads at once.
 * Bounds     Those of serve.h and of the modules behind it.
 * Ownership  The catalog is borrowed.
 * Errors     Whatever fails is answered as the daemon does it, {"message":"…"}: 400 for a question that is none, 404
 *            for what is not there, 503 where a place is out of reach, 500 else.  engine_answer fails for want of
 *            memory alone.
 * Routes     GET and HEAD /_ping; GET /version, /info, /images/json, /images/{name}/json and
 *            /images/{name}/attestations; each with /v1.44 to /v1.55 in front or without.  Everything else is 404.
 * Source     Docker Engine API 1.55; moby daemon/server.
 */
#ifndef IMPORT_SERVE_ENGINE_H
#define IMPORT_SERVE_ENGINE_H

#include "common/platform.h"
#include "import/catalog.h"
#include "import/serve.h"

struct engine;

/* host is the platform that is meant where none is asked for; NULL for this machine's. */
enum err_code engine_new(struct catalog *catalog, const struct platform *host, struct engine **ret_engine,
			 struct err *err);
/* A serve_handler_fn and a serve_refuse_fn, of a struct engine. */
enum err_code engine_answer(void *engine, const struct serve_request *request, struct serve_answer *answer,
			    struct err *err);
void engine_refuse(void *engine, const struct serve_request *request, unsigned status, const struct err *why,
		   struct serve_answer *answer);
/* NULL is fine. */
void engine_free(struct engine *engine);
#endif
