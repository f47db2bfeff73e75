#include "import/attestations_place.h"

#include <string.h>

#include "bundles/contents.h"
#include "bundles/journal_file.h"
#include "bundles/source.h"
#include "common/layout.h"
#include "common/mapping.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/walk.h"
#include "import/at_once.h"
#include "import/containerd_source.h"
#include "import/layout_judge.h"
#include "import/store.h"

#define ARCHIVE_TRANSPORT "oci-archive:"

bool attestations_from_bundle(const char *from)
{
	static const char *const transports[] = { LAYOUT_TRANSPORT, ARCHIVE_TRANSPORT, DAEMON_TRANSPORT,
						  REGISTRY_TRANSPORT, CONTAINERD_TRANSPORT };
	size_t i;

	if (from == NULL || strcmp(from, "store") == 0)
		return false;
	for (i = 0; i < COUNT_OF(transports); i++) {
		if (text_starts(from, transports[i]))
			return false;
	}
	return true;
}

/* What there is, by the names that bundle store list shows: others may write to the store too, and layouts are
 * anybody's, who call their images what they like. */
static enum err_code survey(struct attestations_place *p, const char *path, struct err *err)
{
	enum err_code code = layout_survey_make(p->layout, &p->survey, err);

	if (code == ERR_OK)
		code = layout_images_make(&p->survey, path, &p->images, err);
	return code == ERR_OK ? layout_survey_source(p->layout, &p->survey, &p->source, err) : code;
}

static enum err_code open_store(struct attestations_place *p, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = store_path(&path, err);

	if (code == ERR_OK)
		code = layout_open(path, false, &p->layout, err);
	if (code == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "the store %s is empty: bundle import --to store FILE fills it",
			       path);
	return code == ERR_OK ? survey(p, path, err) : code;
}

static enum err_code open_layout(struct attestations_place *p, const char *path, bool is_archive, struct err *err)
{
	enum err_code code =
		is_archive ? layout_open_archive(path, &p->layout, err) : layout_open(path, false, &p->layout, err);

	return code == ERR_OK ? survey(p, path, err) : code;
}

static enum err_code open_bundle(struct attestations_place *p, const struct attestations_from *options, struct err *err)
{
	enum err_code code = bundle_open(options->from, &p->bundle, err);

	if (code == ERR_OK)
		code = origin_demand(p->bundle, &options->origin, &p->origin, err);
	return code == ERR_OK ? bundle_source_new(p->bundle, &p->source, err) : code;
}

/* Where a registry is named, an image has there the name that an import gives it. */
static enum err_code name_there(const char *place, const char *name, char **ret_name, struct err *err)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	enum err_code code = mapping_check_place(place, err);

	if (code == ERR_OK)
		code = mapping_place(&m, place, false, err);
	return code == ERR_OK ? mapping_look(&m, name, ret_name, err) : code;
}

static enum err_code find_repository(struct attestations_place *p, const char *place, const struct reference *ref,
				     const char *name, struct err *err)
{
	CLEANUP(free_ptr) char *there = NULL;
	enum err_code code;

	if (place[0] == '\0')
		return reference_copy(ref, &p->ref, err);
	code = name_there(place, name, &there, err);
	if (code == ERR_OK)
		code = reference_parse(there, &p->ref, err);
	p->ref.digest = code == ERR_OK ? ref->digest : p->ref.digest;
	return code;
}

static enum err_code open_registry(struct attestations_place *p, const struct attestations_from *options,
				   const struct reference *ref, const char *name, struct err *err)
{
	const struct target_options site = { .login = options->login, .endpoints = options->endpoints };
	enum err_code code = find_repository(p, options->from + strlen(REGISTRY_TRANSPORT), ref, name, err);

	if (code == ERR_OK)
		code = site_registry_open(&site, &p->site, err);
	if (code == ERR_OK)
		code = registry_new(p->site.http, &p->ref, &p->site.registry, &p->repository, err);
	return code == ERR_OK ? at_once_new(p->site.http, p->repository, &p->source, err) : code;
}

static enum err_code open_containerd(struct attestations_place *p, const struct attestations_from *options,
				     struct err *err)
{
	const char *socket = containerd_socket(options->from + strlen(CONTAINERD_TRANSPORT));
	enum err_code code = containerd_open(socket, options->namespace, &p->containerd, err);

	return code == ERR_OK ? containerd_source_new(p->containerd, &p->source, err) : code;
}

/* What lies here as a file or a folder. */
static enum err_code open_here(struct attestations_place *p, const struct attestations_from *options, struct err *err)
{
	const char *from = options->from;

	if (from == NULL || strcmp(from, "store") == 0)
		return open_store(p, err);
	if (text_starts(from, LAYOUT_TRANSPORT))
		return open_layout(p, from + strlen(LAYOUT_TRANSPORT), false, err);
	if (text_starts(from, ARCHIVE_TRANSPORT))
		return open_layout(p, from + strlen(ARCHIVE_TRANSPORT), true, err);
	return open_bundle(p, options, err);
}

enum err_code attestations_place_open(const struct attestations_from *options, const struct reference *ref,
				      const char *name, struct attestations_place *p, struct err *err)
{
	const char *from = options->from;
	enum err_code code;

	if (from != NULL && text_starts(from, REGISTRY_TRANSPORT))
		return open_registry(p, options, ref, name, err);
	if (from != NULL && text_starts(from, CONTAINERD_TRANSPORT))
		return open_containerd(p, options, err);
	code = admission_load(&options->policies, &p->admission, err);
	if (code == ERR_OK)
		code = open_here(p, options, err);
	if (code == ERR_OK && p->admission.bypassed)
		code = journal_bypass("attestations", from != NULL ? from : "store",
				      p->bundle != NULL ? bundle_digest(p->bundle) : NULL, err);
	return code;
}

static bool is_called(const struct layout_image *image, const char *name, const char *text)
{
	const char *own = image->entry->ref_name;

	return strcmp(image->name, name) == 0 || (own != NULL && strcmp(own, text) == 0);
}

/* The image of a layout that is called so, by its full name or by what stands in index.json. */
static enum err_code walk_layout(struct attestations_place *p, struct walk *walk, const char *name, const char *text,
				 struct err *err)
{
	const struct layout_image *found = NULL;
	struct descriptor root;
	size_t i;

	for (i = 0; i < p->images.len; i++) {
		if (!is_called(&p->images.items[i], name, text))
			continue;
		if (found != NULL &&
		    digest_packed_compare(&found->entry->digest, &p->images.items[i].entry->digest) != 0)
			return err_set(err, ERR_CONFLICT, "%s: several images are called %s there: %s, %s",
				       layout_path(p->layout), text, found->name, p->images.items[i].name);
		found = &p->images.items[i];
	}
	if (found == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: no such image: %s%s%s", layout_path(p->layout), name,
			       p->images.len > 0 ? "; there is " : "",
			       p->images.len > 0 ? p->images.items[0].name : "");
	root = layout_descriptor(found->entry);
	return walk_root(walk, p->source, &root, found->name, err);
}

static enum err_code walk(struct attestations_place *p, struct walk *walk, const struct reference *ref,
			  const char *name, const char *text, struct err *err)
{
	enum err_code code;

	if (p->repository != NULL) { /* many questions at a time */
		code = walk_image(walk, p->repository, &p->ref, name, err);
		return code == ERR_OK ? http_run(p->site.http, err) : code;
	}
	if (p->images.items != NULL && (ref->digest.text[0] == '\0' || ref->tag == NULL))
		return walk_layout(p, walk, name, text, err);
	code = walk_image(walk, p->source, ref, name, err);
	if (code == ERR_NOT_FOUND && p->containerd != NULL)
		return err_add(err, "%s, namespace %s", p->containerd->socket, p->containerd->namespace);
	return code;
}

enum err_code attestations_place_walk(struct attestations_place *p, const struct reference *ref, const char *name,
				      const char *text, struct graph *g, struct err *err)
{
	CLEANUP(walk_release) struct walk w;
	enum err_code code;

	walk_init(&w, g, NULL, NULL);
	code = walk(p, &w, ref, name, text, err);
	if (code == ERR_OK)
		code = graph_settle(g, err);
	if (code == ERR_OK && p->layout != NULL)
		return layout_judge_graph(&p->admission, g, p->source, err);
	if (code != ERR_OK || p->bundle == NULL)
		return code;
	contents_mark(p->bundle, g);
	code = origin_check_graph(p->bundle, &p->origin, g, NULL, err);
	return code == ERR_OK ? admission_check_bundle(&p->admission, p->bundle, g, NULL, err) : code;
}

void attestations_place_release(struct attestations_place *p)
{
	site_registry_stop(&p->site);
	if (p->source != NULL)
		p->source->free(p->source);
	if (p->repository != NULL)
		p->repository->free(p->repository);
	site_registry_close(&p->site);
	containerd_close(p->containerd);
	reference_release(&p->ref);
	layout_images_release(&p->images);
	layout_survey_release(&p->survey);
	layout_close(p->layout);
	admission_release(&p->admission);
	origin_release(&p->origin);
	bundle_close(p->bundle);
}
