/* The part of serve_registry.h that lists: referrers, tags, repositories. */
#include "common/js.h"
#include "common/mem.h"
#include "import/serve_listing.h"
#include "import/serve_names.h"
#include "import/serve_referrers.h"
#include "import/serve_registry_private.h"
#include "import/serve_tags.h"

enum err_code serve_registry_referrers(struct serve_question *q, struct err *err)
{
	const char *type = serve_query(q->request, "artifactType");
	struct digest subject;
	enum err_code code;

	if (!serve_registry_digest(q, &subject, &code, err))
		return code;
	code = serve_referrers_write(&q->repository, &subject, type, &q->answer->text, NULL, err);
	if (code == ERR_OK)
		code = serve_answer_header(q->answer, err, "Content-Type", "%s", TYPE_OCI_INDEX);
	if (code == ERR_OK && type != NULL)
		code = serve_answer_header(q->answer, err, "OCI-Filters-Applied", "artifactType");
	return code;
}

/* {"name":…,"KEY":[…]}, of the items one page. */
static enum err_code answer_page(struct serve_question *q, const char *name, const char *key, char *const *items,
				 size_t len, struct err *err)
{
	struct buf_stage stage;
	struct serve_listed page;
	struct js_out out;
	size_t i;
	enum err_code code = serve_listing_page(q->request, items, len, &page, err);

	if (code == ERR_FORMAT)
		return serve_registry_error(q->answer, 400, "PAGINATION_NUMBER_INVALID", NULL, "%s", err->msg);
	if (code != ERR_OK)
		return code;
	buf_stage_init(&stage, &q->answer->text);
	js_out_init(&out, &stage.out, false);
	js_begin(&out, '{');
	if (name != NULL)
		js_member(&out, "name", name);
	js_key(&out, key);
	js_begin(&out, '[');
	for (i = page.first; i < page.end; i++)
		js_put_string(&out, items[i]);
	js_end(&out, ']');
	js_end(&out, '}');
	code = js_end_document(&out, err);
	if (code == ERR_OK)
		code = serve_listing_link(q->request, &page, items, q->answer, err);
	return code == ERR_OK ? serve_answer_header(q->answer, err, "Content-Type", "application/json; charset=utf-8")
			      : code;
}

enum err_code serve_registry_tags(struct serve_question *q, struct err *err)
{
	CLEANUP(serve_tags_release) struct serve_tags tags = { 0 };
	enum err_code code = serve_tags_list(&q->repository, &tags, err);

	return code == ERR_OK ? answer_page(q, q->path.name, "tags", tags.items, tags.len, err) : code;
}

enum err_code serve_registry_catalog(struct serve_question *q, struct err *err)
{
	struct serve_names names = { 0 };
	char **items = NULL;
	size_t len = 0;
	enum err_code code = catalog_images(q->view, &names.images, &names.len, err);

	if (code == ERR_OK)
		code = serve_names_list(names, serve_query(q->request, "ns"), &items, &len, err);
	if (code != ERR_OK)
		return code;
	code = answer_page(q, NULL, "repositories", items, len, err);
	serve_names_free(items, len);
	return code;
}
