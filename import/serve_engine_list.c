/* GET /images/json. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/serve_engine_filters.h"
#include "import/serve_engine_group.h"
#include "import/serve_engine_images.h"
#include "import/serve_engine_inspect.h"

/* One image of the list, as text. */
struct entry {
	int64_t created;
	const struct digest *digest;
	size_t at, len; /* in the texts */
};

struct list {
	const struct engine_question *question;
	struct engine_filters filters;
	struct engine_groups groups;
	struct buf texts;
	struct entry *entries; /* owned */
	size_t len;
	bool has_before, has_since;
	int64_t before, since; /* seconds */
	bool manifests, statements;
	struct source *source; /* owned: of the place of the last image */
	const struct catalog_place *place;
};

static void list_release(struct list *l)
{
	if (l->source != NULL)
		l->source->free(l->source);
	free(l->entries);
	buf_release(&l->texts);
	engine_groups_release(&l->groups);
	engine_filters_release(&l->filters);
}

static bool is_wanted(void *ctx, const struct catalog_image *image)
{
	const struct engine_filters *f = ctx;

	return engine_filters_name(f, image->name);
}

static enum err_code use_place(struct list *l, const struct catalog_image *image, struct err *err)
{
	if (l->source != NULL && l->place == image->place)
		return ERR_OK;
	if (l->source != NULL)
		l->source->free(take_ptr(&l->source));
	l->place = image->place;
	return catalog_source_new(l->question->view, image, &l->source, err);
}

static bool created_of(const struct engine_image *image, int64_t *ret_seconds)
{
	const char *created = js_string(image->config, "created");

	return created != NULL && engine_time(created, ret_seconds);
}

/* Any platform's labels will do. */
static enum err_code check_labels(const struct list *l, const struct engine_image *image, bool *ret_fits,
				  struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	*ret_fits = !engine_filters_has_labels(&l->filters);
	for (i = 0; code == ERR_OK && !*ret_fits && i < image->items_len; i++) {
		CLEANUP(js_free_ptr) struct json_t *config = NULL;

		if (image->items[i].kind != ENGINE_IMAGE || image->items[i].config.digest.text[0] == '\0')
			continue;
		code = engine_json_read(l->source, &image->items[i].config, &config, err);
		*ret_fits = config != NULL && engine_filters_labels(&l->filters, config);
	}
	return code;
}

static enum err_code fits(const struct list *l, const struct engine_image *image, bool *ret_fits, struct err *err)
{
	int64_t created = 0;
	bool known = created_of(image, &created);

	*ret_fits = false;
	if ((l->has_before && (!known || created >= l->before)) || (l->has_since && (!known || created <= l->since)))
		return ERR_OK;
	return check_labels(l, image, ret_fits, err);
}

static enum err_code put_entry(struct list *l, const struct engine_group *group, const struct engine_image *image,
			       struct err *err)
{
	struct entry *e = &l->entries[l->len];
	struct engine_shown shown = {
		.image = image,
		.source = l->source,
		.names = group->names,
		.names_len = group->names_len,
		.name = group->names[group->names_len - 1],
		.api = l->question->api,
		.manifests = l->manifests,
		.statements = l->statements,
	};
	struct buf_stage to;
	struct js_out o;
	enum err_code code;

	*e = (struct entry){ .digest = &group->last->digest, .at = l->texts.len };
	created_of(image, &e->created);
	buf_stage_init(&to, &l->texts);
	js_out_init(&o, &to.out, false);
	code = engine_summary_put(&shown, &o, err);
	if (code == ERR_OK)
		code = js_end_document(&o, err);
	e->len = l->texts.len - e->at;
	l->len++;
	return code;
}

static enum err_code add_group(struct list *l, const struct engine_group *group, struct err *err)
{
	CLEANUP(engine_image_release) struct engine_image image = { 0 };
	struct descriptor root;
	bool wanted = false;
	enum err_code code = use_place(l, group->last, err);

	if (code == ERR_OK)
		code = engine_root_of(l->source, group->last, &root, err);
	if (code == ERR_OK)
		code = engine_image_read(l->source, &root, l->question->host, NULL, &image, err);
	if (code == ERR_OK)
		code = fits(l, &image, &wanted, err);
	return code == ERR_OK && wanted ? put_entry(l, group, &image, err) : code;
}

/* When the image was made that "before" or "since" names. */
static enum err_code find_time(struct list *l, const char *name, bool *ret_known, int64_t *ret_seconds, struct err *err)
{
	CLEANUP(engine_image_release) struct engine_image image = { 0 };
	struct engine_question q = *l->question;
	const struct catalog_image *found = NULL;
	struct descriptor root;
	enum err_code code;

	q.name = name;
	code = engine_images_find(&q, &found, err);
	if (code == ERR_OK)
		code = use_place(l, found, err);
	if (code == ERR_OK)
		code = engine_root_of(l->source, found, &root, err);
	if (code == ERR_OK)
		code = engine_image_read(l->source, &root, q.host, NULL, &image, err);
	if (code == ERR_OK)
		*ret_known = created_of(&image, ret_seconds);
	return code;
}

/* Of several times the one that leaves the least. */
static enum err_code find_times(struct list *l, struct err *err)
{
	enum err_code code = ERR_OK;
	const char *name = NULL;
	int64_t seconds = 0;
	bool known = false;

	while (code == ERR_OK && (name = engine_filters_next(&l->filters, "before", name)) != NULL) {
		code = find_time(l, name, &known, &seconds, err);
		l->before = known && (!l->has_before || seconds < l->before) ? seconds : l->before;
		l->has_before |= known;
	}
	for (name = NULL; code == ERR_OK && (name = engine_filters_next(&l->filters, "since", name)) != NULL;) {
		code = find_time(l, name, &known, &seconds, err);
		l->since = known && (!l->has_since || seconds > l->since) ? seconds : l->since;
		l->has_since |= known;
	}
	return code;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->created != y->created)
		return x->created > y->created ? -1 : 1;
	return strcmp(x->digest->text, y->digest->text);
}

static enum err_code gather(struct list *l, struct err *err)
{
	enum err_code code = find_times(l, err);
	size_t i;

	if (code == ERR_OK)
		code = engine_groups_all(l->question->view, is_wanted, &l->filters, &l->groups, err);
	if (code != ERR_OK)
		return code;
	l->entries = calloc(l->groups.len + 1, sizeof(*l->entries));
	if (l->entries == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < l->groups.len; i++)
		code = add_group(l, &l->groups.items[i], err);
	return code;
}

enum err_code engine_images_list(const struct engine_question *q, struct js_out *o, struct err *err)
{
	CLEANUP(list_release)
	struct list l = {
		.question = q,
		.manifests = q->api >= 47 && serve_query_flag(q->request, "manifests"),
		.statements = serve_query_flag(q->request, "statements"),
	};
	enum err_code code = engine_filters_read(serve_query(q->request, "filters"), &l.filters, err);
	size_t i;

	if (code == ERR_OK && q->api >= 54 && serve_query_flag(q->request, "identity") && !l.manifests)
		return err_set(err, ERR_USAGE, "conflicting options: identity requires manifests=1");
	buf_init(&l.texts, LIMIT_SERVE_ANSWER_BYTES);
	if (code == ERR_OK)
		code = gather(&l, err);
	if (code != ERR_OK)
		return code;
	qsort(l.entries, l.len, sizeof(*l.entries), compare);
	js_begin(o, '[');
	for (i = 0; i < l.len; i++)
		js_put_raw(o, l.texts.data + l.entries[i].at, l.entries[i].len);
	js_end(o, ']');
	return ERR_OK;
}
