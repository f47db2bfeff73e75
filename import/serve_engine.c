#include "import/serve_engine.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/serve_engine_group.h"
#include "import/serve_engine_images.h"
#include "import/serve_engine_system.h"

#define JSON "application/json"

struct engine {
	struct catalog *catalog;
	struct platform host;
};

enum question { PING, VERSION, INFO, LIST, INSPECT, ATTESTATIONS, NOWHERE };

/* A request as it is understood. */
struct route {
	const char *path; /* behind the version */
	char version[16]; /* "1.44"; "" where none stands in front */
	unsigned api;     /* 44 to 55 */
	enum question what;
	char *name; /* owned: of an image; NULL for the others */
};

static void route_release(struct route *r)
{
	free(r->name);
}

enum err_code engine_new(struct catalog *catalog, const struct platform *host, struct engine **ret_engine,
			 struct err *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	enum err_code code = ERR_OK;

	if (engine == NULL)
		return err_nomem(err);
	engine->catalog = catalog;
	if (host != NULL)
		engine->host = *host;
	else
		code = platform_host(&engine->host, err);
	if (code != ERR_OK)
		free(engine);
	else
		*ret_engine = engine;
	return code;
}

/* "/v1.44/images/json": the version, and what is behind it. */
static void take_version(const char *path, struct route *r)
{
	size_t len = text_starts(path, "/v") ? strspn(path + 2, "0123456789.") : 0;

	r->path = path;
	if (len == 0 || len >= sizeof(r->version) || path[2 + len] != '/')
		return;
	memcpy(r->version, path + 2, len);
	r->path = path + 2 + len;
}

/* The number of a version at its place: of "1.44" 1 and 44, and 0 behind its end. */
static unsigned long part_of(const char *version, unsigned at)
{
	for (; at > 0; at--) {
		version = strchr(version, '.');
		if (version == NULL)
			return 0;
		version++;
	}
	return strtoul(version, NULL, 10);
}

/* As moby compares versions: number by number. */
static int compare(const char *version, unsigned major, unsigned minor)
{
	const unsigned long want[] = { major, minor, 0 };
	unsigned i;

	for (i = 0; i < COUNT_OF(want); i++) {
		unsigned long part = part_of(version, i);

		if (part != want[i])
			return part < want[i] ? -1 : 1;
	}
	return 0;
}

static enum err_code check_version(struct route *r, struct err *err)
{
	r->api = ENGINE_API_MAX;
	if (r->version[0] == '\0')
		return ERR_OK;
	if (compare(r->version, 1, ENGINE_API_MIN) < 0)
		return err_set(err, ERR_USAGE,
			       "client version %s is too old. Minimum supported API version is 1.%d, please upgrade "
			       "your client to a newer version",
			       r->version, ENGINE_API_MIN);
	if (compare(r->version, 1, ENGINE_API_MAX) > 0)
		return err_set(err, ERR_USAGE, "client version %s is too new. Maximum supported API version is 1.%d",
			       r->version, ENGINE_API_MAX);
	r->api = (unsigned)part_of(r->version, 1);
	return ERR_OK;
}

/* A path "/images/{name}/json": its name. */
static enum err_code take_name(struct route *r, const char *end, struct err *err)
{
	const char *from = r->path + strlen("/images/");
	size_t len = strlen(r->path);

	if (!text_starts(r->path, "/images/") || !text_ends(r->path, end) || len < strlen("/images/") + strlen(end))
		return ERR_OK;
	return str_format(&r->name, err, "%.*s", (int)(len - strlen("/images/") - strlen(end)), from);
}

static enum err_code find_route(struct route *r, struct err *err)
{
	static const struct {
		const char *path;
		enum question what;
	} paths[] = { { "/_ping", PING }, { "/version", VERSION }, { "/info", INFO }, { "/images/json", LIST } };
	size_t i;
	enum err_code code;

	for (i = 0; i < COUNT_OF(paths); i++) {
		if (strcmp(r->path, paths[i].path) == 0) {
			r->what = paths[i].what;
			return ERR_OK;
		}
	}
	r->what = INSPECT;
	code = take_name(r, "/json", err);
	if (code != ERR_OK || r->name != NULL)
		return code;
	r->what = ATTESTATIONS;
	code = take_name(r, "/attestations", err);
	if (code == ERR_OK && r->name == NULL)
		r->what = NOWHERE;
	return code;
}

static bool is_any(void *ctx, const struct catalog_image *image)
{
	(void)ctx;
	(void)image;
	return true;
}

static enum err_code put_info(struct catalog_view *view, const struct engine *e, struct js_out *o, struct err *err)
{
	CLEANUP(engine_groups_release) struct engine_groups groups = { 0 };
	enum err_code code = engine_groups_all(view, is_any, NULL, &groups, err);

	if (code == ERR_OK)
		engine_info_put(&e->host, groups.len, o);
	return code;
}

static enum err_code put_attestations(const struct engine_question *q, struct js_out *o, struct err *err)
{
	if (q->api < 55)
		return err_set(err, ERR_USAGE, "GET /images/{name:.*}/attestations requires minimum API version 1.55");
	return engine_images_attestations(q, o, err);
}

static enum err_code put(const struct engine *e, const struct route *r, const struct serve_request *request,
			 struct js_out *o, struct err *err)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *view = NULL;
	struct engine_question q = { .request = request, .name = r->name, .api = r->api, .host = &e->host };
	enum err_code code;

	if (r->what == VERSION) {
		engine_version_put(&e->host, o);
		return ERR_OK;
	}
	code = catalog_look(e->catalog, &view, err);
	q.view = view;
	if (code != ERR_OK)
		return code;
	if (r->what == INFO)
		return put_info(view, e, o, err);
	if (r->what == LIST)
		return engine_images_list(&q, o, err);
	return r->what == INSPECT ? engine_images_inspect(&q, o, err) : put_attestations(&q, o, err);
}

static enum err_code answer_json(const struct engine *e, const struct route *r, const struct serve_request *request,
				 struct serve_answer *answer, struct err *err)
{
	struct buf_stage to;
	struct js_out o;
	enum err_code code;

	buf_stage_init(&to, &answer->text);
	js_out_init(&o, &to.out, false);
	code = put(e, r, request, &o, err);
	if (code == ERR_OK)
		code = js_end_document(&o, err);
	if (code == ERR_OK)
		code = buf_puts(&answer->text, "\n", err);
	return code == ERR_OK ? serve_answer_header(answer, err, "Content-Type", JSON) : code;
}

static enum err_code answer_ping(const struct serve_request *request, struct serve_answer *answer, struct err *err)
{
	enum err_code code = serve_answer_header(answer, err, "Cache-Control", "no-cache, no-store, must-revalidate");

	if (code == ERR_OK)
		code = serve_answer_header(answer, err, "Pragma", "no-cache");
	if (code == ERR_OK)
		code = serve_answer_header(answer, err, "Swarm", "inactive");
	return code == ERR_OK ? serve_answer_text(answer, 200, "text/plain; charset=utf-8",
						  request->method == SERVE_HEAD ? "" : "OK", err)
			      : code;
}

/* What every answer of a route has, refusals too. */
static enum err_code put_headers(const struct engine *e, struct serve_answer *answer, struct err *err)
{
	enum err_code code = serve_answer_header(answer, err, "Api-Version", "1.%d", ENGINE_API_MAX);

	if (code == ERR_OK)
		code = serve_answer_header(answer, err, "Docker-Experimental", "false");
	if (code == ERR_OK)
		code = serve_answer_header(answer, err, "Ostype", "%s", e->host.os);
	return code == ERR_OK ? serve_answer_header(answer, err, "Server", "Docker/" ENGINE_VERSION " (%s)", e->host.os)
			      : code;
}

static enum err_code put_message(struct serve_answer *answer, unsigned status, const char *message, struct err *err)
{
	struct buf_stage to;
	struct js_out o;
	enum err_code code;

	buf_clear(&answer->text);
	answer->status = status;
	buf_stage_init(&to, &answer->text);
	js_out_init(&o, &to.out, false);
	js_begin(&o, '{');
	js_member(&o, "message", message);
	js_end(&o, '}');
	code = js_end_document(&o, err);
	if (code == ERR_OK)
		code = buf_puts(&answer->text, "\n", err);
	return code == ERR_OK ? serve_answer_header(answer, err, "Content-Type", JSON) : code;
}

/* Clients of before API 1.24 print what comes as it is. */
static enum err_code put_plain(struct serve_answer *answer, unsigned status, const char *message, struct err *err)
{
	CLEANUP(free_ptr) char *line = NULL;
	enum err_code code = str_format(&line, err, "%s\n", message);

	if (code == ERR_OK)
		code = serve_answer_header(answer, err, "X-Content-Type-Options", "nosniff");
	return code == ERR_OK ? serve_answer_text(answer, status, "text/plain; charset=utf-8", line, err) : code;
}

static unsigned status_of(enum err_code code)
{
	switch (code) {
	case ERR_USAGE:
	case ERR_UNSUPPORTED:
		return 400;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_IO:
		return 503;
	default:
		return 500;
	}
}

void engine_refuse(void *engine, const struct serve_request *request, unsigned status, const struct err *why,
		   struct serve_answer *answer)
{
	(void)request;
	put_headers(engine, answer, NULL);
	put_message(answer, status, why->msg, NULL);
}

static enum err_code answer_route(const struct engine *e, struct route *r, const struct serve_request *request,
				  struct serve_answer *answer, struct err *err)
{
	enum err_code code = check_version(r, err);

	if (code != ERR_OK)
		return code;
	return r->what == PING ? answer_ping(request, answer, err) : answer_json(e, r, request, answer, err);
}

enum err_code engine_answer(void *engine, const struct serve_request *request, struct serve_answer *answer,
			    struct err *err)
{
	CLEANUP(route_release) struct route r = { 0 };
	struct err why = { 0 };
	enum err_code code;

	take_version(request->path, &r);
	code = find_route(&r, err);
	if (code != ERR_OK)
		return code;
	if (r.what == NOWHERE || (request->method != SERVE_GET && (request->method != SERVE_HEAD || r.what != PING)))
		return put_message(answer, 404, "page not found", err);
	code = put_headers(engine, answer, err);
	if (code != ERR_OK)
		return code;
	code = answer_route(engine, &r, request, answer, &why);
	if (code == ERR_OK)
		return ERR_OK;
	if (status_of(code) >= 500 && serve_status(code) >= 500) /* the server tells its operator too */
		return err_set(err, code, "%s", why.msg);
	if (r.version[0] != '\0' && compare(r.version, 1, 24) < 0)
		return put_plain(answer, status_of(code), why.msg, err);
	return put_message(answer, status_of(code), why.msg, err);
}

void engine_free(struct engine *engine)
{
	free(engine);
}
