/* The part of description.h that reads: nothing in a description is believed that was not looked at. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/description_reading.h"
#include "bundles/description_selection.h"
#include "bundles/shape.h"
#include "common/limits.h"
#include "common/mem.h"

static enum err_code read_file(const struct reading *r, const struct json_t *json, const char *name,
			       struct description_file *f)
{
	struct js_item item = { .json = json };
	enum err_code code = reading_keep_text(r, &item, "name", &f->name);

	if (code == ERR_OK && strcmp(f->name, name) != 0)
		code = READING_BAD(r, "%s: \"files\" lists %.40s where %s must stand", r->what, f->name, name);
	if (code == ERR_OK)
		code = reading_digest(r, &item, "digest", &f->digest);
	if (code == ERR_OK)
		code = reading_size(r, &item, &f->size_bytes);
	if (code == ERR_OK && f->size_bytes > LIMIT_DESCRIPTION_BYTES)
		code = READING_BAD(r, "%s: %s of %" PRIu64 " bytes", r->what, name, f->size_bytes);
	return code;
}

static enum err_code read_files(const struct reading *r)
{
	const struct json_t *files = js_array(r->json, "files");
	enum err_code code;

	if (js_len(files) != 2)
		return READING_BAD(r, "%s: \"files\" must list two files", r->what);
	code = read_file(r, js_at(files, 0), LAYOUT_NAME, &r->d->layout);
	if (code == ERR_OK && r->d->layout.size_bytes != strlen(LAYOUT_TEXT))
		code = READING_BAD(r, "%s: an %s of %" PRIu64 " bytes", r->what, LAYOUT_NAME, r->d->layout.size_bytes);
	return code == ERR_OK ? read_file(r, js_at(files, 1), INDEX_NAME, &r->d->index) : code;
}

static enum err_code read_shard(const struct reading *r, size_t place, const struct json_t *json,
				struct description_shard *shard)
{
	struct js_item item = { .json = json };
	char name[SHARD_NAME_MAX];
	const char *is = NULL;
	uint64_t images = 0;
	enum err_code code = reading_text(r, &item, "name", &is);

	shard_name(place, name);
	if (code == ERR_OK && strcmp(is, name) != 0)
		code = READING_BAD(r, "%s: \"shards\" lists %.40s where %s must stand", r->what, is, name);
	if (code == ERR_OK)
		code = reading_digest(r, &item, "digest", &shard->digest);
	if (code == ERR_OK)
		code = reading_size(r, &item, &shard->size_bytes);
	if (code == ERR_OK)
		code = reading_name(r, &item, "first", &shard->first);
	if (code != ERR_OK)
		return code;
	if (shard->size_bytes > LIMIT_DESCRIPTION_BYTES || !js_item_uint(&item, "images", &images) || images == 0 ||
	    images > LIMIT_IMAGES)
		return READING_BAD(r, "%s: %s cannot be of that size", r->what, name);
	shard->images = (size_t)images;
	return ERR_OK;
}

/* What is said in shards is not said beside them. */
static enum err_code check_shards(const struct reading *r)
{
	if (js_len(js_array(r->json, "shards")) == 0)
		return READING_BAD(r, "%s: \"shards\" lists none", r->what);
	if (js_get(r->json, "images") != NULL || js_get(r->json, "referrers") != NULL ||
	    js_get(r->json, "blobs") != NULL)
		return READING_BAD(r, "%s: images, referrers or blobs beside \"shards\"", r->what);
	return ERR_OK;
}

static enum err_code read_shards(const struct reading *r)
{
	const struct json_t *shards = js_array(r->json, "shards");
	struct description *d = r->d;
	size_t len = js_len(shards), i;
	enum err_code code = check_shards(r);

	if (code != ERR_OK)
		return code;
	code = vec_grow(&d->shards, &d->shards_cap, len, sizeof(*d->shards), SHARDS_MAX, r->err);

	if (code == ERR_LIMIT)
		return err_set(r->err, ERR_LIMIT, "%s: more than %zu shards", r->what, SHARDS_MAX);
	for (i = 0; code == ERR_OK && i < len; i++) {
		code = read_shard(r, i, js_at(shards, i), &d->shards[i]);
		if (code == ERR_OK && i > 0 && strcmp(d->shards[i].first, d->shards[i - 1].first) <= 0)
			code = READING_BAD(r, "%s: shard %zu is not in its place: they must be sorted", r->what, i);
	}
	d->shards_len = len;
	return code;
}

static enum err_code check_version(const struct reading *r)
{
	uint64_t version = 0;

	if (!js_uint(r->json, "schemaVersion", &version))
		return READING_BAD(r, "%s: no \"schemaVersion\"", r->what);
	if (version != 1)
		return err_set(r->err, ERR_UNSUPPORTED,
			       "%s: schemaVersion %" PRIu64 ", but this program knows only 1: use a newer one", r->what,
			       version);
	return ERR_OK;
}

static enum err_code read_annotations(const struct reading *r)
{
	const struct json_t *json = js_object(r->json, "annotations");
	struct js_item item = { .json = json };
	struct description_notes *notes = &r->d->notes;
	enum err_code code = ERR_OK;
	const char *key;

	if (json == NULL)
		return js_has(r->json, "annotations") ? READING_BAD(r, "%s: \"annotations\" is no object", r->what)
						      : ERR_OK;
	notes->annotations = calloc(ANNOTATIONS_MAX, sizeof(*notes->annotations));
	if (notes->annotations == NULL)
		return err_nomem(r->err);
	for (key = js_next(json, NULL); code == ERR_OK && key != NULL; key = js_next(json, key)) {
		struct description_annotation *a = &notes->annotations[notes->annotations_len];

		if (notes->annotations_len == ANNOTATIONS_MAX)
			return err_set(r->err, ERR_LIMIT, "%s: more than %zu annotations", r->what, ANNOTATIONS_MAX);
		if (*key == '\0' || strlen(key) > LIMIT_TEXT_BYTES)
			return READING_BAD(r, "%s: an annotation without a proper name", r->what);
		code = intern_text(&r->d->strings, key, &a->key, r->err);
		if (code == ERR_OK)
			code = reading_keep_text(r, &item, key, &a->value);
		if (code == ERR_OK && notes->annotations_len > 0 && strcmp(a[-1].key, a->key) >= 0)
			code = READING_BAD(r, "%s: annotation %.200s is not in its place: they must be sorted", r->what,
					   key);
		notes->annotations_len++;
	}
	return code;
}

static enum err_code read_stream(const struct reading *r)
{
	const struct json_t *json = js_object(r->json, "stream");
	struct js_item item = { .json = json };
	struct description_notes *notes = &r->d->notes;
	enum err_code code;

	if (json == NULL)
		return js_has(r->json, "stream") ? READING_BAD(r, "%s: \"stream\" is no object", r->what) : ERR_OK;
	code = reading_keep_text(r, &item, "name", &notes->stream);
	if (code == ERR_OK && (!js_item_uint(&item, "serial", &notes->serial) || notes->serial == 0))
		code = READING_BAD(r, "%s: \"stream\" without a proper \"serial\"", r->what);
	return code;
}

/* Nobody is asked to believe it, so nothing of it is looked at. */
static enum err_code read_trusted_root(const struct reading *r)
{
	r->d->notes.has_trusted_root = js_object(r->json, "trustedRoot") != NULL;
	return r->d->notes.has_trusted_root || !js_has(r->json, "trustedRoot")
		       ? ERR_OK
		       : READING_BAD(r, "%s: \"trustedRoot\" is no object", r->what);
}

static enum err_code read_root(struct reading *r)
{
	enum err_code code = check_version(r);

	if (code == ERR_OK)
		code = read_annotations(r);
	if (code == ERR_OK)
		code = read_stream(r);
	if (code == ERR_OK)
		code = description_selection_read(r->json, r->what, &r->d->notes.selection, r->err);
	if (code == ERR_OK)
		code = read_trusted_root(r);
	if (code == ERR_OK)
		code = read_files(r);
	if (code != ERR_OK)
		return code;
	if (js_get(r->json, "shards") != NULL)
		return read_shards(r);
	return reading_lists(r);
}

enum err_code description_read(const void *bytes, size_t len, const char *what, struct description *ret_description,
			       struct err *err)
{
	CLEANUP(description_release) struct description d = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct reading r = { .d = &d, .what = what, .err = err };
	enum err_code code = reading_parse(bytes, len, what, r.lists, &json, err);

	r.json = json;
	if (code == ERR_OK)
		code = read_root(&r);
	if (code == ERR_OK && d.shards_len == 0)
		code = description_complete(&d, what, err);
	if (code != ERR_OK)
		return code;
	*ret_description = d;
	d = (struct description){ 0 };
	return ERR_OK;
}

enum err_code description_add(struct description *d, size_t shard, const void *bytes, size_t len, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	char name[SHARD_NAME_MAX];
	struct reading r = { .d = d, .what = name, .err = err };
	size_t had = d->images_len;
	enum err_code code;

	shard_name(shard, name);
	code = reading_parse(bytes, len, name, r.lists, &json, err);
	r.json = json;
	if (code == ERR_OK)
		code = check_version(&r);
	if (code == ERR_OK)
		code = reading_lists(&r);
	if (code != ERR_OK)
		return code;
	if (d->images_len - had != d->shards[shard].images || strcmp(d->images[had].name, d->shards[shard].first) != 0)
		return READING_BAD(&r, "%s: its images are not those that %s says", name, DESCRIPTION_NAME);
	return ERR_OK;
}
