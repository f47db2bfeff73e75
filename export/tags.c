#include "export/tags.h"

#include <stdlib.h>
#include <string.h>

#include "common/discovery.h"
#include "common/mem.h"
#include "common/text.h"
#include "export/location.h"

struct tags_asked {
	struct gather *gather;
	struct source *source;
	struct reference repository; /* owned; without tag */
	const struct opt_list *globs;
	struct tags_asked *next;
};

static bool is_wanted(const struct opt_list *globs, const char *tag)
{
	size_t i;

	for (i = 0; i < globs->len; i++) {
		if (text_glob(globs->items[i], tag))
			return true;
	}
	return globs->len == 0;
}

static enum err_code none_matches(const struct tags_asked *asked, size_t images, struct err *err)
{
	const struct opt_list *globs = asked->globs;

	if (images == 0)
		return err_set(err, ERR_NOT_FOUND, "%s/%s has no image with a tag", asked->repository.domain,
			       asked->repository.path);
	return err_set(err, ERR_NOT_FOUND, "%s/%s: none of its %zu tag%s matches \"%.200s\"%s",
		       asked->repository.domain, asked->repository.path, images, images == 1 ? "" : "s",
		       globs->items[0], globs->len > 1 ? " or the other globs" : "");
}

static enum err_code on_tags(void *ctx, const char *const *tags, size_t len, struct err *err)
{
	struct tags_asked *asked = ctx;
	size_t images = 0, wanted = 0, i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < len; i++) {
		CLEANUP(reference_release) struct reference ref = { 0 };

		if (discovery_is_tag(tags[i]))
			continue;
		images++;
		if (!is_wanted(asked->globs, tags[i]))
			continue;
		wanted++;
		code = reference_copy(&asked->repository, &ref, err);
		if (code == ERR_OK)
			code = str_copy(tags[i], &ref.tag, err);
		if (code == ERR_OK)
			code = gather_image(asked->gather, asked->source, &ref, err);
	}
	return code == ERR_OK && wanted == 0 ? none_matches(asked, images, err) : code;
}

/* Files and folders have no list of tags, but all of their images are taken by themselves. */
static enum err_code read_repository(const char *text, struct reference *ret_repository, struct err *err)
{
	CLEANUP(location_release) struct location at = { 0 };
	enum err_code code = location_parse(text, &at, err);

	if (code == ERR_OK && at.transport != TRANSPORT_REGISTRY)
		return err_set(
			err, ERR_USAGE,
			"--tags and --all-tags: %.300s is no repository of a registry; without these options all "
			"images of a file or folder are taken, or one with :NAME behind the path",
			text);
	if (code == ERR_OK)
		code = reference_parse_repository(at.path, ret_repository, err);
	if (code != ERR_FORMAT)
		return code;
	err_add(err, "--tags and --all-tags");
	return err_recode(err, ERR_USAGE);
}

enum err_code tags_ask(struct gather *g, const char *text, const struct opt_list *globs, struct tags_asked **asked,
		       struct err *err)
{
	struct tags_asked *a = calloc(1, sizeof(*a));
	struct source *source = NULL;
	enum err_code code;

	if (a == NULL)
		return err_nomem(err);
	*a = (struct tags_asked){ .gather = g, .globs = globs, .next = *asked };
	*asked = a;
	code = read_repository(text, &a->repository, err);
	if (code == ERR_OK)
		code = gather_source_of(g, &a->repository, &source, err);
	if (code != ERR_OK)
		return code;
	a->source = source;
	return source->tags(source, on_tags, a, err);
}

void tags_free(struct tags_asked *asked)
{
	while (asked != NULL) {
		struct tags_asked *next = asked->next;

		reference_release(&asked->repository);
		free(asked);
		asked = next;
	}
}
