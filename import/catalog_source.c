/* The part of catalog.h that lets a place be asked as a source of one image: out of what is kept, with nothing else
 * opened. */
#include <stdlib.h>

#include "bundles/source.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/catalog_private.h"

struct catalog_source {
	struct source source;
	struct catalog_view *view;             /* borrowed */
	struct catalog_place *place;           /* borrowed */
	const struct description *description; /* of the part that the image is in; NULL of a layout */
};

static struct catalog_source *ours(struct source *s)
{
	return OUTER_OF(s, struct catalog_source, source);
}

static enum err_code give_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				   struct err *err)
{
	CLEANUP(catalog_bytes_release_ptr) struct catalog_bytes *bytes = NULL;
	struct source_manifest m = { .media_type = d->media_type, .digest = d->digest };
	enum err_code code;

	if (place_withholds(ours(s)->place, &d->digest))
		return done(ctx, &m, err);
	code = catalog_bytes(ours(s)->view, ours(s)->place, &d->digest, d->size_bytes, LIMIT_MANIFEST_BYTES, &bytes,
			     err);
	if (code == ERR_NOT_FOUND)
		return done(ctx, &m, err);
	if (code != ERR_OK)
		return code;
	m.bytes = bytes->data;
	m.len = bytes->len;
	return done(ctx, &m, err);
}

/* A name is another one's question: who has a source has the image's descriptor. */
static enum err_code resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
			     struct err *err)
{
	struct source_manifest none = { 0 };

	(void)s;
	(void)ref;
	return done(ctx, &none, err);
}

static enum err_code give_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
				    void *ctx, struct err *err)
{
	if (ours(s)->description != NULL)
		return description_tell(ours(s)->description, subject, done, ctx, err);
	return layout_survey_tell(&ours(s)->place->survey, subject, done, ctx, err);
}

/* What is small is read once for many who ask, and needs no decoder meanwhile. */
static enum err_code give_small(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
				struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	CLEANUP(catalog_bytes_release_ptr) struct catalog_bytes *bytes = NULL;
	enum err_code code = catalog_bytes(ours(s)->view, ours(s)->place, &d->digest, d->size_bytes,
					   LIMIT_SMALL_BLOB_BYTES, &bytes, err);

	if (code == ERR_NOT_FOUND)
		return done(ctx, false, err);
	if (code == ERR_OK)
		code = outstream_write(out, bytes->data + from_bytes, (size_t)(end_bytes - from_bytes), err);
	if (code == ERR_OK)
		code = outstream_finish(out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

static enum err_code give_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			       struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	CLEANUP(catalog_blob_release) struct catalog_blob blob = { 0 };
	struct instream *in = NULL;
	enum err_code code;

	if (place_withholds(ours(s)->place, &d->digest))
		return done(ctx, false, err);
	if (d->size_bytes <= LIMIT_SMALL_BLOB_BYTES)
		return give_small(s, d, from_bytes, end_bytes, out, done, ctx, err);
	code = catalog_blob_of(ours(s)->view, ours(s)->place, &d->digest, &blob, err);
	if (code == ERR_NOT_FOUND)
		return done(ctx, false, err);
	if (code == ERR_OK)
		code = catalog_blob_check_size(&blob, d->size_bytes, err);
	if (code == ERR_OK)
		code = catalog_blob_open(&blob, from_bytes, end_bytes, &in, err);
	if (code != ERR_OK)
		return code;
	code = stream_copy(in, out, err);
	instream_release(in);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

static enum err_code tell_has(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
			      struct err *err)
{
	bool there = false;
	enum err_code code = place_lists(ours(s)->place, &d->digest, &there, err);

	there = there && !place_withholds(ours(s)->place, &d->digest);
	return code == ERR_OK ? done(ctx, there, err) : code;
}

static void free_source(struct source *s)
{
	free(ours(s));
}

enum err_code catalog_source_new(struct catalog_view *v, const struct catalog_image *image, struct source **ret_source,
				 struct err *err)
{
	struct catalog_source *s = calloc(1, sizeof(*s));
	const struct catalog_part *part = NULL;
	enum err_code code = s != NULL ? place_part_of(image->place, image->name, &part, err) : err_nomem(err);

	if (code != ERR_OK) {
		free(s);
		return code;
	}
	s->view = v;
	s->place = image->place;
	s->description = part != NULL ? part->description : NULL;
	s->source = (struct source){
		.at_once = true,
		.resolve = resolve,
		.manifest = give_manifest,
		.referrers = give_referrers,
		.blob = give_blob,
		.has = tell_has,
		.free = free_source,
	};
	*ret_source = &s->source;
	return ERR_OK;
}
