#include "import/serve_routes.h"

#include <string.h>

#include "common/js.h"

static enum err_code no_such(const struct serve_request *request, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "page not found: %.512s", request->path);
}

enum err_code serve_engine_route(void *ctx, const struct serve_request *request, struct serve_answer *answer,
				 struct err *err)
{
	(void)ctx;
	if (strcmp(request->path, "/_ping") != 0)
		return no_such(request, err);
	return serve_answer_text(answer, 200, "text/plain; charset=utf-8", "OK", err);
}

static enum err_code let_in(void *ctx, const struct serve_request *request, struct serve_answer *answer,
			    struct err *err)
{
	struct serve_routes *routes = ctx;

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

static void begin_json(struct js_out *o, struct buf_stage *out, struct serve_answer *answer, unsigned status)
{
	(void)serve_answer_text(answer, status, "application/json", "", NULL);
	buf_stage_init(out, &answer->text);
	js_out_init(o, &out->out, false);
	js_begin(o, '{');
}

void serve_engine_refuse(void *ctx, const struct serve_request *request, unsigned status, const struct err *why,
			 struct serve_answer *answer)
{
	struct buf_stage out;
	struct js_out o;

	(void)ctx;
	(void)request;
	begin_json(&o, &out, answer, status);
	js_member(&o, "message", why->msg);
	js_end(&o, '}');
	(void)js_end_document(&o, NULL);
}
