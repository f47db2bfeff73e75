#include "import/serve_registry.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "import/serve_range.h"
#include "import/serve_registry_private.h"

enum err_code serve_registry_new(struct catalog *catalog, struct serve_registry **ret_registry, struct err *err)
{
	struct serve_registry *r = calloc(1, sizeof(*r));
	enum err_code code;

	if (r == NULL)
		return err_nomem(err);
	r->catalog = catalog;
	code = serve_recent_new(&r->recent, err);
	if (code != ERR_OK) {
		free(r);
		return code;
	}
	*ret_registry = r;
	return ERR_OK;
}

void serve_registry_free(struct serve_registry *r)
{
	if (r == NULL)
		return;
	serve_recent_free(r->recent);
	free(r);
}

bool serve_registry_is_path(const char *path)
{
	return strcmp(path, "/v2") == 0 || text_starts(path, "/v2/");
}

enum err_code serve_registry_mark(struct serve_question *q, const struct digest *digest, bool *ret_same,
				  struct err *err)
{
	char etag[DIGEST_TEXT_SIZE + 2];
	enum err_code code = serve_answer_header(q->answer, err, "Docker-Content-Digest", "%s", digest->text);

	snprintf(etag, sizeof(etag), "\"%s\"", digest->text);
	if (code == ERR_OK)
		code = serve_answer_header(q->answer, err, "ETag", "%s", etag);
	if (code != ERR_OK)
		return code;
	*ret_same = serve_range_unchanged(serve_header(q->request, "If-None-Match"), etag);
	if (*ret_same)
		q->answer->status = 304;
	return ERR_OK;
}

bool serve_registry_digest(struct serve_question *q, struct digest *ret_digest, enum err_code *ret_code,
			   struct err *err)
{
	const char *text = q->path.reference;

	if (digest_parse(text, ret_digest, NULL) == ERR_OK)
		return true;
	*ret_code =
		serve_registry_error(q->answer, 400, "DIGEST_INVALID", err,
				     "\"%s\" is no digest: sha256:<64 hex digits> or sha512:<128 hex digits>", text);
	return false;
}

static enum err_code answer_api(struct serve_question *q, struct err *err)
{
	return serve_answer_text(q->answer, 200, "application/json; charset=utf-8", "{}", err);
}

/* In the repository that is meant. */
static enum err_code answer_within(struct serve_question *q, struct err *err)
{
	enum err_code code;

	if (q->path.name[0] == '\0')
		return serve_registry_error(q->answer, 400, "NAME_INVALID", err, "this cannot be a repository's name");
	code = serve_repository_open(q->view, q->registry->recent, q->path.name, serve_query(q->request, "ns"),
				     &q->repository, err);
	if (code == ERR_NOT_FOUND || code == ERR_CONFLICT)
		return serve_registry_error(q->answer, 404, "NAME_UNKNOWN", NULL, "%s", err->msg);
	if (code != ERR_OK)
		return code;
	switch (q->path.ask) {
	case SERVE_ASK_MANIFEST:
		return serve_registry_manifest(q, err);
	case SERVE_ASK_BLOB:
		return serve_registry_blob(q, err);
	case SERVE_ASK_REFERRERS:
		return serve_registry_referrers(q, err);
	default:
		return serve_registry_tags(q, err);
	}
}

static enum err_code answer_content(struct serve_question *q, struct err *err)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *view = NULL;
	enum err_code code = catalog_look(q->registry->catalog, &view, err);

	q->view = view;
	if (code == ERR_OK)
		code = q->path.ask == SERVE_ASK_CATALOG ? serve_registry_catalog(q, err) : answer_within(q, err);
	serve_repository_release(&q->repository);
	return code;
}

static enum err_code refuse_writing(struct serve_question *q, struct err *err)
{
	enum err_code code = serve_answer_header(q->answer, err, "Allow", "GET, HEAD");

	if (code != ERR_OK)
		return code;
	return serve_registry_error(q->answer, 405, "UNSUPPORTED", err, "this registry is read-only");
}

enum err_code serve_registry_handle(void *ctx, const struct serve_request *request, struct serve_answer *answer,
				    struct err *err)
{
	struct serve_question q = {
		.registry = ctx, .request = request, .path = serve_registry_path_read(request->path), .answer = answer
	};
	enum err_code code = serve_answer_header(answer, err, "Docker-Distribution-Api-Version", "registry/2.0");

	if (code != ERR_OK)
		return code;
	if (request->method == SERVE_OTHER)
		return refuse_writing(&q, err);
	switch (q.path.ask) {
	case SERVE_ASK_API:
		return answer_api(&q, err);
	case SERVE_ASK_NOTHING:
		return serve_registry_error(answer, 404, "UNSUPPORTED", err, "nothing of this API has such a path");
	case SERVE_ASK_UPLOAD:
		return serve_registry_error(answer, 404, "BLOB_UPLOAD_UNKNOWN", err, "this registry is read-only");
	default:
		return answer_content(&q, err);
	}
}
