#include "common/holdings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/js.h"
#include "common/js_lists.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"

static const char *const kind_names[] = { [HOLDINGS_INVENTORY] = "inventory", [HOLDINGS_WANT] = "want" };
static const char *const kind_options[] = { [HOLDINGS_INVENTORY] = "--have", [HOLDINGS_WANT] = "--want" };
static const char *const kind_makers[] = {
	[HOLDINGS_INVENTORY] = "bundle inventory prints it", [HOLDINGS_WANT] = "bundle import --write-want writes it"
};

enum err_code holdings_add_image(struct holdings *h, const char *name, const struct digest *digest, struct err *err)
{
	enum err_code code =
		vec_grow(&h->images, &h->images_cap, h->images_len + 1, sizeof(*h->images), LIMIT_IMAGES, err);

	if (code != ERR_OK)
		return code;
	h->images[h->images_len].digest = *digest;
	code = intern_text(&h->strings, name, &h->images[h->images_len].name, err);
	h->images_len += code == ERR_OK;
	return code;
}

enum err_code holdings_add(struct holdings *h, struct held_blobs *list, const struct held_blob *blob, struct err *err)
{
	struct held_blob copy = *blob;
	enum err_code code = vec_grow(&list->items, &list->cap, list->len + 1, sizeof(*list->items), LIMIT_NODES, err);

	if (code == ERR_OK)
		code = intern_text(&h->strings, blob->holder.image, &copy.holder.image, err);
	if (code == ERR_OK && blob->holder.manifest != NULL)
		code = intern_text(&h->strings, blob->holder.manifest, &copy.holder.manifest, err);
	if (code == ERR_OK)
		list->items[list->len++] = copy;
	return code;
}

static int compare_images(const void *a, const void *b)
{
	const struct held_image *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->digest.text, y->digest.text);
}

static int compare_blobs(const void *a, const void *b)
{
	const struct held_blob *x = a, *y = b;
	int order = strcmp(x->digest.text, y->digest.text);

	if (order == 0)
		order = strcmp(x->holder.image, y->holder.image);
	if (order == 0 && x->holder.manifest != NULL && y->holder.manifest != NULL)
		order = strcmp(x->holder.manifest, y->holder.manifest);
	return order;
}

static void sort_blobs(struct held_blobs *list)
{
	size_t kept = 0, i;

	if (list->len == 0)
		return;
	qsort(list->items, list->len, sizeof(*list->items), compare_blobs);
	for (i = 1; i < list->len; i++) {
		if (!digest_equal(&list->items[kept].digest, &list->items[i].digest))
			list->items[++kept] = list->items[i];
	}
	list->len = kept + 1;
}

void holdings_sort(struct holdings *h)
{
	if (h->images_len > 0)
		qsort(h->images, h->images_len, sizeof(*h->images), compare_images);
	sort_blobs(&h->manifests);
	sort_blobs(&h->layers);
	sort_blobs(&h->missing);
}

const struct held_blob *holdings_find(const struct held_blobs *list, const struct digest *digest)
{
	size_t low = 0, high = list->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(list->items[mid].digest.text, digest->text);

		if (order == 0)
			return &list->items[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void put_blobs(struct js_out *o, const char *key, const struct held_blobs *list)
{
	size_t i;

	js_key(o, key);
	js_begin(o, '[');
	for (i = 0; i < list->len; i++) {
		js_begin(o, '{');
		js_member(o, "digest", list->items[i].digest.text);
		js_member_uint(o, "size", list->items[i].size_bytes);
		js_member(o, "manifest", list->items[i].holder.manifest);
		js_member(o, "image", list->items[i].holder.image);
		js_end(o, '}');
	}
	js_end(o, ']');
}

enum err_code holdings_write(const struct holdings *h, enum holdings_kind kind, struct outstream *out, struct err *err)
{
	struct js_out o;
	size_t i;

	js_out_init(&o, out, true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "kind", kind_names[kind]);
	js_key(&o, "images");
	js_begin(&o, '[');
	for (i = 0; i < h->images_len; i++) {
		js_begin(&o, '{');
		js_member(&o, "name", h->images[i].name);
		js_member(&o, "digest", h->images[i].digest.text);
		js_end(&o, '}');
	}
	js_end(&o, ']');
	if (h->manifests.len > 0)
		put_blobs(&o, "manifests", &h->manifests);
	put_blobs(&o, "layers", &h->layers);
	if (kind == HOLDINGS_WANT)
		put_blobs(&o, "missing", &h->missing);
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static enum err_code read_digest(const struct js_item *item, const char *key, const char *what,
				 struct digest *ret_digest, struct err *err)
{
	const char *text = js_item_string(item, key);

	if (text == NULL)
		return err_set(err, ERR_FORMAT, "%s: an entry without \"%s\"", what, key);
	return digest_parse(text, ret_digest, err) == ERR_OK ? ERR_OK : err_add(err, "%s", what);
}

/* Names are full ones, as they were written: what is none could never be looked up. */
static enum err_code read_name(const struct js_item *item, const char *key, const char *what, const char **ret_name,
			       struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	const char *text = js_item_string(item, key);
	enum err_code code;

	if (text == NULL || strlen(text) > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_FORMAT, "%s: an entry without a proper \"%s\"", what, key);
	code = reference_parse(text, &ref, err);
	if (code == ERR_OK)
		code = reference_name(&ref, &name, err);
	if (code == ERR_OK && strcmp(name, text) != 0)
		code = err_set(err, ERR_FORMAT, "\"%.300s\" is no full name; that would be %.300s", text, name);
	if (code != ERR_OK)
		return err_add(err, "%s", what);
	*ret_name = text;
	return ERR_OK;
}

static enum err_code read_image(struct holdings *h, const struct js_item *item, const char *what, struct err *err)
{
	struct digest digest;
	const char *name = NULL;
	enum err_code code = read_name(item, "name", what, &name, err);

	if (code == ERR_OK)
		code = read_digest(item, "digest", what, &digest, err);
	return code == ERR_OK ? holdings_add_image(h, name, &digest, err) : code;
}

static enum err_code read_blob(struct holdings *h, struct held_blobs *to, const struct js_item *item, const char *what,
			       struct err *err)
{
	struct held_blob blob = { 0 };
	struct digest manifest;
	enum err_code code = read_digest(item, "digest", what, &blob.digest, err);

	if (code == ERR_OK && !js_item_uint(item, "size", &blob.size_bytes))
		code = err_set(err, ERR_FORMAT, "%s: an entry without \"size\"", what);
	if (code == ERR_OK)
		code = read_name(item, "image", what, &blob.holder.image, err);
	if (code == ERR_OK && to != &h->manifests)
		code = read_digest(item, "manifest", what, &manifest, err);
	if (code == ERR_OK && to != &h->manifests)
		blob.holder.manifest = manifest.text;
	return code == ERR_OK ? holdings_add(h, to, &blob, err) : code;
}

/* The long lists of a document of any kind; a description has images too, and the last two. */
enum list { IMAGES, MANIFESTS, LAYERS, MISSING, BLOBS, REFERRERS, LISTS };

static const char *const list_names[LISTS] = { "images", "manifests", "layers", "missing", "blobs", "referrers" };

static enum err_code read_item(struct holdings *h, enum list list, const struct js_item *item, const char *what,
			       struct err *err)
{
	switch (list) {
	case IMAGES:
		return read_image(h, item, what, err);
	case MANIFESTS:
		return read_blob(h, &h->manifests, item, what, err);
	case LAYERS:
		return read_blob(h, &h->layers, item, what, err);
	case MISSING:
		return read_blob(h, &h->missing, item, what, err);
	default:
		return ERR_OK; /* what nobody knows here */
	}
}

static enum err_code read_list(struct holdings *h, enum list list, struct js_list *items, const char *what,
			       struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	bool there = false;
	enum err_code code = js_list_next(items, &item, &there, err);

	while (code == ERR_OK && there) {
		code = read_item(h, list, &item, what, err);
		if (code == ERR_OK)
			code = js_list_next(items, &item, &there, err);
	}
	return code;
}

const char *holdings_option(const struct json_t *json)
{
	const char *is = js_string(json, "kind");
	size_t i;

	for (i = 0; is != NULL && i < COUNT_OF(kind_names); i++) {
		if (strcmp(is, kind_names[i]) == 0)
			return kind_options[i];
	}
	return is == NULL && js_array(json, "files") != NULL ? "--since" : NULL;
}

static enum err_code check_kind(const struct json_t *json, const char *what, enum holdings_kind kind, struct err *err)
{
	const char *is = js_string(json, "kind"), *option = holdings_option(json);
	uint64_t version = 0;

	if (!js_uint(json, "schemaVersion", &version))
		return err_set(err, ERR_FORMAT, "%s: no \"schemaVersion\"", what);
	if (version != 1)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: schemaVersion %" PRIu64 ", but this program knows only 1: use a newer one", what,
			       version);
	if (is != NULL && strcmp(is, kind_names[kind]) == 0)
		return ERR_OK;
	if (option != NULL && is != NULL)
		return err_set(err, ERR_USAGE, "%s: this is of the kind \"%s\": give it to %s", what, is, option);
	if (option != NULL)
		return err_set(err, ERR_USAGE, "%s: this is the description of a bundle: give it to %s", what, option);
	return err_set(err, ERR_FORMAT, "%s: this is no document of the kind \"%s\"", what, kind_names[kind]);
}

enum err_code holdings_read(const void *bytes, size_t len, const char *what, enum holdings_kind kind,
			    struct holdings *ret_holdings, struct err *err)
{
	CLEANUP(holdings_release) struct holdings h = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct js_list lists[LISTS];
	enum err_code code =
		js_lists_read(bytes, len, LIMIT_DESCRIPTION_VALUES, what, list_names, LISTS, lists, &json, err);
	unsigned list;

	if (code == ERR_OK)
		code = check_kind(json, what, kind, err);
	for (list = 0; code == ERR_OK && list < LISTS; list++)
		code = read_list(&h, (enum list)list, &lists[list], what, err);
	if (code != ERR_OK)
		return code;
	holdings_sort(&h);
	*ret_holdings = h;
	h = (struct holdings){ 0 };
	return ERR_OK;
}

/* What does not begin as a document of any kind is a bundle more often than anything else. */
static enum err_code check_start(const struct buf *text, const char *path, enum holdings_kind kind, struct err *err)
{
	if (text->len == 0 || strchr("{[ \t\r\n", text->data[0]) != NULL)
		return ERR_OK;
	return err_set(err, ERR_FORMAT, "%s: this is no document as %s; a bundle is given to --since", path,
		       kind_makers[kind]);
}

enum err_code holdings_read_file(const char *path, enum holdings_kind kind, struct holdings *ret_holdings,
				 struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	enum err_code code;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	code = file_read_any(path, &text, err);
	if (code == ERR_OK || code == ERR_LIMIT)
		code = check_start(&text, path, kind, err) == ERR_OK ? code : ERR_FORMAT;
	return code == ERR_OK ? holdings_read(buf_text(&text), text.len, path, kind, ret_holdings, err) : code;
}

void holdings_release(struct holdings *h)
{
	free(h->images);
	free(h->manifests.items);
	free(h->layers.items);
	free(h->missing.items);
	intern_release(&h->strings);
	*h = (struct holdings){ 0 };
}
