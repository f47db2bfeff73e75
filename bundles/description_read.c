/* The part of description.h that reads: nothing in a description is believed that was not looked at. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/description.h"
#include "bundles/shape.h"
#include "common/limits.h"
#include "common/mem.h"

/* What is being read, for messages. */
struct reading {
	struct description *d;
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

/* The one text that may be empty: what a source says of a blob is carried as it is. */
static enum err_code get_media_type(const struct reading *r, const struct json_t *json, const char **ret_text)
{
	*ret_text = js_string(json, "mediaType");
	if (*ret_text == NULL || strlen(*ret_text) > LIMIT_TEXT_BYTES)
		return BAD(r, "%s: an entry without a proper \"mediaType\"", r->what);
	return ERR_OK;
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
	enum err_code code = get_text(r, json, "name", &f->name);

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
	const struct json_t *files = js_array(r->d->json, "files");
	enum err_code code;

	if (js_len(files) != 2)
		return BAD(r, "%s: \"files\" must list two files", r->what);
	code = read_file(r, js_at(files, 0), LAYOUT_NAME, &r->d->layout);
	if (code == ERR_OK && r->d->layout.size_bytes != strlen(LAYOUT_TEXT))
		code = BAD(r, "%s: an %s of %" PRIu64 " bytes", r->what, LAYOUT_NAME, r->d->layout.size_bytes);
	return code == ERR_OK ? read_file(r, js_at(files, 1), INDEX_NAME, &r->d->index) : code;
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
		code = get_media_type(r, json, &b->media_type);
	if (code == ERR_OK)
		code = get_word(r, json, "stored", STORED_COUNT, stored_word, &stored);
	b->role = (enum role)role;
	b->stored = (enum stored)stored;
	return code;
}

static int compare_places(const void *a, const void *b, void *blobs)
{
	const struct description_blob *list = blobs;

	return strcmp(list[*(const size_t *)a].digest.text, list[*(const size_t *)b].digest.text);
}

static enum err_code sort_blobs(const struct reading *r)
{
	struct description *d = r->d;
	size_t i;

	d->by_digest = calloc(d->blobs_len + 1, sizeof(*d->by_digest));
	if (d->by_digest == NULL)
		return err_nomem(r->err);
	for (i = 0; i < d->blobs_len; i++)
		d->by_digest[i] = i;
	qsort_r(d->by_digest, d->blobs_len, sizeof(*d->by_digest), compare_places, d->blobs);
	for (i = 1; i < d->blobs_len; i++) {
		if (compare_places(&d->by_digest[i - 1], &d->by_digest[i], d->blobs) == 0)
			return BAD(r, "%s: %s is listed twice", r->what, d->blobs[d->by_digest[i]].digest.text);
	}
	return ERR_OK;
}

static enum err_code read_blobs(const struct reading *r)
{
	const struct json_t *blobs = js_array(r->d->json, "blobs");
	struct description *d = r->d;
	enum err_code code = ERR_OK;
	size_t len = js_len(blobs), i;

	d->blobs = calloc(len + 1, sizeof(*d->blobs));
	if (d->blobs == NULL)
		return err_nomem(r->err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		code = read_blob(r, js_at(blobs, i), &d->blobs[i]);
		if (code == ERR_OK && i > 0 && d->blobs[i].stored < d->blobs[i - 1].stored)
			code = BAD(r, "%s: %s blob %s stands after a %s one", r->what, stored_name(d->blobs[i].stored),
				   d->blobs[i].digest.text, stored_name(d->blobs[i - 1].stored));
	}
	d->blobs_len = len;
	return code == ERR_OK ? sort_blobs(r) : code;
}

/* A digest that must be one of the blobs, and a manifest unless anything will do. */
static enum err_code get_blob(const struct reading *r, const struct json_t *json, const char *key, bool manifest,
			      size_t *ret_blob)
{
	struct digest digest;
	enum err_code code = get_digest(r, json, key, &digest);

	if (code != ERR_OK)
		return code;
	*ret_blob = description_find(r->d, &digest);
	if (*ret_blob == BLOB_NONE || (manifest && !role_is_manifest(r->d->blobs[*ret_blob].role)))
		return BAD(r, "%s: \"%s\" %s is none of the %s in \"blobs\"", r->what, key, digest.text,
			   manifest ? "manifests" : "blobs");
	return ERR_OK;
}

static enum err_code read_images(const struct reading *r)
{
	const struct json_t *images = js_array(r->d->json, "images");
	struct description *d = r->d;
	enum err_code code = ERR_OK;
	size_t len = js_len(images), i;

	if (len > LIMIT_IMAGES)
		return err_set(r->err, ERR_LIMIT, "%s: more than %d images", r->what, LIMIT_IMAGES);
	d->images = calloc(len + 1, sizeof(*d->images));
	if (d->images == NULL)
		return err_nomem(r->err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		struct description_image *image = &d->images[i];

		code = get_text(r, js_at(images, i), "name", &image->name);
		if (code == ERR_OK && i > 0 && strcmp(image->name, image[-1].name) <= 0)
			code = BAD(r, "%s: image %.300s is not in its place: names must be sorted, each once", r->what,
				   image->name);
		if (code == ERR_OK)
			code = get_blob(r, js_at(images, i), "digest", true, &image->root);
	}
	d->images_len = len;
	return code;
}

static int compare_links(const struct description *d, const struct description_link *a,
			 const struct description_link *b)
{
	if (a->subject != b->subject)
		return strcmp(d->blobs[a->subject].digest.text, d->blobs[b->subject].digest.text);
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(d->blobs[a->referrer].digest.text, d->blobs[b->referrer].digest.text);
}

static enum err_code read_link(const struct reading *r, const struct json_t *json, struct description_link *link)
{
	unsigned kind = 0;
	enum err_code code = get_blob(r, json, "subject", false, &link->subject);

	if (code == ERR_OK)
		code = get_blob(r, json, "digest", true, &link->referrer);
	if (code == ERR_OK)
		code = get_word(r, json, "kind", LINK_BUILDKIT, link_word, &kind);
	link->kind = (enum link_kind)kind;
	return code;
}

static enum err_code read_links(const struct reading *r)
{
	const struct json_t *links = js_array(r->d->json, "referrers");
	struct description *d = r->d;
	enum err_code code = ERR_OK;
	size_t len = js_len(links), i;

	d->links = calloc(len + 1, sizeof(*d->links));
	if (d->links == NULL)
		return err_nomem(r->err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		code = read_link(r, js_at(links, i), &d->links[i]);
		if (code == ERR_OK && i > 0 && compare_links(d, &d->links[i - 1], &d->links[i]) >= 0)
			code = BAD(r, "%s: referrer %s is not in its place: they must be sorted, each once", r->what,
				   d->blobs[d->links[i].referrer].digest.text);
	}
	d->links_len = len;
	return code;
}

static enum err_code read_all(const struct reading *r)
{
	uint64_t version = 0;
	enum err_code code;

	if (!js_uint(r->d->json, "schemaVersion", &version))
		return BAD(r, "%s: no \"schemaVersion\"", r->what);
	if (version != 1)
		return err_set(r->err, ERR_UNSUPPORTED,
			       "%s: schemaVersion %" PRIu64 ", but this program knows only 1: use a newer one", r->what,
			       version);
	code = read_files(r);
	if (code == ERR_OK)
		code = read_blobs(r);
	if (code == ERR_OK)
		code = read_images(r);
	return code == ERR_OK ? read_links(r) : code;
}

enum err_code description_read(const void *bytes, size_t len, const char *what, struct description *ret_description,
			       struct err *err)
{
	CLEANUP(description_release) struct description d = { 0 };
	struct reading r = { .d = &d, .what = what, .err = err };
	enum err_code code = js_read_large(bytes, len, LIMIT_DESCRIPTION_VALUES, what, &d.json, err);

	if (code == ERR_FORMAT)
		return err_recode(err, ERR_DAMAGED);
	if (code == ERR_OK)
		code = read_all(&r);
	if (code != ERR_OK)
		return code;
	*ret_description = d;
	d = (struct description){ 0 };
	return ERR_OK;
}
