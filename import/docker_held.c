#include "import/docker_held.h"

#include "common/limits.h"
#include "common/mem.h"
#include "import/docker_image.h"

static const struct digest *asked_of(const struct plan *plan, const struct target_question *q)
{
	return &plan->graph.nodes[q->node].digest;
}

static enum err_code ask_store(struct containerd *store, const struct plan *plan, struct target_question *questions,
			       size_t len, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		CLEANUP(containerd_content_release) struct containerd_content got = { 0 };

		code = containerd_content(store, asked_of(plan, &questions[i]), &got, err);
		questions[i].there = code == ERR_OK && got.there;
	}
	return code;
}

/* What an image calls an attestation another index may call a platform. */
static bool has(const struct docker_image *image, const struct digest *wanted)
{
	const struct docker_manifest *m = docker_image_find(image, wanted);

	return digest_equal(&image->digest, wanted) || (m != NULL && m->available);
}

static enum err_code ask_image(struct docker *d, const char *id, const struct plan *plan,
			       struct target_question *questions, size_t len, struct err *err)
{
	CLEANUP(docker_image_release) struct docker_image image = { 0 };
	enum err_code code = docker_image_get(d, id, &image, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++)
		questions[i].there |= has(&image, asked_of(plan, &questions[i]));
	return code;
}

static enum err_code ask_images(struct docker *d, const struct plan *plan, struct target_question *questions,
				size_t len, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *list = NULL;
	enum err_code code =
		docker_get_json(d, DOCKER_API_INSPECT, "/images/json", LIMIT_DESCRIPTION_BYTES, &list, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < js_len(list); i++) {
		const char *id = js_string(js_at(list, i), "Id");

		if (id == NULL)
			return err_set(err, ERR_FORMAT, "/images/json: the daemon names an image without its Id");
		code = ask_image(d, id, plan, questions, len, err);
	}
	return code;
}

enum err_code docker_held_look(struct docker *d, const struct docker_content *content, const struct plan *plan,
			       struct target_question *questions, size_t len, struct err *err)
{
	struct err why = { 0 };
	size_t i;

	for (i = 0; i < len; i++)
		questions[i].there = false;
	if (content->store != NULL && ask_store(content->store, plan, questions, len, &why) == ERR_OK)
		return ERR_OK;
	return why.code == ERR_NOMEM ? err_nomem(err) : ask_images(d, plan, questions, len, err);
}
