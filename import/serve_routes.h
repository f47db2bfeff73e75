/* serve_routes.h - what each kind of listener answers: which handler has which path, and how a failure is said.
 *
 * Threads  Handlers are called by several.
 */
#ifndef IMPORT_SERVE_ROUTES_H
#define IMPORT_SERVE_ROUTES_H

#include "import/page_site.h"
#include "import/serve.h"
#include "import/serve_access.h"
#include "import/serve_engine.h"
#include "import/serve_registry.h"

struct serve_routes {
	struct catalog *catalog;         /* borrowed */
	struct engine *engine;           /* borrowed */
	struct serve_registry *registry; /* borrowed */
	struct page_site pages;          /* for people, at either */
	struct serve_htpasswd *users;    /* who may ask the registry; NULL: everybody */
};

/* The Engine API, and pages for people.  ctx is the routes. */
serve_handler_fn serve_engine_route;
serve_refuse_fn serve_engine_refuse;
/* The distribution API, and pages for people, for who is let in; serve_registry_refuse says what fails. */
serve_handler_fn serve_registry_route;
#endif
