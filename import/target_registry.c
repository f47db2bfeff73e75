#include "import/target_registry.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "import/inventory_registry.h"
#include "import/push.h"
#include "import/site_registry.h"

struct target_registry {
	struct target target;
	char *place; /* owned: target.place */
	const struct target_options *options;
	struct site_registry site;
	struct push push;
};

static enum err_code add_name(const struct target_registry *t, enum err_code code, struct err *err)
{
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", t->target.name);
}

static enum err_code open_site(struct target_registry *t, struct err *err)
{
	return t->site.http != NULL ? ERR_OK : site_registry_open(t->options, &t->site, err);
}

static enum err_code registry_probe(struct target *target, struct plan *plan, struct err *err)
{
	struct target_registry *t = OUTER_OF(target, struct target_registry, target);
	enum err_code code = open_site(t, err);

	t->push.jobs = t->options->jobs > 0 ? t->options->jobs : SITE_JOBS_DEFAULT;
	t->push.subset_index = t->options->subset_index;
	if (code == ERR_OK)
		code = push_init(&t->push, plan, &t->site, err);
	if (code == ERR_OK)
		code = push_probe(&t->push, err);
	return code == ERR_OK ? plan_check(plan, target->name, err) : err_add(err, "%s", target->name);
}

static enum err_code registry_write(struct target *target, struct plan *plan, struct err *err)
{
	struct target_registry *t = OUTER_OF(target, struct target_registry, target);
	enum err_code code = push_blobs(&t->push, err);

	if (code == ERR_OK)
		code = plan_finish(plan, err);
	if (code == ERR_OK)
		code = push_manifests(&t->push, err);
	if (code == ERR_OK)
		code = push_referrers(&t->push, err);
	if (code == ERR_OK)
		code = push_tags(&t->push, err);
	return add_name(t, code, err);
}

static enum err_code registry_read_back(struct target *target, struct plan *plan, struct err *err)
{
	struct target_registry *t = OUTER_OF(target, struct target_registry, target);

	(void)plan;
	return add_name(t, push_check(&t->push, err), err);
}

static enum err_code registry_inventory(struct target *target, struct holdings *h, struct err *err)
{
	struct target_registry *t = OUTER_OF(target, struct target_registry, target);
	enum err_code code = open_site(t, err);

	if (code == ERR_OK)
		code = inventory_of_registry(&t->site, target->place, h, err);
	return add_name(t, code, err);
}

static void registry_free(struct target *target)
{
	struct target_registry *t = OUTER_OF(target, struct target_registry, target);

	site_registry_stop(&t->site);
	push_release(&t->push);
	site_registry_close(&t->site);
	free(t->place);
	free(t->target.name);
	free(t);
}

/* "HOST/" is HOST: shells and people end a place so. */
static enum err_code read_place(const char *text, char **ret_place, struct err *err)
{
	size_t len = strlen(text);
	CLEANUP(free_ptr) char *place = NULL;
	enum err_code code;

	if (len > 1 && text[len - 1] == '/')
		len--;
	code = str_format(&place, err, "%.*s", (int)len, text);
	if (code != ERR_OK)
		return code;
	code = mapping_check_place(place, err);
	if (code != ERR_OK)
		return err_add(err, "docker://%.300s", text);
	*ret_place = take_ptr(&place);
	return ERR_OK;
}

enum err_code target_registry_new(const struct target_options *options, const char *place, struct target **ret_target,
				  struct err *err)
{
	struct target_registry *t = calloc(1, sizeof(*t));
	enum err_code code = t != NULL ? read_place(place, &t->place, err) : err_nomem(err);

	if (code != ERR_OK) {
		free(t);
		return code;
	}
	t->options = options;
	t->target = (struct target){
		.place = t->place,
		.keep_host = options->keep_host,
		.probe = registry_probe,
		.write = registry_write,
		.read_back = registry_read_back,
		.inventory = registry_inventory,
		.free = registry_free,
	};
	code = str_format(&t->target.name, err, "docker://%s", t->place);
	if (code == ERR_OK)
		*ret_target = &t->target;
	else
		registry_free(&t->target);
	return code;
}
