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

static enum err_code read_holder(const struct reading *r, const struct js_item *item, struct description_blob *b)
{
	struct digest manifest;
	enum err_code code = reading_digest(r, item, "manifest", &manifest);

	if (code == ERR_OK)
		code = intern_text(&r->d->strings, manifest.text, &b->holder.manifest, r->err);
	if (code == ERR_OK)
		code = reading_name(r, item, "image", &b->holder.image);
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

static enum err_code read_blob(const struct reading *r, const struct js_item *item, struct description_blob *b)
{
	unsigned role = 0, stored = 0;
	enum err_code code = reading_digest(r, item, "digest", &b->digest);

	if (code == ERR_OK)
		code = reading_size(r, item, &b->size_bytes);
	if (code == ERR_OK)
		code = reading_word(r, item, "role", ROLE_COUNT, role_word, &role);
	if (code == ERR_OK)
		code = reading_media_type(r, item, &b->media_type);
	if (code == ERR_OK)
		code = reading_word(r, item, "stored", STORED_COUNT, stored_word, &stored);
	b->role = (enum role)role;
	b->stored = (enum stored)stored;
	if (code == ERR_OK && b->stored == STORED_LEFT_OUT)
		code = check_left_out(r, b);
	return code == ERR_OK && b->stored == STORED_PREREQUISITE ? read_holder(r, item, b) : code;
}

typedef enum err_code read_item_fn(const struct reading *r, struct js_item *item, bool is_first);

/* Every item of a list, in its order. */
static enum err_code read_list(struct reading *r, enum reading_list list, read_item_fn *read)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	bool there = false, first = true;
	enum err_code code = js_list_next(&r->lists[list], &item, &there, r->err);

	for (; code == ERR_OK && there; first = false) {
		code = read(r, &item, first);
		if (code == ERR_OK)
			code = js_list_next(&r->lists[list], &item, &there, r->err);
	}
	return code == ERR_FORMAT ? err_recode(r->err, ERR_DAMAGED) : code;
}

static enum err_code add_blob(const struct reading *r, struct js_item *item, bool is_first)
{
	struct description *d = r->d;
	enum err_code code =
		vec_grow(&d->blobs, &d->blobs_cap, d->blobs_len + 1, sizeof(*d->blobs), LIMIT_NODES, r->err);
	struct description_blob *b;

	if (code != ERR_OK)
		return code;
	b = &d->blobs[d->blobs_len++];
	code = read_blob(r, item, b);
	if (code == ERR_OK && !is_first && b->stored < b[-1].stored)
		code = READING_BAD(r, "%s: %s blob %s stands after a %s one", r->what, stored_name(b->stored),
				   b->digest.text, stored_name(b[-1].stored));
	return code;
}

/* What an image leaves out are few platforms, or it has none of that. */
static enum err_code add_left_out(const struct reading *r, struct js_item *image)
{
	struct js_item item = { 0 };
	struct description *d = r->d;
	const struct json_t *json = NULL, *list;
	enum err_code code = ERR_OK;
	size_t len, i;

	if (!js_item_has(image, "leftOut"))
		return ERR_OK;
	code = js_item_json(image, &json, r->err);
	if (code != ERR_OK)
		return code;
	list = js_array(json, "leftOut");
	if (list == NULL)
		return READING_BAD(r, "%s: \"leftOut\" is no array", r->what);
	len = js_len(list);
	code = vec_grow(&d->left_out, &d->left_out_cap, d->left_out_len + len, sizeof(*d->left_out), LIMIT_EDGES,
			r->err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		js_item_of(&item, js_at(list, i));
		code = reading_digest(r, &item, "digest", &d->left_out[d->left_out_len++]);
	}
	return code;
}

static enum err_code add_image(const struct reading *r, struct js_item *item, bool is_first)
{
	struct description *d = r->d;
	enum err_code code =
		vec_grow(&d->images, &d->images_cap, d->images_len + 1, sizeof(*d->images), LIMIT_IMAGES, r->err);
	struct description_image *image;

	(void)is_first; /* names go on from one shard to the next */
	if (code == ERR_LIMIT)
		return err_set(r->err, ERR_LIMIT, "%s: more than %d images", r->what, LIMIT_IMAGES);
	if (code != ERR_OK)
		return code;
	image = &d->images[d->images_len++];
	code = reading_name(r, item, "name", &image->name);
	if (code == ERR_OK && d->images_len > 1 && strcmp(image->name, image[-1].name) <= 0)
		code = READING_BAD(r, "%s: image %.300s is not in its place: names must be sorted, each once", r->what,
				   image->name);
	if (code == ERR_OK)
		code = reading_digest(r, item, "digest", &image->digest);
	if (code == ERR_OK)
		code = reading_size(r, item, &image->size_bytes);
	if (code == ERR_OK)
		code = reading_media_type(r, item, &image->media_type);
	return code == ERR_OK ? add_left_out(r, item) : code;
}

int description_compare_links(const void *a, const void *b)
{
	const struct description_link *one = a, *other = b;
	int order = strcmp(one->subject.text, other->subject.text);

	if (order == 0)
		order = (one->kind > other->kind) - (one->kind < other->kind);
	return order != 0 ? order : strcmp(one->referrer.text, other->referrer.text);
}

static enum err_code read_link(const struct reading *r, const struct js_item *item, struct description_link *link)
{
	unsigned kind = 0;
	enum err_code code = reading_digest(r, item, "subject", &link->subject);

	if (code == ERR_OK)
		code = reading_digest(r, item, "digest", &link->referrer);
	if (code == ERR_OK)
		code = reading_size(r, item, &link->size_bytes);
	if (code == ERR_OK)
		code = reading_media_type(r, item, &link->media_type);
	if (code == ERR_OK)
		code = reading_word(r, item, "kind", LINK_BUILDKIT, link_word, &kind);
	link->kind = (enum link_kind)kind;
	return code;
}

static enum err_code add_link(const struct reading *r, struct js_item *item, bool is_first)
{
	struct description *d = r->d;
	enum err_code code =
		vec_grow(&d->links, &d->links_cap, d->links_len + 1, sizeof(*d->links), LIMIT_EDGES, r->err);
	struct description_link *link;

	if (code != ERR_OK)
		return code;
	link = &d->links[d->links_len++];
	code = read_link(r, item, link);
	if (code == ERR_OK && !is_first && description_compare_links(link - 1, link) >= 0)
		code = READING_BAD(r, "%s: referrer %s is not in its place: they must be sorted, each once", r->what,
				   link->referrer.text);
	return code;
}

enum err_code reading_lists(struct reading *r)
{
	enum err_code code = read_list(r, READING_BLOBS, add_blob);

	if (code == ERR_OK)
		code = read_list(r, READING_IMAGES, add_image);
	return code == ERR_OK ? read_list(r, READING_LINKS, add_link) : code;
}
