#include "common/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "common/js_lists.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

static const struct {
	const char *media_type;
	enum manifest_kind kind;
} kinds[] = {
	{ TYPE_OCI_INDEX, MANIFEST_INDEX },
	{ TYPE_OCI_MANIFEST, MANIFEST_IMAGE },
	{ TYPE_OCI_ARTIFACT, MANIFEST_ARTIFACT },
	{ TYPE_DOCKER_LIST, MANIFEST_INDEX },
	{ TYPE_DOCKER_MANIFEST, MANIFEST_IMAGE },
	{ "application/vnd.docker.distribution.manifest.v1+json", MANIFEST_SCHEMA1 },
	{ "application/vnd.docker.distribution.manifest.v1+prettyjws", MANIFEST_SCHEMA1 },
};

/* The lists of descriptors, of which there is never a tree. */
enum list { LIST_MANIFESTS, LIST_LAYERS, LIST_BLOBS, LISTS };

static const char *const list_names[LISTS] = {
	[LIST_MANIFESTS] = "manifests", [LIST_LAYERS] = "layers", [LIST_BLOBS] = "blobs"
};

enum manifest_kind manifest_kind(const char *media_type)
{
	size_t len = strcspn(media_type, "; "), i;

	for (i = 0; i < COUNT_OF(kinds); i++) {
		if (strncasecmp(media_type, kinds[i].media_type, len) == 0 && kinds[i].media_type[len] == '\0')
			return kinds[i].kind;
	}
	return MANIFEST_NONE;
}

bool descriptor_is_attestation(const struct descriptor *d)
{
	const char *type = annotation(d->annotations, ANNOTATION_REFERENCE_TYPE);

	return type != NULL && strcmp(type, "attestation-manifest") == 0;
}

bool media_type_is_compressed(const char *media_type)
{
	static const char *const endings[] = { "+gzip", ".gzip", "+zstd", ".zstd", "+bzip2", "+xz" };
	size_t i;

	for (i = 0; i < COUNT_OF(endings); i++) {
		if (text_ends(media_type, endings[i]))
			return true;
	}
	return false;
}

bool media_type_is_foreign(const char *media_type)
{
	return strstr(media_type, ".nondistributable.") != NULL || strstr(media_type, ".foreign.") != NULL;
}

/* Read the items of a list to its end: all of it is JSON only then.  items is NULL where they are not wanted. */
static enum err_code read_list(struct manifest *m, struct js_list *list, const char *what, struct descriptor *items,
			       struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	bool there = false;
	enum err_code code = js_list_next(list, &item, &there, err);

	while (code == ERR_OK && there) {
		if (items != NULL)
			code = descriptor_read(&item, what, &m->store, &items[m->items_len++], err);
		if (code == ERR_OK)
			code = js_list_next(list, &item, &there, err);
	}
	return code;
}

/* The list that counts, and after it the others. */
static enum err_code parse_items(struct manifest *m, struct js_list lists[LISTS], enum list own, const char *what,
				 struct err *err)
{
	size_t len = js_list_len(&lists[own]), i;
	enum err_code code;

	if (js_array(m->json, list_names[own]) == NULL && js_has(m->json, list_names[own]))
		return err_set(err, ERR_FORMAT, "%s: \"%s\" is no array", what, list_names[own]);
	if (len > 0) {
		m->items = calloc(len, sizeof(*m->items));
		if (m->items == NULL)
			return err_nomem(err);
	}
	code = read_list(m, &lists[own], what, m->items, err);
	for (i = 0; code == ERR_OK && i < LISTS; i++)
		code = read_list(m, &lists[i], what, NULL, err);
	return code;
}

/* A member that holds one descriptor, if it is there. */
static enum err_code parse_one(const struct manifest *m, const char *key, const char *what, bool *ret_has,
			       struct descriptor *ret_descriptor, struct err *err)
{
	const struct json_t *json = js_object(m->json, key);

	if (json == NULL && js_has(m->json, key))
		return err_set(err, ERR_FORMAT, "%s: \"%s\" is no descriptor", what, key);
	if (json == NULL)
		return ERR_OK;
	*ret_has = true;
	return descriptor_parse(json, what, ret_descriptor, err);
}

/* What can be read as an image and as an index means two things to two readers (CVE-2021-41190).  Nobody reads an
 * artifact as anything else, unless an index lists it as that. */
static bool is_ambiguous(const struct manifest *m)
{
	bool image = js_has(m->json, "config") || js_has(m->json, "layers"), index = js_has(m->json, "manifests");

	return (image && m->kind != MANIFEST_IMAGE) || (index && m->kind != MANIFEST_INDEX);
}

static enum err_code parse_body(struct manifest *m, struct js_list lists[LISTS], const char *what, struct err *err)
{
	static const enum list own[] = {
		[MANIFEST_INDEX] = LIST_MANIFESTS, [MANIFEST_IMAGE] = LIST_LAYERS, [MANIFEST_ARTIFACT] = LIST_BLOBS
	};
	enum err_code code;

	if (is_ambiguous(m))
		return err_set(err, ERR_FORMAT, "%s: both %s", what,
			       m->kind == MANIFEST_ARTIFACT ? "an artifact and an image or an index"
							    : "an image manifest and an index");
	code = parse_items(m, lists, own[m->kind], what, err);
	if (code == ERR_OK)
		code = parse_one(m, "config", what, &m->has_config, &m->config, err);
	if (code == ERR_OK)
		code = parse_one(m, "subject", what, &m->has_subject, &m->subject, err);
	if (code != ERR_OK)
		return code;
	if (m->kind == MANIFEST_INDEX && js_get(m->json, "manifests") == NULL) /* null is Go's way to write none */
		return err_set(err, ERR_FORMAT, "%s: an index needs manifests", what);
	if (m->kind == MANIFEST_IMAGE && !m->has_config)
		return err_set(err, ERR_FORMAT, "%s: an image manifest needs a config", what);
	m->annotations = js_object(m->json, "annotations");
	m->artifact_type = js_string(m->json, "artifactType");
	if (m->artifact_type == NULL && m->has_config)
		m->artifact_type = m->config.media_type;
	return ERR_OK;
}

/* A known type as everyone spells it, without the parameters that an answer may add to it. */
static const char *plain_type(const char *media_type)
{
	size_t len = strcspn(media_type, "; "), i;

	for (i = 0; i < COUNT_OF(kinds); i++) {
		if (strncasecmp(media_type, kinds[i].media_type, len) == 0 && kinds[i].media_type[len] == '\0')
			return kinds[i].media_type;
	}
	return media_type;
}

/* Which type counts: the one it came under, or the one it says of itself.  They must not differ. */
static enum err_code settle_type(struct manifest *m, const char *came_as, const char *what, struct err *err)
{
	const char *inside = js_string(m->json, "mediaType");
	size_t len = came_as != NULL ? strcspn(came_as, "; ") : 0;

	if (len > 0 && inside != NULL && (strncasecmp(inside, came_as, len) != 0 || inside[len] != '\0'))
		return err_set(err, ERR_FORMAT, "%s: came as %.*s, but says that it is %s", what, (int)len, came_as,
			       inside);
	m->media_type = inside != NULL ? inside : came_as;
	if (m->media_type == NULL || m->media_type[0] == '\0')
		m->media_type = js_array(m->json, "manifests") != NULL ? TYPE_OCI_INDEX : TYPE_OCI_MANIFEST;
	m->kind = manifest_kind(m->media_type);
	m->media_type = plain_type(m->media_type);
	return ERR_OK;
}

static enum err_code parse_json(struct manifest *m, struct js_list lists[LISTS], const char *came_as, const char *what,
				struct err *err)
{
	static const char *const members[] = { "schemaVersion", "mediaType", "artifactType", "manifests",   "layers",
					       "config",        "blobs",     "subject",      "annotations", NULL };
	uint64_t version = 0;
	enum err_code code = members_check(m->json, members, what, err);

	if (code == ERR_OK)
		code = settle_type(m, came_as, what, err);
	if (code != ERR_OK)
		return code;
	if (m->kind == MANIFEST_SCHEMA1 || (js_uint(m->json, "schemaVersion", &version) && version == 1))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: a Docker schema 1 manifest, which is no longer supported: push the image again "
			       "with a current tool",
			       what);
	if (m->kind == MANIFEST_NONE)
		return err_set(err, ERR_UNSUPPORTED, "%s: %s is no image manifest or index", what, m->media_type);
	return parse_body(m, lists, what, err);
}

/* What networks show to those who have not logged in to them. */
static bool is_page(const char *media_type)
{
	return media_type != NULL && strncasecmp(media_type, "text/html", strlen("text/html")) == 0;
}

enum err_code manifest_parse(const void *bytes, size_t len, const char *media_type, const char *what,
			     struct manifest *ret_manifest, struct err *err)
{
	struct manifest m = { 0 };
	struct js_list lists[LISTS];
	enum err_code code;

	if (len > LIMIT_MANIFEST_BYTES)
		return err_set(err, ERR_LIMIT, "%s: a manifest of more than %llu MiB", what,
			       (unsigned long long)(LIMIT_MANIFEST_BYTES / MIB));
	code = js_lists_read(bytes != NULL ? bytes : "", len, LIMIT_JSON_VALUES, what, list_names, LISTS, lists,
			     &m.json, err);
	if (code == ERR_FORMAT && is_page(media_type))
		code = err_set(
			err, ERR_FORMAT,
			"%s: the answer is a web page and no manifest: is there a proxy or a login page between?",
			what);
	if (code == ERR_OK)
		code = parse_json(&m, lists, media_type, what, err);
	if (code != ERR_OK) {
		manifest_release(&m);
		return code;
	}
	*ret_manifest = m;
	return ERR_OK;
}

void manifest_release(struct manifest *m)
{
	free(m->items);
	descriptor_store_release(&m->store);
	js_free(m->json);
	*m = (struct manifest){ 0 };
}
