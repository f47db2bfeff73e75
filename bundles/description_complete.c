/* The part of description.h that brings what all documents said into order, and holds it against each other. */
#include <stdlib.h>
#include <string.h>

#include "bundles/description.h"
#include "common/mem.h"

/* Shards come one after the other, but the file holds first what is packed of all of them, then the rest. */
static enum err_code order_blobs(struct description *d, struct err *err)
{
	struct description_blob *ordered = calloc(d->blobs_len + 1, sizeof(*ordered));
	size_t len = 0, i;
	enum stored stored;

	if (ordered == NULL)
		return err_nomem(err);
	for (stored = STORED_PACKED; stored < STORED_COUNT; stored++) {
		for (i = 0; i < d->blobs_len; i++) {
			if (d->blobs[i].stored == stored)
				ordered[len++] = d->blobs[i];
		}
	}
	free(d->blobs);
	d->blobs = ordered;
	d->blobs_cap = d->blobs_len + 1;
	return ERR_OK;
}

static int compare_places(const void *a, const void *b, void *blobs)
{
	const struct description_blob *list = blobs;

	return strcmp(list[*(const size_t *)a].digest.text, list[*(const size_t *)b].digest.text);
}

static enum err_code sort_blobs(struct description *d, const char *what, struct err *err)
{
	size_t i;

	d->by_digest = calloc(d->blobs_len + 1, sizeof(*d->by_digest));
	if (d->by_digest == NULL)
		return err_nomem(err);
	for (i = 0; i < d->blobs_len; i++)
		d->by_digest[i] = i;
	qsort_r(d->by_digest, d->blobs_len, sizeof(*d->by_digest), compare_places, d->blobs);
	for (i = 1; i < d->blobs_len; i++) {
		if (compare_places(&d->by_digest[i - 1], &d->by_digest[i], d->blobs) == 0)
			return err_set(err, ERR_DAMAGED, "%s: %s is listed twice", what,
				       d->blobs[d->by_digest[i]].digest.text);
	}
	return ERR_OK;
}

/* What several shards say of a subject is said once. */
static void sort_links(struct description *d)
{
	size_t kept = 0, i;

	if (d->links_len < 2 || d->shards_len == 0)
		return;
	qsort(d->links, d->links_len, sizeof(*d->links), description_compare_links);
	for (i = 1; i < d->links_len; i++) {
		if (description_compare_links(&d->links[kept], &d->links[i]) != 0)
			d->links[++kept] = d->links[i];
	}
	d->links_len = kept + 1;
}

/* A digest must be one of the blobs, and that a manifest of this size. */
static enum err_code check_manifest(const struct description *d, const char *what, const struct digest *digest,
				    uint64_t size_bytes, const char *media_type, struct err *err)
{
	size_t at = description_find(d, digest);

	if (at == BLOB_NONE || !role_is_manifest(d->blobs[at].role))
		return err_set(err, ERR_DAMAGED, "%s: %s is none of the manifests in \"blobs\"", what, digest->text);
	if (d->blobs[at].size_bytes != size_bytes || strcmp(d->blobs[at].media_type, media_type) != 0)
		return err_set(err, ERR_DAMAGED, "%s: two things are said of %s", what, digest->text);
	return ERR_OK;
}

static enum err_code check_link(const struct description *d, const char *what, const struct description_link *link,
				struct err *err)
{
	enum err_code code = check_manifest(d, what, &link->referrer, link->size_bytes, link->media_type, err);

	if (code == ERR_OK && description_find(d, &link->subject) == BLOB_NONE)
		code = err_set(err, ERR_DAMAGED, "%s: subject %s is none of the blobs in \"blobs\"", what,
			       link->subject.text);
	return code;
}

/* What an image says that it leaves out is left out, and not there after all. */
static enum err_code check_left_out(const struct description *d, const char *what, const struct digest *digest,
				    struct err *err)
{
	size_t at = description_find(d, digest);

	if (at != BLOB_NONE && d->blobs[at].stored == STORED_LEFT_OUT)
		return ERR_OK;
	return err_set(err, ERR_DAMAGED, "%s: an image leaves out %s, but \"blobs\" does not", what, digest->text);
}

enum err_code description_complete(struct description *d, const char *what, struct err *err)
{
	enum err_code code = order_blobs(d, err);
	size_t i;

	if (code == ERR_OK)
		code = sort_blobs(d, what, err);
	sort_links(d);
	for (i = 0; code == ERR_OK && i < d->images_len; i++)
		code = check_manifest(d, what, &d->images[i].digest, d->images[i].size_bytes, d->images[i].media_type,
				      err);
	for (i = 0; code == ERR_OK && i < d->links_len; i++)
		code = check_link(d, what, &d->links[i], err);
	for (i = 0; code == ERR_OK && i < d->left_out_len; i++)
		code = check_left_out(d, what, &d->left_out[i], err);
	return code;
}
