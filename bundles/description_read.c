/* The part of description.h that reads: nothing in a description is believed that was not looked at. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/description.h"
#include "bundles/description_selection.h"
#include "bundles/shape.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"

/* What is being read, for messages. */
struct reading {
	struct description *d;
	const struct json_t *json; /* the document */
	const char *what;
	struct err *err;
};

#define BAD(r, ...) err_set((r)->err, ERR_DAMAGED, __VA_ARGS__)

static enum err_code get_text(const struct reading *r, const struct json_t *json, const char *key,
			      const char **ret_text)
{
	const char *text = js_string(json, key);

	if (text == NULL || text[0] == '\0' || strlen(text) > LIMIT_TEXT_BYTES)
		return BAD(r, "%s: an entry without a proper \"%s\"", r->what, key);
	*ret_text = text;
	return ERR_OK;
}

/* A text that outlives its document. */
static enum err_code keep_text(const struct reading *r, const struct json_t *json, const char *key,
			       const char **ret_text)
{
	const char *text;
	enum err_code code = get_text(r, json, key, &text);

	return code == ERR_OK ? intern_text(&r->d->strings, text, ret_text, r->err) : code;
}

/* The one text that may be empty: what a source says of a blob is carried as it is. */
static enum err_code keep_media_type(const struct reading *r, const struct json_t *json, const char **ret_text)
{
	const char *text = js_string(json, "mediaType");

	if (text == NULL || strlen(text) > LIMIT_TEXT_BYTES)
		return BAD(r, "%s: an entry without a proper \"mediaType\"", r->what);
	return intern_text(&r->d->strings, text, ret_text, r->err);
}

static enum err_code get_digest(const struct reading *r, const struct json_t *json, const char *key,
				struct digest *ret_digest)
{
	const char *text;
	enum err_code code = get_text(r, json, key, &text);

	if (code == ERR_OK && digest_parse(text, ret_digest, r->err) != ERR_OK) {
		err_add(r->err, "%s", r->what);
		code = err_recode(r->err, ERR_DAMAGED);
	}
	return code;
}

static enum err_code get_size(const struct reading *r, const struct json_t *json, uint64_t *ret_size)
{
	if (!js_uint(json, "size", ret_size))
		return BAD(r, "%s: an entry without \"size\"", r->what);
	return ERR_OK;
}

/* A word out of a list, as its place in the list. */
static enum err_code get_word(const struct reading *r, const struct json_t *json, const char *key, unsigned count,
			      const char *(*name)(unsigned word), unsigned *ret_word)
{
	const char *text;
	enum err_code code = get_text(r, json, key, &text);
	unsigned i;

	if (code != ERR_OK)
		return code;
	for (i = 0; i < count; i++) {
		if (strcmp(text, name(i)) == 0) {
			*ret_word = i;
			return ERR_OK;
		}
	}
	return BAD(r, "%s: \"%s\" is \"%.40s\", which this program does not know", r->what, key, text);
}

static const char *role_word(unsigned word)
{
	return role_name((enum role)word);
}

static const char *stored_word(unsigned word)
{
	return stored_name((enum stored)word);
}

static const char *link_word(unsigned word)
{
	return link_name((enum link_kind)word);
}

static enum err_code read_file(const struct reading *r, const struct json_t *json, const char *name,
			       struct description_file *f)
{
	enum err_code code = keep_text(r, json, "name", &f->name);

	if (code == ERR_OK && strcmp(f->name, name) != 0)
		code = BAD(r, "%s: \"files\" lists %.40s where %s must stand", r->what, f->name, name);
	if (code == ERR_OK)
		code = get_digest(r, json, "digest", &f->digest);
	if (code == ERR_OK)
		code = get_size(r, json, &f->size_bytes);
	if (code == ERR_OK && f->size_bytes > LIMIT_DESCRIPTION_BYTES)
		code = BAD(r, "%s: %s of %" PRIu64 " bytes", r->what, name, f->size_bytes);
	return code;
}

static enum err_code read_files(const struct reading *r)
{
	const struct json_t *files = js_array(r->json, "files");
	enum err_code code;

	if (js_len(files) != 2)
		return BAD(r, "%s: \"files\" must list two files", r->what);
	code = read_file(r, js_at(files, 0), LAYOUT_NAME, &r->d->layout);
	if (code == ERR_OK && r->d->layout.size_bytes != strlen(LAYOUT_TEXT))
		code = BAD(r, "%s: an %s of %" PRIu64 " bytes", r->what, LAYOUT_NAME, r->d->layout.size_bytes);
	return code == ERR_OK ? read_file(r, js_at(files, 1), INDEX_NAME, &r->d->index) : code;
}

static enum err_code read_holder(const struct reading *r, const struct json_t *json, struct description_blob *b)
{
	struct digest manifest;
	enum err_code code = get_digest(r, json, "manifest", &manifest);

	if (code == ERR_OK)
		code = intern_text(&r->d->strings, manifest.text, &b->holder.manifest, r->err);
	if (code == ERR_OK)
		code = keep_text(r, json, "image", &b->holder.image);
	if (code == ERR_OK && b->role != ROLE_LAYER)
		code = BAD(r, "%s: %s %s is left out as a prerequisite: only layers may be", r->what,
			   role_name(b->role), b->digest.text);
	return code;
}

/* Only children of an index may be left out, and layers. */
static enum err_code check_left_out(const struct reading *r, const struct description_blob *b)
{
	if (b->role == ROLE_LAYER || (role_is_manifest(b->role) && b->role != ROLE_INDEX))
		return ERR_OK;
	return BAD(r, "%s: %s %s is left out: only platforms and layers may be", r->what, role_name(b->role),
		   b->digest.text);
}

static enum err_code read_blob(const struct reading *r, const struct json_t *json, struct description_blob *b)
{
	unsigned role = 0, stored = 0;
	enum err_code code = get_digest(r, json, "digest", &b->digest);

	if (code == ERR_OK)
		code = get_size(r, json, &b->size_bytes);
	if (code == ERR_OK)
		code = get_word(r, json, "role", ROLE_COUNT, role_word, &role);
	if (code == ERR_OK)
		code = keep_media_type(r, json, &b->media_type);
	if (code == ERR_OK)
		code = get_word(r, json, "stored", STORED_COUNT, stored_word, &stored);
	b->role = (enum role)role;
	b->stored = (enum stored)stored;
	if (code == ERR_OK && b->stored == STORED_LEFT_OUT)
		code = check_left_out(r, b);
	return code == ERR_OK && b->stored == STORED_PREREQUISITE ? read_holder(r, json, b) : code;
}

static enum err_code add_blobs(const struct reading *r)
{
	const struct json_t *blobs = js_array(r->json, "blobs");
	struct description *d = r->d;
	size_t len = js_len(blobs), i;
	enum err_code code =
		vec_grow(&d->blobs, &d->blobs_cap, d->blobs_len + len, sizeof(*d->blobs), LIMIT_NODES, r->err);

	for (i = 0; code == ERR_OK && i < len; i++) {
		struct description_blob *b = &d->blobs[d->blobs_len];

		code = read_blob(r, js_at(blobs, i), b);
		if (code == ERR_OK && i > 0 && b->stored < b[-1].stored)
			code = BAD(r, "%s: %s blob %s stands after a %s one", r->what, stored_name(b->stored),
				   b->digest.text, stored_name(b[-1].stored));
		d->blobs_len++;
	}
	return code;
}

static enum err_code add_left_out(const struct reading *r, const struct json_t *image)
{
	const struct json_t *list = js_array(image, "leftOut");
	struct description *d = r->d;
	size_t len = js_len(list), i;
	enum err_code code;

	if (list == NULL)
		return js_has(image, "leftOut") ? BAD(r, "%s: \"leftOut\" is no array", r->what) : ERR_OK;
	code = vec_grow(&d->left_out, &d->left_out_cap, d->left_out_len + len, sizeof(*d->left_out), LIMIT_EDGES,
			r->err);
	for (i = 0; code == ERR_OK && i < len; i++)
		code = get_digest(r, js_at(list, i), "digest", &d->left_out[d->left_out_len++]);
	return code;
}

static enum err_code add_images(const struct reading *r)
{
	const struct json_t *images = js_array(r->json, "images");
	struct description *d = r->d;
	size_t len = js_len(images), i;
	enum err_code code =
		vec_grow(&d->images, &d->images_cap, d->images_len + len, sizeof(*d->images), LIMIT_IMAGES, r->err);

	if (code == ERR_LIMIT)
		return err_set(r->err, ERR_LIMIT, "%s: more than %d images", r->what, LIMIT_IMAGES);
	for (i = 0; code == ERR_OK && i < len; i++) {
		const struct json_t *json = js_at(images, i);
		struct description_image *image = &d->images[d->images_len];

		code = keep_text(r, json, "name", &image->name);
		if (code == ERR_OK && d->images_len > 0 && strcmp(image->name, image[-1].name) <= 0)
			code = BAD(r, "%s: image %.300s is not in its place: names must be sorted, each once", r->what,
				   image->name);
		if (code == ERR_OK)
			code = get_digest(r, json, "digest", &image->digest);
		if (code == ERR_OK)
			code = get_size(r, json, &image->size_bytes);
		if (code == ERR_OK)
			code = keep_media_type(r, json, &image->media_type);
		if (code == ERR_OK)
			code = add_left_out(r, json);
		d->images_len++;
	}
	return code;
}

int description_compare_links(const void *a, const void *b)
{
	const struct description_link *one = a, *other = b;
	int order = strcmp(one->subject.text, other->subject.text);

	if (order == 0)
		order = (one->kind > other->kind) - (one->kind < other->kind);
	return order != 0 ? order : strcmp(one->referrer.text, other->referrer.text);
}

static enum err_code read_link(const struct reading *r, const struct json_t *json, struct description_link *link)
{
	unsigned kind = 0;
	enum err_code code = get_digest(r, json, "subject", &link->subject);

	if (code == ERR_OK)
		code = get_digest(r, json, "digest", &link->referrer);
	if (code == ERR_OK)
		code = get_size(r, json, &link->size_bytes);
	if (code == ERR_OK)
		code = keep_media_type(r, json, &link->media_type);
	if (code == ERR_OK)
		code = get_word(r, json, "kind", LINK_BUILDKIT, link_word, &kind);
	link->kind = (enum link_kind)kind;
	return code;
}

static enum err_code add_links(const struct reading *r)
{
	const struct json_t *links = js_array(r->json, "referrers");
	struct description *d = r->d;
	size_t len = js_len(links), i;
	enum err_code code =
		vec_grow(&d->links, &d->links_cap, d->links_len + len, sizeof(*d->links), LIMIT_EDGES, r->err);

	for (i = 0; code == ERR_OK && i < len; i++) {
		struct description_link *link = &d->links[d->links_len];

		code = read_link(r, js_at(links, i), link);
		if (code == ERR_OK && i > 0 && description_compare_links(link - 1, link) >= 0)
			code = BAD(r, "%s: referrer %s is not in its place: they must be sorted, each once", r->what,
				   link->referrer.text);
		d->links_len++;
	}
	return code;
}

/* What stands in every document: in bundle.json where it has no shards, and in each shard. */
static enum err_code add_lists(const struct reading *r)
{
	enum err_code code = add_blobs(r);

	if (code == ERR_OK)
		code = add_images(r);
	return code == ERR_OK ? add_links(r) : code;
}

static enum err_code read_shard(const struct reading *r, size_t place, const struct json_t *json,
				struct description_shard *shard)
{
	char name[SHARD_NAME_MAX];
	const char *is = NULL;
	uint64_t images = 0;
	enum err_code code = get_text(r, json, "name", &is);

	shard_name(place, name);
	if (code == ERR_OK && strcmp(is, name) != 0)
		code = BAD(r, "%s: \"shards\" lists %.40s where %s must stand", r->what, is, name);
	if (code == ERR_OK)
		code = get_digest(r, json, "digest", &shard->digest);
	if (code == ERR_OK)
		code = get_size(r, json, &shard->size_bytes);
	if (code == ERR_OK)
		code = keep_text(r, json, "first", &shard->first);
	if (code != ERR_OK)
		return code;
	if (shard->size_bytes > LIMIT_DESCRIPTION_BYTES || !js_uint(json, "images", &images) || images == 0 ||
	    images > LIMIT_IMAGES)
		return BAD(r, "%s: %s cannot be of that size", r->what, name);
	shard->images = (size_t)images;
	return ERR_OK;
}

/* What is said in shards is not said beside them. */
static enum err_code check_shards(const struct reading *r)
{
	if (js_len(js_array(r->json, "shards")) == 0)
		return BAD(r, "%s: \"shards\" lists none", r->what);
	if (js_get(r->json, "images") != NULL || js_get(r->json, "referrers") != NULL ||
	    js_get(r->json, "blobs") != NULL)
		return BAD(r, "%s: images, referrers or blobs beside \"shards\"", r->what);
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
			code = BAD(r, "%s: shard %zu is not in its place: they must be sorted", r->what, i);
	}
	d->shards_len = len;
	return code;
}

static enum err_code check_version(const struct reading *r)
{
	uint64_t version = 0;

	if (!js_uint(r->json, "schemaVersion", &version))
		return BAD(r, "%s: no \"schemaVersion\"", r->what);
	if (version != 1)
		return err_set(r->err, ERR_UNSUPPORTED,
			       "%s: schemaVersion %" PRIu64 ", but this program knows only 1: use a newer one", r->what,
			       version);
	return ERR_OK;
}

static enum err_code read_annotations(const struct reading *r)
{
	const struct json_t *json = js_object(r->json, "annotations");
	struct description_notes *notes = &r->d->notes;
	enum err_code code = ERR_OK;
	const char *key;

	if (json == NULL)
		return js_has(r->json, "annotations") ? BAD(r, "%s: \"annotations\" is no object", r->what) : ERR_OK;
	notes->annotations = calloc(ANNOTATIONS_MAX, sizeof(*notes->annotations));
	if (notes->annotations == NULL)
		return err_nomem(r->err);
	for (key = js_next(json, NULL); code == ERR_OK && key != NULL; key = js_next(json, key)) {
		struct description_annotation *a = &notes->annotations[notes->annotations_len];

		if (notes->annotations_len == ANNOTATIONS_MAX)
			return err_set(r->err, ERR_LIMIT, "%s: more than %zu annotations", r->what, ANNOTATIONS_MAX);
		if (*key == '\0' || strlen(key) > LIMIT_TEXT_BYTES)
			return BAD(r, "%s: an annotation without a proper name", r->what);
		code = intern_text(&r->d->strings, key, &a->key, r->err);
		if (code == ERR_OK)
			code = keep_text(r, json, key, &a->value);
		if (code == ERR_OK && notes->annotations_len > 0 && strcmp(a[-1].key, a->key) >= 0)
			code = BAD(r, "%s: annotation %.200s is not in its place: they must be sorted", r->what, key);
		notes->annotations_len++;
	}
	return code;
}

static enum err_code read_stream(const struct reading *r)
{
	const struct json_t *json = js_object(r->json, "stream");
	struct description_notes *notes = &r->d->notes;
	enum err_code code;

	if (json == NULL)
		return js_has(r->json, "stream") ? BAD(r, "%s: \"stream\" is no object", r->what) : ERR_OK;
	code = keep_text(r, json, "name", &notes->stream);
	if (code == ERR_OK && (!js_uint(json, "serial", &notes->serial) || notes->serial == 0))
		code = BAD(r, "%s: \"stream\" without a proper \"serial\"", r->what);
	return code;
}

static enum err_code read_root(const struct reading *r)
{
	enum err_code code = check_version(r);

	if (code == ERR_OK)
		code = read_annotations(r);
	if (code == ERR_OK)
		code = read_stream(r);
	if (code == ERR_OK)
		code = description_selection_read(r->json, r->what, &r->d->notes.selection, r->err);
	if (code == ERR_OK)
		code = read_files(r);
	if (code != ERR_OK)
		return code;
	if (js_get(r->json, "shards") != NULL)
		return read_shards(r);
	code = add_lists(r);
	return code == ERR_OK ? description_complete(r->d, r->what, r->err) : code;
}

static enum err_code parse(const void *bytes, size_t len, const char *what, struct json_t **ret_json, struct err *err)
{
	enum err_code code = js_read_large(bytes, len, LIMIT_DESCRIPTION_VALUES, what, ret_json, err);

	return code == ERR_FORMAT ? err_recode(err, ERR_DAMAGED) : code;
}

enum err_code description_read(const void *bytes, size_t len, const char *what, struct description *ret_description,
			       struct err *err)
{
	CLEANUP(description_release) struct description d = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = parse(bytes, len, what, &json, err);

	if (code == ERR_OK)
		code = read_root(&(struct reading){ .d = &d, .json = json, .what = what, .err = err });
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
	code = parse(bytes, len, name, &json, err);
	r.json = json;
	if (code == ERR_OK)
		code = check_version(&r);
	if (code == ERR_OK)
		code = add_lists(&r);
	if (code != ERR_OK)
		return code;
	if (d->images_len - had != d->shards[shard].images || strcmp(d->images[had].name, d->shards[shard].first) != 0)
		return BAD(&r, "%s: its images are not those that %s says", name, DESCRIPTION_NAME);
	return ERR_OK;
}
