/* The part of plan.h that says which names, and tags of cosign's, may not be what they are going to be. */
#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/plan.h"

bool plan_moves(const struct plan *plan, size_t image)
{
	const struct digest *was = &plan->images[image].was;

	return was->text[0] != '\0' && !digest_equal(was, plan_digest(plan, image));
}

enum err_code plan_add_tag(struct plan *plan, const char *name, const struct digest *was, const struct digest *is,
			   struct err *err)
{
	struct plan_tag tag = { .was = *was, .is = *is };
	enum err_code code =
		vec_grow(&plan->tags, &plan->tags_cap, plan->tags_len + 1, sizeof(*plan->tags), LIMIT_EDGES, err);

	if (code == ERR_OK)
		code = str_copy(name, &tag.name, err);
	if (code == ERR_OK)
		plan->tags[plan->tags_len++] = tag;
	return code;
}

void plan_forget_tags(struct plan *plan)
{
	while (plan->tags_len > 0)
		free(plan->tags[--plan->tags_len].name);
}

bool plan_next_conflict(const struct plan *plan, size_t *at, struct plan_conflict *ret_conflict)
{
	const struct plan_tag *tag;
	size_t images_len = plan->graph.images_len;

	while (*at < images_len && !plan_moves(plan, *at))
		(*at)++;
	if (plan->replace || *at >= images_len + plan->tags_len)
		return false;
	if (*at < images_len) {
		*ret_conflict = (struct plan_conflict){ .name = plan->graph.images[*at].name,
							.was = &plan->images[*at].was,
							.is = plan_digest(plan, *at) };
	} else {
		tag = &plan->tags[*at - images_len];
		*ret_conflict =
			(struct plan_conflict){ .name = tag->name, .was = &tag->was, .is = &tag->is, .is_tag = true };
	}
	(*at)++;
	return true;
}

static enum err_code refuse_one(const struct plan_conflict *only, const char *target, struct err *err)
{
	if (only->is_tag)
		return err_set(
			err, ERR_CONFLICT,
			"%s: what cosign made is there already, and is other than in the bundle: %s is %s there, "
			"%s here; --replace moves the tag",
			target, only->name, only->was->text, only->is->text);
	return err_set(err, ERR_CONFLICT,
		       "%s: %s is there already and another image: %s there, %s here; --replace moves the name", target,
		       only->name, only->was->text, only->is->text);
}

static enum err_code refuse_many(const struct plan_conflict *first, size_t len, size_t tags_len, const char *target,
				 struct err *err)
{
	const char *what = tags_len == 0     ? "names"
			   : tags_len == len ? "tags of cosign's"
					     : "names and tags of cosign's";

	return err_set(err, ERR_CONFLICT,
		       "%s: %zu %s are there already, and other than in the bundle, the first of them %s: %s there, "
		       "%s here; --replace moves them",
		       target, len, what, first->name, first->was->text, first->is->text);
}

enum err_code plan_check_names(struct plan *plan, const char *target, struct err *err)
{
	struct plan_conflict first = { .name = NULL }, next;
	size_t at = 0, tags_len = 0;

	for (plan->conflicts_len = 0; plan_next_conflict(plan, &at, &next); plan->conflicts_len++) {
		first = plan->conflicts_len == 0 ? next : first;
		tags_len += next.is_tag;
	}
	if (plan->conflicts_len == 0)
		return ERR_OK;
	if (plan->conflicts_len == 1)
		refuse_one(&first, target, err);
	else
		refuse_many(&first, plan->conflicts_len, tags_len, target, err);
	return plan_refuse(plan, ERR_CONFLICT, err);
}

enum err_code plan_check_content(struct plan *plan, const char *target, struct err *err)
{
	enum err_code code = plan_find_bare(plan, err);

	if (code == ERR_OK)
		code = plan_check_layers(plan, target, err);
	return code == ERR_OK ? plan_check_prerequisites(plan, target, err) : code;
}

enum err_code plan_check(struct plan *plan, const char *target, struct err *err)
{
	enum err_code code = plan_check_content(plan, target, err);

	return code == ERR_OK ? plan_check_names(plan, target, err) : code;
}
