/* The part of catalog_place.h that knows the images of a place, all at once or shard by shard. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "import/catalog_place_private.h"

/* A full name is a repository and then a tag or a digest; a port is no tag. */
static void split_name(struct catalog_image *image)
{
	const char *at = strchr(image->name, '@'), *slash = strrchr(image->name, '/');
	const char *colon = strchr(slash != NULL ? slash : image->name, ':');

	image->tag = at == NULL && colon != NULL ? colon + 1 : NULL;
	image->repository_len = at != NULL      ? (size_t)(at - image->name)
				: colon != NULL ? (size_t)(colon - image->name)
						: strlen(image->name);
}

enum err_code place_describe_bundle(struct catalog_place *p, struct catalog_part *part, struct err *err)
{
	const struct description *d = part->description;
	enum err_code code = ERR_OK;
	size_t i;

	part->images = calloc(d->images_len + 1, sizeof(*part->images));
	if (part->images == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < d->images_len; i++) {
		code = origin_check_name(p->bundle, &p->origin, d->images[i].name, err);
		part->images[i] = (struct catalog_image){
			.name = d->images[i].name,
			.digest = d->images[i].digest,
			.size_bytes = d->images[i].size_bytes,
			.media_type = d->images[i].media_type,
			.place = p,
		};
		split_name(&part->images[i]);
	}
	if (code != ERR_OK) {
		free(take_ptr(&part->images));
		return code;
	}
	part->len = d->images_len;
	part->is_read = true;
	return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct catalog_image *)a)->name, ((const struct catalog_image *)b)->name);
}

/* What was refused is told each time that the layout is read: nobody is to wonder where it is.  What refers to what is
 * asked of the survey that serves too. */
static enum err_code drop_refused(struct catalog_place *p, struct layout_judge *judge, struct err *err)
{
	struct catalog_part *part = p->parts;
	struct source *source = NULL;
	enum err_code code = layout_survey_source(p->layout, &p->survey, &source, err);
	size_t i, len = 0;

	for (i = 0; code == ERR_OK && i < part->len; i++) {
		const struct catalog_image *image = &part->images[i];
		const struct descriptor root = { .digest = image->digest,
						 .size_bytes = image->size_bytes,
						 .media_type = image->media_type };
		CLEANUP(free_ptr) char *why = NULL;

		code = layout_judge_image(judge, source, &root, image->name, &p->absent, &why, err);
		if (code == ERR_OK && why == NULL)
			part->images[len++] = *image;
		else if (code == ERR_OK)
			fprintf(stderr, "warning: %s: not served: %s\n", p->name, why);
	}
	if (source != NULL)
		source->free(source);
	part->len = code == ERR_OK ? len : part->len;
	return code;
}

/* A layout that others made may have one name twice; then it is as if the later one were not there. */
enum err_code place_describe_layout(struct catalog_place *p, struct layout_judge *judge, struct err *err)
{
	struct catalog_part *part = p->parts;
	size_t i, len = 0;

	part->images = calloc(p->names.len + 1, sizeof(*part->images));
	if (part->images == NULL)
		return err_nomem(err);
	for (i = 0; i < p->names.len; i++) {
		const struct descriptor d = layout_descriptor(p->names.items[i].entry);

		part->images[i] = (struct catalog_image){
			.name = p->names.items[i].name,
			.digest = d.digest,
			.size_bytes = d.size_bytes,
			.media_type = d.media_type,
			.place = p,
		};
		split_name(&part->images[i]);
	}
	qsort(part->images, p->names.len, sizeof(*part->images), by_name);
	for (i = 0; i < p->names.len; i++) {
		if (len == 0 || by_name(&part->images[len - 1], &part->images[i]) != 0)
			part->images[len++] = part->images[i];
	}
	part->len = len;
	part->is_read = true;
	return drop_refused(p, judge, err);
}

/* Of what is in the file its table of places tells more cheaply. */
static void keep_what_is_not_here(struct description *d)
{
	struct description_blob *smaller;
	size_t i, len = 0;

	for (i = 0; i < d->blobs_len; i++) {
		if (!stored_is_here(d->blobs[i].stored))
			d->blobs[len++] = d->blobs[i];
	}
	d->blobs_len = len;
	smaller = realloc(d->blobs, (len + 1) * sizeof(*d->blobs));
	if (smaller != NULL)
		d->blobs = smaller;
}

static enum err_code read_part(struct catalog_place *p, size_t number, struct err *err)
{
	struct catalog_part *part = &p->parts[number];
	enum err_code code = place_check(p, err);

	if (code == ERR_OK)
		code = bundle_shard_parse(p->bundle, number, &part->own, err);
	if (code != ERR_OK)
		return place_blame(p, code, err);
	keep_what_is_not_here(&part->own);
	part->description = &part->own;
	return place_describe_bundle(p, part, err);
}

enum err_code place_part(struct catalog_place *p, size_t number, const struct catalog_part **ret_part, struct err *err)
{
	enum err_code code = ERR_OK;

	pthread_mutex_lock(&p->lock);
	if (!p->parts[number].is_read)
		code = read_part(p, number, err);
	pthread_mutex_unlock(&p->lock);
	if (code == ERR_OK)
		*ret_part = &p->parts[number];
	return code;
}

enum err_code place_part_of(struct catalog_place *p, const char *name, const struct catalog_part **ret_part,
			    struct err *err)
{
	const struct description *d = p->bundle != NULL ? bundle_description(p->bundle) : NULL;
	size_t number = d != NULL && d->shards_len > 0 ? description_shard_of(d, name) : 0;

	*ret_part = NULL;
	return number < p->parts_len ? place_part(p, number, ret_part, err) : ERR_OK;
}
