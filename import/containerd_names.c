#include "import/containerd_names.h"

#include <string.h>

#include "common/mem.h"
#include "common/reference.h"
#include "import/containerd_runs.h"

/* "r.test/app:1" is known as "r.test/app@sha256:…" too, but in Docker's namespace: then it is NULL. */
static enum err_code name_by_digest(const struct containerd *c, const char *name, const struct digest *digest,
				    char **ret_name, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *repository = NULL;
	enum err_code code;

	if (strcmp(c->namespace, CONTAINERD_DOCKER) == 0)
		return ERR_OK;
	code = reference_parse(name, &ref, err);
	if (code == ERR_OK)
		code = reference_repository(&ref, &repository, err);
	return code == ERR_OK ? str_format(ret_name, err, "%s@%s", repository, digest->text) : code;
}

/* What a record says; it is right where it says what it should, and of pinned images that they are. */
static enum err_code look_at_record(struct containerd *c, const char *name, const struct node *root, bool pin,
				    struct digest *ret_was, bool *ret_right, struct err *err)
{
	CLEANUP(containerd_image_release) struct containerd_image image = { .name = NULL };
	enum err_code code = containerd_image(c, name, &image, err);

	if (code != ERR_OK)
		return code;
	*ret_was = image.target;
	*ret_right = digest_equal(&image.target, &root->digest) && (image.pinned || !pin);
	return ERR_OK;
}

enum err_code names_look(struct containerd *c, struct plan *plan, bool pin, bool *ret_right, struct err *err)
{
	enum err_code code = ERR_OK;
	bool all = true, right = true;
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++) {
		const struct image *image = &plan->graph.images[i];
		const struct node *root = &plan->graph.nodes[image->root];
		CLEANUP(free_ptr) char *by_digest = NULL;
		struct digest other;

		code = name_by_digest(c, image->name, &root->digest, &by_digest, err);
		if (code == ERR_OK && by_digest != NULL)
			code = look_at_record(c, by_digest, root, pin, &other, &right, err);
		all &= right;
		if (code == ERR_OK)
			code = look_at_record(c, image->name, root, pin, &plan->images[i].was, &right, err);
		all &= right;
		plan->images[i].runs_len = 0; /* it may be another since it was looked at first */
		if (code == ERR_OK && plan_moves(plan, i))
			code = containerd_runs(c, plan, i, err);
	}
	*ret_right = all;
	return code;
}

static enum err_code give_name(struct containerd *c, const char *name, const struct node *root, bool pin,
			       struct err *err)
{
	struct digest was;
	bool right = false;
	enum err_code code = look_at_record(c, name, root, pin, &was, &right, err);

	return code == ERR_OK && !right ? containerd_name(c, name, root, pin, err) : code;
}

/* An image that loses its name stays under its digest, as the kubelet and Docker leave it: containers may use it. */
static enum err_code keep_old(struct containerd *c, const char *name, const struct node *root, struct err *err)
{
	CLEANUP(containerd_image_release) struct containerd_image image = { .name = NULL };
	CLEANUP(free_ptr) char *by_digest = NULL;
	struct node old = { .media_type = image.media_type };
	enum err_code code = containerd_image(c, name, &image, err);

	if (code != ERR_OK || image.name == NULL || digest_equal(&image.target, &root->digest))
		return code;
	old.digest = image.target;
	old.size_bytes = image.size_bytes;
	code = name_by_digest(c, name, &old.digest, &by_digest, err);
	if (code == ERR_OK && by_digest == NULL)
		code = str_format(&by_digest, err, "moby-dangling@%s", old.digest.text);
	return code == ERR_OK ? give_name(c, by_digest, &old, false, err) : code;
}

enum err_code names_give(struct containerd *c, struct plan *plan, bool pin, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++) {
		const struct image *image = &plan->graph.images[i];
		const struct node *root = &plan->graph.nodes[image->root];
		CLEANUP(free_ptr) char *by_digest = NULL;

		code = name_by_digest(c, image->name, &root->digest, &by_digest, err);
		if (code == ERR_OK && by_digest != NULL)
			code = give_name(c, by_digest, root, pin, err);
		if (code == ERR_OK)
			code = keep_old(c, image->name, root, err);
		if (code == ERR_OK)
			code = give_name(c, image->name, root, pin, err);
		if (code == ERR_OK)
			plan->images[i].is = root->digest;
	}
	return code;
}

static enum err_code read_record(struct containerd *c, const char *name, const struct node *root, const char *target,
				 struct digest *ret_is, struct err *err)
{
	CLEANUP(containerd_image_release) struct containerd_image image = { .name = NULL };
	enum err_code code = containerd_image(c, name, &image, err);

	if (code != ERR_OK)
		return code;
	*ret_is = image.target;
	if (!digest_equal(&image.target, &root->digest))
		return err_set(err, ERR_PARTIAL, "%s: %s: after the import it is %s there, not %s", target, name,
			       image.target.text[0] != '\0' ? image.target.text : "not", root->digest.text);
	return ERR_OK;
}

enum err_code names_read(struct containerd *c, struct plan *plan, size_t image, const char *target, struct err *err)
{
	const char *name = plan->graph.images[image].name;
	const struct node *root = &plan->graph.nodes[plan->graph.images[image].root];
	CLEANUP(free_ptr) char *by_digest = NULL;
	struct digest other;
	enum err_code code = read_record(c, name, root, target, &plan->images[image].is, err);

	if (code == ERR_OK)
		code = name_by_digest(c, name, &root->digest, &by_digest, err);
	if (code == ERR_OK && by_digest != NULL)
		code = read_record(c, by_digest, root, target, &other, err);
	return code;
}
