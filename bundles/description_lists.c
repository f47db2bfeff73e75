/* The part of description_reading.h that reads what stands in every document: blobs, images, referrers. */
#include <string.h>

#include "bundles/description_reading.h"
#include "common/limits.h"
#include "common/mem.h"

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

static enum err_code read_holder(const struct reading *r, const struct json_t *json, struct description_blob *b)
{
	struct digest manifest;
	enum err_code code = reading_digest(r, json, "manifest", &manifest);

	if (code == ERR_OK)
		code = intern_text(&r->d->strings, manifest.text, &b->holder.manifest, r->err);
	if (code == ERR_OK)
		code = reading_name(r, json, "image", &b->holder.image);
	if (code == ERR_OK && b->role != ROLE_LAYER)
		code = READING_BAD(r, "%s: %s %s is left out as a prerequisite: only layers may be", r->what,
				   role_name(b->role), b->digest.text);
	return code;
}

/* Only children of an index may be left out, and layers. */
static enum err_code check_left_out(const struct reading *r, const struct description_blob *b)
{
	if (b->role == ROLE_LAYER || (role_is_manifest(b->role) && b->role != ROLE_INDEX))
		return ERR_OK;
	return READING_BAD(r, "%s: %s %s is left out: only platforms and layers may be", r->what, role_name(b->role),
			   b->digest.text);
}

static enum err_code read_blob(const struct reading *r, const struct json_t *json, struct description_blob *b)
{
	unsigned role = 0, stored = 0;
	enum err_code code = reading_digest(r, json, "digest", &b->digest);

	if (code == ERR_OK)
		code = reading_size(r, json, &b->size_bytes);
	if (code == ERR_OK)
		code = reading_word(r, json, "role", ROLE_COUNT, role_word, &role);
	if (code == ERR_OK)
		code = reading_media_type(r, json, &b->media_type);
	if (code == ERR_OK)
		code = reading_word(r, json, "stored", STORED_COUNT, stored_word, &stored);
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
			code = READING_BAD(r, "%s: %s blob %s stands after a %s one", r->what, stored_name(b->stored),
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
		return js_has(image, "leftOut") ? READING_BAD(r, "%s: \"leftOut\" is no array", r->what) : ERR_OK;
	code = vec_grow(&d->left_out, &d->left_out_cap, d->left_out_len + len, sizeof(*d->left_out), LIMIT_EDGES,
			r->err);
	for (i = 0; code == ERR_OK && i < len; i++)
		code = reading_digest(r, js_at(list, i), "digest", &d->left_out[d->left_out_len++]);
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

		code = reading_name(r, json, "name", &image->name);
		if (code == ERR_OK && d->images_len > 0 && strcmp(image->name, image[-1].name) <= 0)
			code = READING_BAD(r, "%s: image %.300s is not in its place: names must be sorted, each once",
					   r->what, image->name);
		if (code == ERR_OK)
			code = reading_digest(r, json, "digest", &image->digest);
		if (code == ERR_OK)
			code = reading_size(r, json, &image->size_bytes);
		if (code == ERR_OK)
			code = reading_media_type(r, json, &image->media_type);
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
	enum err_code code = reading_digest(r, json, "subject", &link->subject);

	if (code == ERR_OK)
		code = reading_digest(r, json, "digest", &link->referrer);
	if (code == ERR_OK)
		code = reading_size(r, json, &link->size_bytes);
	if (code == ERR_OK)
		code = reading_media_type(r, json, &link->media_type);
	if (code == ERR_OK)
		code = reading_word(r, json, "kind", LINK_BUILDKIT, link_word, &kind);
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
			code = READING_BAD(r, "%s: referrer %s is not in its place: they must be sorted, each once",
					   r->what, link->referrer.text);
		d->links_len++;
	}
	return code;
}

enum err_code reading_lists(const struct reading *r)
{
	enum err_code code = add_blobs(r);

	if (code == ERR_OK)
		code = add_images(r);
	return code == ERR_OK ? add_links(r) : code;
}
