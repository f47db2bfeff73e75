/* serve_routes.h - what each kind of listener answers: which handler has which path, and how a failure is said.
 *
 * Threads  Handlers are called by several.
 */
#ifndef IMPORT_SERVE_ROUTES_H
#define IMPORT_SERVE_ROUTES_H

#include "import/serve.h"

struct serve_routes {
	struct catalog *catalog; /* borrowed */
};

/* The Engine API, and pages for people.  ctx is the routes. */
serve_handler_fn serve_engine_route;
serve_refuse_fn serve_engine_refuse;
/* The distribution API, and pages for people. */
serve_handler_fn serve_registry_route;
serve_refuse_fn serve_registry_refuse;
#endif
