/* The part of origin.h that asks for which images the keys speak that have sealed a bundle. */
#include <string.h>

#include "bundles/origin.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/site.h"

#define NAMES_SHOWN 5

/* Those for which too few keys speak, some of them by name. */
struct outside {
	const struct bundle *bundle;
	const struct origin *origin;
	struct buf names;
	size_t len, all;
};

static bool covers(const struct origin *o, const char *name, const char *other)
{
	size_t count = 0, i;

	for (i = 0; i < o->ring.len; i++) {
		const struct keyring_key *k = &o->ring.keys[i];

		count += scope_covers(&k->scope, name) && (other == NULL || scope_covers(&k->scope, other)) &&
			 origin_is_sealed_by(o, k);
	}
	return count >= (o->threshold > 0 ? o->threshold : 1);
}

static enum err_code look(struct outside *x, const char *name, const char *other, struct err *err)
{
	bool renamed = other != NULL && strcmp(name, other) != 0;

	x->all++;
	if (x->origin->proof == NULL || covers(x->origin, name, other))
		return ERR_OK;
	if (x->len++ >= NAMES_SHOWN)
		return ERR_OK;
	return buf_printf(&x->names, err, "%s%.120s%s%.120s", x->len > 1 ? ", " : "", name, renamed ? " as " : "",
			  renamed ? other : "");
}

/* For each key that has sealed it its file and its scope. */
static enum err_code scopes_text(const struct origin *o, struct buf *text, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < o->ring.len; i++) {
		const struct keyring_key *k = &o->ring.keys[i];

		if (!origin_is_sealed_by(o, k))
			continue;
		code = buf_printf(text, err, "%s%s: ", text->len > 0 ? "; " : "", seal_key_name(k->key));
		if (code == ERR_OK)
			code = scope_text(&k->scope, text, err);
	}
	return code;
}

static enum err_code verdict(struct outside *x, struct err *err)
{
	CLEANUP(buf_release) struct buf scopes = { .max = MIB };
	enum err_code code = ERR_OK;

	if (x->len == 0)
		return ERR_OK;
	code = scopes_text(x->origin, &scopes, err);
	if (code != ERR_OK)
		return code;
	if (x->len > NAMES_SHOWN)
		code = buf_printf(&x->names, err, " and %zu more", x->len - NAMES_SHOWN);
	return code == ERR_OK
		       ? err_set(err, ERR_UNPROVED,
				 "%s: %zu of %zu image%s not within the scope of the keys that sealed it (%.200s): "
				 "%.500s%s",
				 bundle_path(x->bundle), x->len, x->all, x->all == 1 ? " is" : "s are",
				 buf_text(&scopes), buf_text(&x->names),
				 x->len < x->all ? "; bundle import --image takes those that are" : "")
		       : code;
}

static void outside_release(struct outside *x)
{
	buf_release(&x->names);
}

enum err_code origin_check_name(const struct bundle *b, const struct origin *o, const char *name, struct err *err)
{
	CLEANUP(outside_release) struct outside x = { .bundle = b, .origin = o, .names = { .max = MIB } };
	enum err_code code = look(&x, name, NULL, err);

	return code == ERR_OK ? verdict(&x, err) : code;
}

enum err_code origin_check_graph(const struct bundle *b, const struct origin *o, const struct graph *g,
				 const struct mapping *names, struct err *err)
{
	CLEANUP(outside_release) struct outside x = { .bundle = b, .origin = o, .names = { .max = MIB } };
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->images_len; i++) {
		const char *name = names != NULL ? mapping_origin(names, g->images[i].name) : g->images[i].name;
		CLEANUP(free_ptr) char *other = NULL;

		if (names != NULL)
			code = mapping_rename(names, name, &other, err);
		if (code == ERR_OK)
			code = look(&x, name, other, err);
	}
	if (code == ERR_OK)
		code = verdict(&x, err);
	return code == ERR_OK ? revoked_check(&o->revoked, g, bundle_path(b), err) : code;
}

/* What is revoked and stands in the description, unless it does not come along. */
static enum err_code check_revoked(const struct bundle *b, const struct origin *o, struct err *err)
{
	const struct description *d = bundle_description(b);
	size_t i;

	for (i = 0; i < o->revoked.len; i++) {
		const struct revoked_entry *entry = &o->revoked.entries[i];
		size_t at = description_find(d, &entry->digest);

		if (at != BLOB_NONE && d->blobs[at].stored != STORED_LEFT_OUT && d->blobs[at].stored != STORED_ABSENT)
			return err_set(err, ERR_UNPROVED, "%s: %s in it is revoked here (" SITE_REVOKED "/%s)",
				       bundle_path(b), entry->digest.text, entry->file);
	}
	return ERR_OK;
}

enum err_code origin_check_all(const struct bundle *b, const struct origin *o, struct err *err)
{
	CLEANUP(outside_release) struct outside x = { .bundle = b, .origin = o, .names = { .max = MIB } };
	const struct description *d = bundle_description(b);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < d->images_len; i++)
		code = look(&x, d->images[i].name, NULL, err);
	if (code == ERR_OK)
		code = verdict(&x, err);
	return code == ERR_OK ? check_revoked(b, o, err) : code;
}

enum err_code origin_text(const struct origin *o, struct buf *out, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t before = out->len, i;
	char name[TEXT_SHOWN_MAX];

	for (i = 0; code == ERR_OK && i < o->ring.len; i++) {
		const struct seal_key *k = o->ring.keys[i].key;

		if (origin_is_sealed_by(o, &o->ring.keys[i]))
			code = buf_printf(out, err, "%skey %s (%s)", out->len > before ? " and " : "", seal_key_hint(k),
					  text_shown(seal_key_name(k), name)); /* its file is another's to name */
	}
	return code;
}

void origin_put_keys(struct js_out *out, const struct origin *o)
{
	size_t i;

	js_begin(out, '[');
	for (i = 0; i < o->ring.len; i++) {
		if (origin_is_sealed_by(o, &o->ring.keys[i]))
			js_put_string(out, seal_key_hint(o->ring.keys[i].key));
	}
	js_end(out, ']');
}
