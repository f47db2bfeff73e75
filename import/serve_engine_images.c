#include "import/serve_engine_images.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/text.h"
#include "import/serve_engine_attestations.h"
#include "import/serve_engine_group.h"
#include "import/serve_engine_inspect.h"

static void source_free(struct source **s)
{
	if (*s != NULL)
		(*s)->free(*s);
}

static bool flag(const struct engine_question *q, const char *name)
{
	return serve_query_flag(q->request, name);
}

/* What the daemon calls the image that it has not: a digest as it is, a name with its tag. */
static enum err_code no_image(const char *text, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	struct digest digest;
	enum err_code code;

	if (digest_parse(text, &digest, NULL) == ERR_OK)
		return err_set(err, ERR_NOT_FOUND, "No such image: %s", text);
	if (strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64)
		return err_set(err, ERR_NOT_FOUND, "No such image: sha256:%s", text);
	code = reference_parse(text, &ref, NULL);
	if (code == ERR_OK)
		code = reference_text(&ref, &name, NULL);
	return err_set(err, ERR_NOT_FOUND, "No such image: %s", code == ERR_OK ? reference_familiar(name) : text);
}

static enum err_code bad_name(const char *text, struct err *err)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			return err_set(err, ERR_USAGE,
				       "invalid reference format: repository name (%.*s) must be lowercase", (int)len,
				       text);
	}
	return err_set(err, ERR_USAGE, "invalid reference format");
}

enum err_code engine_images_find(const struct engine_question *q, const struct catalog_image **ret_image,
				 struct err *err)
{
	enum err_code code = catalog_resolve(q->view, q->name, ret_image, err);

	if (code == ERR_NOT_FOUND)
		return no_image(q->name, err);
	if (code == ERR_CONFLICT)
		return err_set(err, ERR_NOT_FOUND, "ambiguous reference");
	return code == ERR_FORMAT || code == ERR_USAGE ? bad_name(q->name, err) : code;
}

/* The platform that is asked for, NULL where none is. */
static enum err_code asked_platform(const struct engine_question *q, struct engine_platform *room,
				    const struct engine_platform **ret_platform, struct err *err)
{
	const char *text = serve_query(q->request, "platform");

	*ret_platform = NULL;
	if (text == NULL || text[0] == '\0')
		return ERR_OK;
	*ret_platform = room;
	return engine_platform_read(text, room, err);
}

struct inspection {
	const struct engine_question *question;
	const struct engine_platform *platform; /* NULL: none was asked for */
	bool manifests;
};

static enum err_code inspect_group(const struct inspection *in, const struct engine_group *group, struct source *source,
				   struct js_out *o, struct err *err)
{
	static const struct platform nowhere = { .os = "" };
	CLEANUP(engine_image_release) struct engine_image image = { 0 };
	struct descriptor root;
	struct engine_shown shown = {
		.image = &image,
		.source = source,
		.names = group->names,
		.names_len = group->names_len,
		.name = group->names[group->names_len - 1],
		.api = in->question->api,
		.manifests = in->manifests,
		.statements = flag(in->question, "statements"),
		.one_platform = in->platform != NULL,
	};
	const struct platform *wanted = in->platform == NULL  ? NULL
					: in->platform->known ? &in->platform->normal
							      : &nowhere;
	char text[ENGINE_PLATFORM_TEXT_MAX];
	enum err_code code = engine_root_of(source, group->last, &root, err);

	if (code == ERR_OK)
		code = engine_image_read(source, &root, in->question->host, wanted, &image, err);
	if (code == ERR_OK && in->platform != NULL && image.best == SIZE_MAX)
		return err_set(err, ERR_NOT_FOUND,
			       "image with reference %s was found but does not provide the specified platform (%s)",
			       in->question->name, engine_platform_text(in->platform, text));
	return code == ERR_OK ? engine_inspect_put(&shown, o, err) : code;
}

enum err_code engine_images_inspect(const struct engine_question *q, struct js_out *o, struct err *err)
{
	CLEANUP(engine_groups_release) struct engine_groups groups = { 0 };
	CLEANUP(source_free) struct source *source = NULL;
	struct inspection in = { .question = q, .manifests = q->api >= 48 && flag(q, "manifests") };
	const struct catalog_image *image = NULL;
	struct engine_platform platform;
	enum err_code code = q->api >= 49 ? asked_platform(q, &platform, &in.platform, err) : ERR_OK;

	if (code == ERR_OK && in.manifests && in.platform != NULL)
		return err_set(err, ERR_USAGE,
			       "conflicting options: manifests and platform options cannot both be set");
	if (code == ERR_OK)
		code = engine_images_find(q, &image, err);
	if (code == ERR_OK)
		code = engine_groups_of(q->view, &image->digest, &groups, err);
	if (code == ERR_OK)
		code = catalog_source_new(q->view, image, &source, err);
	return code == ERR_OK ? inspect_group(&in, &groups.items[0], source, o, err) : code;
}

/* The predicate types that are asked for, without blanks around them. */
static enum err_code asked_types(const struct engine_question *q, struct buf *texts, const char **types,
				 size_t *ret_len, struct err *err)
{
	size_t i, offsets[64], len = 0;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < q->request->query_len; i++) {
		const char *value = q->request->query[i].value;
		size_t end;

		if (strcmp(q->request->query[i].name, "type") != 0)
			continue;
		value += strspn(value, " \t\r\n");
		for (end = strlen(value); end > 0 && strchr(" \t\r\n", value[end - 1]) != NULL; end--)
			;
		if (end == 0)
			continue;
		if (len == COUNT_OF(offsets))
			return err_set(err, ERR_USAGE, "more than %zu types", COUNT_OF(offsets));
		offsets[len++] = texts->len;
		code = buf_add(texts, value, end, err);
		if (code == ERR_OK)
			code = buf_add(texts, "", 1, err);
	}
	for (i = 0; code == ERR_OK && i < len; i++)
		types[i] = texts->data + offsets[i];
	*ret_len = len;
	return code;
}

static enum err_code count_platforms(const struct engine_question *q, struct err *err)
{
	size_t len = 0, i;

	for (i = 0; i < q->request->query_len; i++)
		len += strcmp(q->request->query[i].name, "platform") == 0;
	return len > 1 ? err_set(err, ERR_USAGE, "only one platform value is currently supported") : ERR_OK;
}

enum err_code engine_images_attestations(const struct engine_question *q, struct js_out *o, struct err *err)
{
	CLEANUP(source_free) struct source *source = NULL;
	CLEANUP(buf_release) struct buf texts = { 0 };
	const struct catalog_image *image = NULL;
	struct engine_platform platform, host;
	const char *types[64];
	struct engine_attestations asked = {
		.types = types,
		.statements = flag(q, "statement"),
		.referrers = flag(q, "referrers"),
	};
	struct descriptor root;
	enum err_code code = count_platforms(q, err);

	buf_init(&texts, LIMIT_URL_BYTES * 2);
	if (code == ERR_OK)
		code = asked_platform(q, &platform, &asked.platform, err);
	if (code == ERR_OK)
		code = asked_types(q, &texts, types, &asked.types_len, err);
	if (code == ERR_OK)
		code = engine_images_find(q, &image, err);
	if (code == ERR_OK)
		code = catalog_source_new(q->view, image, &source, err);
	if (code != ERR_OK)
		return code;
	engine_platform_of(q->host, &host);
	if (asked.platform == NULL)
		asked.platform = &host;
	code = engine_root_of(source, image, &root, err);
	return code != ERR_OK ? code : engine_attestations_put(source, &root, &asked, o, err);
}
