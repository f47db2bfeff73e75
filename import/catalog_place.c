#include "import/catalog_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/journal_file.h"
#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/catalog_place_private.h"
#include "import/store.h"
#include "trust/site.h"

#define LAYOUT_TRANSPORT "oci:"
#define STORE "store"

void place_hold(struct catalog_place *p)
{
	atomic_fetch_add(&p->holds, 1);
}

static void part_release(struct catalog_part *part)
{
	description_release(&part->own);
	free(part->images);
}

void place_drop(struct catalog_place *p)
{
	size_t i;

	if (p == NULL || atomic_fetch_sub(&p->holds, 1) > 1)
		return;
	for (i = 0; i < p->parts_len; i++)
		part_release(&p->parts[i]);
	free(p->parts);
	intern_release(&p->absent);
	layout_images_release(&p->names);
	layout_survey_release(&p->survey);
	layout_close(p->layout);
	origin_release(&p->origin);
	bundle_close(p->bundle);
	pthread_mutex_destroy(&p->lock);
	free(p->name);
	free(p);
}

static void drop_ptr(struct catalog_place **p)
{
	place_drop(*p);
}

const char *catalog_place_name(const struct catalog_place *p)
{
	return p->name;
}

static enum err_code new_place(const char *name, struct catalog_place **ret_place, struct err *err)
{
	CLEANUP(free_ptr) struct catalog_place *p = calloc(1, sizeof(*p));
	enum err_code code = p != NULL ? str_copy(name, &p->name, err) : err_nomem(err);

	if (code != ERR_OK)
		return code;
	atomic_init(&p->holds, 1);
	pthread_mutex_init(&p->lock, NULL);
	*ret_place = take_ptr(&p);
	return ERR_OK;
}

static enum err_code make_parts(struct catalog_place *p, size_t len, struct err *err)
{
	p->parts = calloc(len, sizeof(*p->parts));
	if (p->parts == NULL)
		return err_nomem(err);
	p->parts_len = len;
	return ERR_OK;
}

/* ---- opening ---- */

/* What is revoked is not given to anybody, so a bundle that brings it is not served. */
static enum err_code check_revoked(const struct catalog_place *p, struct err *err)
{
	const struct revoked *r = &p->origin.revoked;
	struct bundle_place place;
	size_t i;

	for (i = 0; i < r->len; i++) {
		if (bundle_place(p->bundle, &r->entries[i].digest, &place, NULL) == ERR_OK)
			return err_set(err, ERR_UNPROVED, "%s: %s in it is revoked here (" SITE_REVOKED "/%s)", p->name,
				       r->entries[i].digest.text, r->entries[i].file);
	}
	return ERR_OK;
}

static enum err_code open_bundle(const char *path, const struct origin_wanted *origin, struct catalog_place *p,
				 struct err *err)
{
	const struct description *d;
	enum err_code code = bundle_open_image(path, NULL, &p->bundle, err);

	if (code == ERR_OK)
		code = identity_of_fd(bundle_fd(p->bundle), path, &p->identity, err);
	if (code == ERR_OK)
		code = origin_demand(p->bundle, origin, &p->origin, err);
	if (code == ERR_OK)
		code = check_revoked(p, err);
	if (code != ERR_OK)
		return code;
	d = bundle_description(p->bundle);
	code = make_parts(p, d->shards_len > 0 ? d->shards_len : 1, err);
	if (code != ERR_OK || d->shards_len > 0)
		return code;
	p->parts[0].description = d;
	return place_describe_bundle(p, &p->parts[0], err);
}

static enum err_code index_identity(const char *layout, struct file_identity *ret_identity, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = str_format(&path, err, "%s/index.json", layout);

	return code == ERR_OK ? identity_of_path(path, ret_identity, err) : code;
}

/* The identity is taken first: what is read afterwards may be newer, and is then read again. */
static enum err_code open_layout(struct catalog_place *p, struct layout_judge *judge, struct err *err)
{
	enum err_code code = index_identity(p->name, &p->identity, err);

	if (code == ERR_OK)
		code = layout_open(p->name, false, &p->layout, err);
	if (code == ERR_NOT_FOUND && p->may_lack)
		return ERR_OK;
	if (code == ERR_OK)
		code = layout_survey_make(p->layout, &p->survey, err);
	if (code == ERR_OK)
		code = layout_images_make(&p->survey, p->name, &p->names, err);
	if (code == ERR_OK)
		code = make_parts(p, 1, err);
	return code == ERR_OK ? place_describe_layout(p, judge, err) : code;
}

static enum err_code open_folder(const char *path, bool may_lack, struct layout_judge *judge,
				 struct catalog_place **ret_place, struct err *err)
{
	CLEANUP(drop_ptr) struct catalog_place *p = NULL;
	enum err_code code = new_place(path, &p, err);

	if (code != ERR_OK)
		return code;
	p->may_lack = may_lack;
	code = open_layout(p, judge, err);
	if (code == ERR_OK)
		*ret_place = take_ptr(&p);
	return code;
}

static enum err_code open_store(struct layout_judge *judge, struct catalog_place **ret_place, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	char shown[TEXT_SHOWN_MAX];
	enum err_code code = store_path(&path, err);

	if (code == ERR_OK)
		code = open_folder(path, true, judge, ret_place, err);
	if (code == ERR_OK && (*ret_place)->survey.images_len == 0) /* another user's is meant, more often than none */
		fprintf(stderr, "warning: the store %s has no images yet; what is imported there will be served\n",
			text_shown(path, shown));
	return code;
}

static enum err_code open_file(const char *path, const struct origin_wanted *origin, struct admission *admission,
			       struct catalog_place **ret_place, struct err *err)
{
	CLEANUP(drop_ptr) struct catalog_place *p = NULL;
	enum err_code code = new_place(path, &p, err);

	if (code == ERR_OK)
		code = open_bundle(path, origin, p, err);
	if (code == ERR_OK)
		code = admission_check_file(admission, path, bundle_digest(p->bundle), err);
	if (code == ERR_OK)
		*ret_place = take_ptr(&p);
	return code;
}

bool place_is_bundle(const char *text)
{
	return strcmp(text, STORE) != 0 && !text_starts(text, LAYOUT_TRANSPORT);
}

enum err_code place_open(const char *text, const struct origin_wanted *origin, struct layout_judge *judge,
			 struct catalog_place **ret_place, struct err *err)
{
	CLEANUP(drop_ptr) struct catalog_place *p = NULL;
	enum err_code code;

	if (strcmp(text, STORE) == 0)
		code = open_store(judge, &p, err);
	else if (text_starts(text, LAYOUT_TRANSPORT))
		code = open_folder(text + strlen(LAYOUT_TRANSPORT), false, judge, &p, err);
	else
		code = open_file(text, origin, &judge->admission, &p, err);
	if (code == ERR_OK && judge->admission.bypassed)
		code = journal_bypass("serve", p->name, p->bundle != NULL ? bundle_digest(p->bundle) : NULL, err);
	if (code == ERR_OK)
		*ret_place = take_ptr(&p);
	return code;
}

enum err_code place_reopen(const struct catalog_place *p, struct layout_judge *judge, struct catalog_place **ret_place,
			   struct err *err)
{
	return open_folder(p->name, p->may_lack, judge, ret_place, err);
}

bool place_withholds(const struct catalog_place *p, const struct digest *digest)
{
	return intern_has(&p->absent, digest->text);
}

/* ---- whether it is still there ---- */

bool place_has_changed(const struct catalog_place *p)
{
	struct file_identity now = { 0 };

	if (p->bundle != NULL)
		return false;
	(void)index_identity(p->name, &now, NULL);
	return !identity_equal(&now, &p->identity);
}

/* Who may not look at the path any more, since privileges were dropped, looks at the file that is open. */
static enum err_code look_at(const struct catalog_place *p, struct file_identity *ret_now, struct err *err)
{
	enum err_code code = identity_of_path(p->name, ret_now, err);

	return code == ERR_IO && errno == EACCES ? identity_of_fd(bundle_fd(p->bundle), p->name, ret_now, err) : code;
}

enum err_code place_check(const struct catalog_place *p, struct err *err)
{
	struct file_identity now = { 0 };
	struct err why = { 0 };

	if (p->bundle == NULL)
		return ERR_OK;
	if (look_at(p, &now, &why) != ERR_OK)
		return err_set(err, ERR_IO, "%s: is not there any more: put it back, or start the server without it",
			       p->name);
	if (!identity_equal(&now, &p->identity))
		return err_set(err, ERR_IO, "%s: is not the bundle that was opened any more: start the server again",
			       p->name);
	return ERR_OK;
}

enum err_code place_blame(const struct catalog_place *p, enum err_code code, struct err *err)
{
	if (code == ERR_OK || code == ERR_NOMEM)
		return code;
	return place_check(p, NULL) == ERR_OK ? code : place_check(p, err);
}
