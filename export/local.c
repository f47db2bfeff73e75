#include "export/local.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundles/origin.h"
#include "bundles/reader.h"
#include "bundles/source.h"
#include "common/layout.h"
#include "common/layout_images.h"
#include "common/mem.h"
#include "trust/site.h"

#define NAMES_SHOWN 5

struct local {
	enum transport transport;
	char *path; /* owned */
	struct source *source;
	struct layout *layout; /* of a bundle NULL */
	struct layout_survey survey;
	struct layout_images images;
	struct bundle *bundle; /* of a layout NULL */
	struct origin origin;
};

/* One of the images that are here. */
struct offer {
	const char *name;
	const struct layout_entry *entry; /* of a layout; NULL else */
	struct descriptor root;
};

static size_t offers_len(const struct local *l)
{
	return l->bundle != NULL ? bundle_description(l->bundle)->images_len : l->images.len;
}

static struct offer offer_at(const struct local *l, size_t i)
{
	const struct description_image *image;

	if (l->bundle == NULL)
		return (struct offer){ .name = l->images.items[i].name,
				       .entry = l->images.items[i].entry,
				       .root = layout_descriptor(l->images.items[i].entry) };
	image = &bundle_description(l->bundle)->images[i];
	return (struct offer){
		.name = image->name,
		.root = { .digest = image->digest, .size_bytes = image->size_bytes, .media_type = image->media_type },
	};
}

/* A folder's transport for a file is an easy slip. */
static enum err_code check_folder(const struct local *l, struct err *err)
{
	struct stat st;

	if (stat(l->path, &st) != 0 || !S_ISREG(st.st_mode))
		return ERR_OK;
	return err_set(err, ERR_NOT_FOUND,
		       "%s: is a file, and oci: takes a folder: write oci-archive: or, for a bundle, bundle:", l->path);
}

/* A bundle is an archive too, but as a bundle it says more, is read faster, and its seal counts. */
static enum err_code check_archive(const struct local *l, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;

	return bundle_open(l->path, &bundle, NULL) != ERR_OK
		       ? ERR_OK
		       : err_set(err, ERR_UNSUPPORTED, "%s: is a bundle: write bundle:%s", l->path, l->path);
}

static enum err_code open_layout(struct local *l, struct err *err)
{
	bool is_archive = l->transport == TRANSPORT_ARCHIVE;
	enum err_code code = is_archive ? check_archive(l, err) : check_folder(l, err);

	if (code == ERR_OK)
		code = is_archive ? layout_open_archive(l->path, &l->layout, err)
				  : layout_open(l->path, false, &l->layout, err);
	if (code == ERR_OK)
		code = layout_survey_make(l->layout, &l->survey, err);
	if (code == ERR_OK)
		code = layout_images_make(&l->survey, l->path, &l->images, err);
	return code == ERR_OK ? layout_survey_source(l->layout, &l->survey, &l->source, err) : code;
}

/* A bundle from outside is a suspect here as everywhere. */
static enum err_code open_bundle(struct local *l, struct err *err)
{
	static const struct opt_list none = { 0 };
	struct origin_wanted wanted = { .keys = &none, .seals = &none };
	enum err_code code = bundle_open(l->path, &l->bundle, err);

	if (code == ERR_OK)
		code = origin_demand(l->bundle, &wanted, &l->origin, err);
	return code == ERR_OK ? bundle_source_new(l->bundle, &l->source, err) : code;
}

enum err_code local_open(const struct location *at, struct local **ret_local, struct err *err)
{
	struct local *l = calloc(1, sizeof(*l));
	enum err_code code;

	if (l == NULL)
		return err_nomem(err);
	l->transport = at->transport;
	code = str_copy(at->path, &l->path, err);
	if (code == ERR_OK)
		code = at->transport == TRANSPORT_BUNDLE ? open_bundle(l, err) : open_layout(l, err);
	if (code == ERR_OK)
		*ret_local = l;
	else
		local_free(l);
	return code;
}

bool local_is(const struct local *l, const struct location *at)
{
	return l->transport == at->transport && strcmp(l->path, at->path) == 0;
}

struct source *local_source(const struct local *l)
{
	return l->source;
}

/* The tag at the end of a full name; NULL where it has none. */
static const char *tag_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *colon = strchr(slash != NULL ? slash : name, ':');

	return strchr(name, '@') == NULL && colon != NULL ? colon + 1 : NULL;
}

static bool is(const char *text, const char *wanted)
{
	return text != NULL && wanted != NULL && strcmp(text, wanted) == 0;
}

/* What a location wants. */
struct wish {
	const struct location *at;
	char *full; /* owned: its name as a full one; NULL where it cannot be that */
	bool by_tag;
};

static void wish_release(struct wish *w)
{
	free(w->full);
}

static bool wants(const struct wish *w, const struct offer *o)
{
	const char *name = w->at->name;

	if (w->at->digest.text[0] != '\0' && !digest_equal(&w->at->digest, &o->root.digest))
		return false;
	if (name == NULL)
		return true;
	if (w->by_tag)
		return is(tag_of(o->name), name);
	return is(o->name, name) || is(o->name, w->full) ||
	       (o->entry != NULL && (is(o->entry->ref_name, name) || is(o->entry->image_name, name)));
}

static size_t count_wanted(const struct local *l, const struct wish *w)
{
	size_t count = 0, i;

	for (i = 0; i < offers_len(l); i++) {
		struct offer o = offer_at(l, i);

		count += wants(w, &o);
	}
	return count;
}

/* Some of the names, for a message: those that are wanted, or all. */
static enum err_code list_names(const struct local *l, const struct wish *w, struct buf *text, struct err *err)
{
	size_t shown = 0, left = 0, i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < offers_len(l); i++) {
		struct offer o = offer_at(l, i);

		if (w != NULL && !wants(w, &o))
			continue;
		if (shown < NAMES_SHOWN)
			code = buf_printf(text, err, "%s%.120s", shown > 0 ? ", " : "", o.name);
		else
			left++;
		shown++;
	}
	return code == ERR_OK && left > 0 ? buf_printf(text, err, " and %zu more", left) : code;
}

static enum err_code nothing_there(const struct local *l, const struct location *at, struct err *err)
{
	CLEANUP(buf_release) struct buf names = { .max = 4096 };
	enum err_code code = list_names(l, NULL, &names, err);

	if (code != ERR_OK)
		return code;
	if (names.len == 0)
		return err_set(err, ERR_NOT_FOUND, "%s: there is no image in it", l->path);
	return err_set(err, ERR_NOT_FOUND, "%s: has no image %.200s%s%s; it has %s", l->path,
		       at->name != NULL ? at->name : "", at->digest.text[0] != '\0' ? "@" : "", at->digest.text,
		       buf_text(&names));
}

/* What a bundle's seal does not speak for goes into no other bundle. */
static enum err_code check_offer(const struct local *l, const struct offer *o, struct err *err)
{
	return l->bundle != NULL ? origin_check_name(l->bundle, &l->origin, o->name, err) : ERR_OK;
}

/* By its name first; a tag alone will do where only one image has it. */
static enum err_code make_wish(const struct local *l, const struct location *at, struct wish *w, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(buf_release) struct buf names = { .max = 4096 };
	enum err_code code = ERR_OK;
	size_t count;

	w->at = at;
	if (at->name != NULL && reference_parse(at->name, &ref, NULL) == ERR_OK)
		code = reference_name(&ref, &w->full, err);
	if (code != ERR_OK || count_wanted(l, w) > 0)
		return code;
	w->by_tag = true;
	count = at->name != NULL ? count_wanted(l, w) : 0;
	if (count == 0)
		return nothing_there(l, at, err);
	code = list_names(l, w, &names, err);
	return code == ERR_OK && count > 1
		       ? err_set(err, ERR_CONFLICT, "%s: %zu images have the tag %.128s: %s; say which by its name",
				 l->path, count, at->name, buf_text(&names))
		       : code;
}

enum err_code local_pick(const struct local *l, const struct location *at, local_image_fn *fn, void *ctx,
			 struct err *err)
{
	CLEANUP(wish_release) struct wish w = { 0 };
	enum err_code code = make_wish(l, at, &w, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < offers_len(l); i++) {
		struct offer o = offer_at(l, i);

		if (!wants(&w, &o))
			continue;
		code = check_offer(l, &o, err);
		if (code == ERR_OK)
			code = fn(ctx, o.name, &o.root, err);
	}
	return code;
}

static const struct description_blob *blob_of(const struct local *l, const struct digest *digest)
{
	const struct description *d = bundle_description(l->bundle);
	size_t at = description_find(d, digest);

	return at != BLOB_NONE ? &d->blobs[at] : NULL;
}

bool local_has(const struct local *l, const struct digest *digest)
{
	const struct description_blob *blob;

	if (l->bundle == NULL)
		return layout_is_there(l->layout, digest);
	blob = blob_of(l, digest);
	return blob != NULL && stored_is_here(blob->stored);
}

struct holder local_holder(const struct local *l, const struct digest *digest)
{
	const struct description_blob *blob = l->bundle != NULL ? blob_of(l, digest) : NULL;

	return blob != NULL && blob->stored == STORED_PREREQUISITE ? blob->holder : (struct holder){ 0 };
}

/* A bundle brings it, or says that the site must have it. */
static bool comes_from(const struct local *l, const struct digest *digest)
{
	return l->bundle != NULL && (local_has(l, digest) || local_holder(l, digest).image != NULL);
}

enum err_code local_check(const struct local *l, const struct graph *g, struct err *err)
{
	const struct revoked *r = &l->origin.revoked;
	size_t i;

	for (i = 0; i < r->len; i++) {
		uint32_t node = graph_find(g, &r->entries[i].digest);

		if (node != NODE_NONE && !g->nodes[node].absent && !g->nodes[node].left_out &&
		    comes_from(l, &r->entries[i].digest))
			return err_set(err, ERR_UNPROVED, "%s: %s %s in it is revoked here (" SITE_REVOKED "/%s)",
				       l->path, role_name(g->nodes[node].role), r->entries[i].digest.text,
				       r->entries[i].file);
	}
	return ERR_OK;
}

void local_free(struct local *l)
{
	if (l == NULL)
		return;
	if (l->source != NULL)
		l->source->free(l->source);
	layout_images_release(&l->images);
	layout_survey_release(&l->survey);
	layout_close(l->layout);
	origin_release(&l->origin);
	bundle_close(l->bundle);
	free(l->path);
	free(l);
}
