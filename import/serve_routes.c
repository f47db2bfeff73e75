#include "import/serve_routes.h"

static enum err_code no_such(const struct serve_request *request, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "page not found: %.512s", request->path);
}

enum err_code serve_engine_route(void *ctx, const struct serve_request *request, struct serve_answer *answer,
				 struct err *err)
{
	struct serve_routes *routes = ctx;

	if (page_site_has(request))
		return page_site(&routes->pages, request, answer, err);
	return engine_answer(routes->engine, request, answer, err);
}

static enum err_code let_in(void *ctx, const struct serve_request *request, struct serve_answer *answer,
			    struct err *err)
{
	struct serve_routes *routes = ctx;

	if (page_site_has(request))
		return page_site(&routes->pages, request, answer, err);
	if (!serve_registry_is_path(request->path))
		return no_such(request, err);
	return serve_registry_handle(routes->registry, request, answer, err);
}

enum err_code serve_registry_route(void *ctx, const struct serve_request *request, struct serve_answer *answer,
				   struct err *err)
{
	struct serve_routes *routes = ctx;

	return serve_access_handle(routes->users, request, let_in, routes, answer, err);
}

void serve_engine_refuse(void *ctx, const struct serve_request *request, unsigned status, const struct err *why,
			 struct serve_answer *answer)
{
	const struct serve_routes *routes = ctx;

	engine_refuse(routes->engine, request, status, why, answer);
}
