#include "import/inventory_registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/discovery.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/opt.h"
#include "common/tags.h"
#include "common/text.h"
#include "common/walk.h"
#include "import/inventory.h"

struct registry_survey;

struct surveyed {
	struct registry_survey *survey;
	struct reference ref; /* without tag */
	struct source *source;
};

struct registry_survey {
	struct site_registry *site;
	char *host;         /* owned */
	const char *prefix; /* "" for none */
	struct surveyed **all;
	size_t len, cap;
	struct tagged *open;     /* owned: tags that were asked for */
	struct source *registry; /* for the catalog */
	struct graph graph;
	struct walk walk;
	struct selection selection;
	struct err no_catalog;
};

/* A tag that may name an image. */
struct tagged {
	struct surveyed *repository;
	char *name; /* owned */
	struct tagged *next, **link;
};

static void tagged_free(struct tagged *t)
{
	*t->link = t->next;
	if (t->next != NULL)
		t->next->link = t->link;
	free(t->name);
	free(t);
}

static void surveyed_free(struct surveyed *s)
{
	if (s->source != NULL)
		s->source->free(s->source);
	reference_release(&s->ref);
	free(s);
}

static void survey_free(struct registry_survey **ret_s)
{
	struct registry_survey *s = *ret_s;
	size_t i;

	if (s == NULL)
		return;
	walk_release(&s->walk);
	for (i = 0; i < s->len; i++)
		surveyed_free(s->all[i]);
	if (s->registry != NULL)
		s->registry->free(s->registry);
	while (s->open != NULL)
		tagged_free(s->open);
	graph_release(&s->graph);
	selection_release(&s->selection);
	free(s->all);
	free(s->host);
	free(s);
}

/* What is gone since it was listed, or is no image of today, is passed over: there is no more in it for an export. */
static enum err_code on_tagged(void *ctx, const struct source_manifest *got, struct err *err)
{
	struct tagged *t = ctx;
	struct registry_survey *s = t->repository->survey;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct descriptor d = { .digest = got->digest, .size_bytes = got->len };
	enum err_code code = ERR_OK;

	if (got->bytes != NULL && manifest_parse(got->bytes, got->len, got->media_type, t->name, &m, NULL) == ERR_OK) {
		d.media_type = m.media_type;
		code = walk_root(&s->walk, t->repository->source, &d, t->name, err);
	}
	tagged_free(t);
	return code;
}

static enum err_code ask_tag(struct surveyed *r, const char *tag, struct err *err)
{
	struct registry_survey *s = r->survey;
	struct tagged *t = calloc(1, sizeof(*t));
	struct reference ref = r->ref;
	CLEANUP(free_ptr) char *copy = NULL;
	enum err_code code;

	if (t == NULL)
		return err_nomem(err);
	*t = (struct tagged){ .repository = r, .next = s->open, .link = &s->open };
	if (s->open != NULL)
		s->open->link = &t->next;
	s->open = t;
	code = str_copy(tag, &copy, err);
	ref.tag = copy;
	if (code == ERR_OK)
		code = reference_name(&ref, &t->name, err);
	return code == ERR_OK ? r->source->resolve(r->source, &ref, on_tagged, t, err) : code;
}

static enum err_code on_tags(void *ctx, const char *const *tags, size_t len, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		if (!discovery_is_tag(tags[i]))
			code = ask_tag(ctx, tags[i], err);
	}
	return code;
}

static enum err_code add_repository(struct registry_survey *s, const char *path, source_tags_fn *done,
				    tags_failed_fn *failed, struct err *err)
{
	struct tags_asker asker = { .done = done, .failed = failed, .needed = true, .pages_max = LIMIT_PAGES };
	struct surveyed *r = calloc(1, sizeof(*r));
	enum err_code code;

	if (r == NULL)
		return err_nomem(err);
	code = vec_grow(&s->all, &s->cap, s->len + 1, sizeof(struct surveyed *), UINT16_MAX, err);
	if (code != ERR_OK) {
		free(r);
		return err_add(err, "repositories");
	}
	s->all[s->len++] = r;
	r->survey = s;
	asker.ctx = r;
	code = str_copy(s->host, &r->ref.domain, err);
	if (code == ERR_OK)
		code = str_copy(path, &r->ref.path, err);
	if (code == ERR_OK)
		code = registry_new(s->site->http, &r->ref, &s->site->registry, &r->source, err);
	return code == ERR_OK ? tags_start(repository_of(r->source), &asker, err) : code;
}

static bool is_below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	return len == 0 || (text_starts(path, prefix) && (path[len] == '/' || path[len] == '\0'));
}

/* A catalog lists repositories that have no tags any more or not yet, and those that not everybody may read. */
static enum err_code on_no_tags(void *ctx, const struct err *why, struct err *err)
{
	const struct surveyed *r = ctx;

	if (why->code == ERR_NOT_FOUND)
		return ERR_OK;
	if (why->code == ERR_DENIED) {
		fprintf(stderr, "%s inventory: passed over: %s/%s: %s\n", OPT_PROGRAM, r->ref.domain, r->ref.path,
			why->msg);
		return ERR_OK;
	}
	*err = *why;
	return err->code;
}

static enum err_code on_catalog(void *ctx, const char *const *paths, size_t len, struct err *err)
{
	struct registry_survey *s = ctx;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		if (is_below(paths[i], s->prefix))
			code = add_repository(s, paths[i], on_tags, on_no_tags, err);
	}
	if (code == ERR_OK && s->len == 0 && *s->prefix != '\0')
		fprintf(stderr, "%s inventory: %s lists no repository %s, and none under it\n", OPT_PROGRAM, s->host,
			s->prefix);
	return code;
}

/* Neither all repositories nor this one. */
static enum err_code on_no_repository(void *ctx, const struct err *why, struct err *err)
{
	const struct surveyed *r = ctx;
	const struct registry_survey *s = r->survey;

	if (why->code != ERR_NOT_FOUND) {
		*err = *why;
		return err->code;
	}
	return err_set(err, ERR_UNSUPPORTED,
		       "it does not list its repositories (%.300s), and has no repository %s; name one: "
		       "docker://%s/REPOSITORY",
		       s->no_catalog.msg, s->prefix, s->host);
}

static enum err_code on_no_catalog(void *ctx, const struct err *why, struct err *err)
{
	struct registry_survey *s = ctx;

	if (why->code == ERR_NETWORK || why->code == ERR_NOMEM) {
		*err = *why;
		return err->code;
	}
	if (*s->prefix == '\0')
		return err_set(err, ERR_UNSUPPORTED,
			       "it does not list its repositories (%.300s); name one: docker://%s/REPOSITORY", why->msg,
			       s->host);
	s->no_catalog = *why;
	return add_repository(s, s->prefix, on_tags, on_no_repository, err);
}

static enum err_code ask(struct registry_survey *s, struct err *err)
{
	struct tags_asker asker = { .done = on_catalog, .failed = on_no_catalog, .ctx = s, .pages_max = LIMIT_PAGES };
	struct reference registry = { .domain = s->host, .path = "" };
	enum err_code code = selection_referrers(&s->selection, "none", err);

	if (code == ERR_OK)
		code = registry_new(s->site->http, &registry, &s->site->registry, &s->registry, err);
	if (code == ERR_OK)
		code = catalog_start(repository_of(s->registry), &asker, err);
	if (code == ERR_OK)
		code = http_run(s->site->http, err);
	return code == ERR_OK ? graph_settle(&s->graph, err) : code;
}

enum err_code inventory_of_registry(struct site_registry *site, const char *place, struct holdings *h, struct err *err)
{
	CLEANUP(survey_free) struct registry_survey *s = calloc(1, sizeof(*s));
	const char *prefix = strchr(place, '/');
	enum err_code code;

	if (s == NULL)
		return err_nomem(err);
	code = str_format(&s->host, err, "%.*s", prefix != NULL ? (int)(prefix - place) : (int)strlen(place), place);
	s->site = site;
	s->prefix = prefix != NULL ? prefix + 1 : "";
	graph_init(&s->graph);
	walk_init(&s->walk, &s->graph, NULL, NULL);
	s->walk.selection = &s->selection;
	if (code == ERR_OK)
		code = ask(s, err);
	return code == ERR_OK ? inventory_of_graph(&s->graph, NULL, h, err) : code;
}
