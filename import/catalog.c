#include "import/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/catalog_private.h"

/* ---- views ---- */

static void leave(struct catalog_view *v)
{
	size_t i;

	if (v == NULL || atomic_fetch_sub(&v->holds, 1) > 1)
		return;
	for (i = 0; i < v->places_len; i++)
		place_drop(v->places[i]);
	free(v->places);
	free(v->by_name);
	free(v->by_digest);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

void catalog_leave(struct catalog_view *v)
{
	leave(v);
}

void catalog_leave_ptr(struct catalog_view **v)
{
	leave(*v);
}

static enum err_code new_view(struct catalog *c, size_t places, struct catalog_view **ret_view, struct err *err)
{
	struct catalog_view *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return err_nomem(err);
	atomic_init(&v->holds, 1);
	pthread_mutex_init(&v->lock, NULL);
	v->catalog = c;
	v->places = calloc(places + 1, sizeof(struct catalog_place *));
	if (v->places == NULL) {
		leave(v);
		return err_nomem(err);
	}
	*ret_view = v;
	return ERR_OK;
}

static bool has_changed(const struct catalog_view *v)
{
	size_t i;

	for (i = 0; i < v->places_len; i++) {
		if (place_has_changed(v->places[i]))
			return true;
	}
	return false;
}

/* The same places, with the layouts as they are now. */
static enum err_code renew(const struct catalog_view *old, struct catalog_view **ret_view, struct err *err)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *v = NULL;
	enum err_code code = new_view(old->catalog, old->places_len, &v, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < old->places_len; i++) {
		if (place_has_changed(old->places[i])) {
			code = place_reopen(old->places[i], &old->catalog->judge, &v->places[i], err);
			if (code == ERR_OK)
				cache_forget(&old->catalog->graphs, old->places[i]);
		} else {
			place_hold(old->places[i]);
			v->places[i] = old->places[i];
		}
		v->places_len += code == ERR_OK;
	}
	if (code == ERR_OK)
		*ret_view = take_ptr(&v);
	return code;
}

/* A layout that cannot be read is one that somebody took away, or is at work on. */
static enum err_code out_of_reach(enum err_code code, struct err *err)
{
	return code == ERR_OK || code == ERR_NOMEM ? code : err_recode(err, ERR_IO);
}

enum err_code catalog_look(struct catalog *c, struct catalog_view **ret_view, struct err *err)
{
	struct catalog_view *fresh = NULL;
	enum err_code code = ERR_OK;

	pthread_mutex_lock(&c->lock);
	if (has_changed(c->view))
		code = renew(c->view, &fresh, err);
	if (fresh != NULL) {
		leave(c->view);
		c->view = fresh;
	}
	if (code == ERR_OK) {
		atomic_fetch_add(&c->view->holds, 1);
		*ret_view = c->view;
	}
	pthread_mutex_unlock(&c->lock);
	return out_of_reach(code, err);
}

/* ---- opening ---- */

static bool has_bundles(const struct catalog_options *options)
{
	size_t i;

	for (i = 0; i < options->places->len; i++) {
		if (place_is_bundle(options->places->items[i]))
			return true;
	}
	return false;
}

static enum err_code check_options(const struct catalog_options *options, struct err *err)
{
	if (has_bundles(options))
		return ERR_OK;
	if (options->origin.keys->len > 0 || options->origin.seals->len > 0 || options->origin.threshold > 0)
		return err_set(err, ERR_USAGE, "--key, --seal and --threshold are for bundle files");
	return ERR_OK;
}

static enum err_code open_places(const struct catalog_options *options, struct catalog_view *v, struct err *err)
{
	struct layout_judge *judge = &v->catalog->judge;
	enum err_code code = layout_judge_init(judge, &options->policies, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < options->places->len; i++) {
		code = place_open(options->places->items[i], &options->origin, judge, &v->places[i], err);
		v->places_len += code == ERR_OK;
	}
	if (code == ERR_OK && v->places_len == 0) {
		code = place_open("store", &options->origin, judge, &v->places[0], err);
		v->places_len += code == ERR_OK;
	}
	return code;
}

enum err_code catalog_open(const struct catalog_options *options, struct catalog **ret_catalog, struct err *err)
{
	CLEANUP(catalog_close_ptr) struct catalog *c = calloc(1, sizeof(*c));
	enum err_code code = c != NULL ? check_options(options, err) : err_nomem(err);

	if (code != ERR_OK)
		return code;
	pthread_mutex_init(&c->lock, NULL);
	c->proofs = calloc(LIMIT_SERVED_PROOFS, sizeof(*c->proofs));
	if (c->proofs == NULL)
		return err_nomem(err);
	code = cache_init(&c->bytes, LIMIT_SERVED_BYTES, err);
	if (code == ERR_OK)
		code = cache_init(&c->graphs, LIMIT_SERVED_GRAPHS, err);
	if (code == ERR_OK)
		code = new_view(c, options->places->len + 1, &c->view, err);
	if (code == ERR_OK)
		code = open_places(options, c->view, err);
	if (code == ERR_OK)
		*ret_catalog = take_ptr(&c);
	return code;
}

bool catalog_lends(const struct catalog_view *v, const struct node *n)
{
	const struct layout_judge *judge = &v->catalog->judge;

	if (!layout_judge_asks(judge))
		return true;
	if (n->absent || revoked_find(&judge->admission.revoked, &n->digest) != NULL)
		return false;
	return !n->left_out || n->role == ROLE_LAYER || n->role == ROLE_CONFIG;
}

enum err_code catalog_read_all(struct catalog *c, struct err *err)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *v = NULL;
	const struct catalog_image *const *images;
	size_t len;
	enum err_code code = catalog_look(c, &v, err);

	return code == ERR_OK ? catalog_images(v, &images, &len, err) : code;
}

void catalog_close(struct catalog *c)
{
	if (c == NULL)
		return;
	cache_release(&c->graphs);
	cache_release(&c->bytes);
	leave(c->view);
	layout_judge_release(&c->judge);
	free(c->proofs);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void catalog_close_ptr(struct catalog **c)
{
	catalog_close(*c);
}
