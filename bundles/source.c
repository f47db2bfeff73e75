#include "bundles/source.h"

#include <stdlib.h>

#include "bundles/reading.h"
#include "common/limits.h"
#include "common/mem.h"

struct bundle_source {
	struct source source;
	const struct bundle *bundle; /* borrowed */
	struct zstd_reader packed;   /* manifests are mostly asked for in the order in which they stand */
};

static struct bundle_source *ours(struct source *s)
{
	return OUTER_OF(s, struct bundle_source, source);
}

static const struct bundle *bundle_of(struct source *s)
{
	return ours(s)->bundle;
}

static enum err_code copy_layer(const struct bundle *b, const struct digest *digest, struct outstream *out,
				struct err *err)
{
	struct instream *in = NULL;
	enum err_code code = bundle_blob(b, digest, &in, err);

	if (code != ERR_OK)
		return code;
	code = stream_copy(in, out, err);
	instream_release(in);
	return code;
}

/* A blob to a stream, proved.  A bundle that holds something else is damaged. */
static enum err_code copy_proved(struct bundle_source *s, const struct descriptor *d, const struct place *place,
				 struct outstream *out, struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	const struct bundle *b = s->bundle;
	enum err_code code = proof_stage_init(&proof, &d->digest, d->size_bytes, out, err);

	if (code == ERR_OK && place->stored == STORED_PACKED) {
		code = bundle_aim(b, &d->digest, place, &s->packed, err);
		if (code == ERR_OK)
			code = stream_copy(&s->packed.in, &proof.out, err);
	} else if (code == ERR_OK) {
		code = copy_layer(b, &d->digest, &proof.out, err);
	}
	if (code == ERR_OK)
		return code;
	err_add(err, "%s: %s", b->path, d->digest.text);
	return code == ERR_DIGEST || code == ERR_SIZE ? err_recode(err, ERR_DAMAGED) : code;
}

static enum err_code give(struct bundle_source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
			  struct err *err)
{
	struct source_manifest m = { .media_type = d->media_type, .digest = d->digest };
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct buf_stage out;
	struct place place;
	enum err_code code = bundle_find(s->bundle, &d->digest, &place, err);

	if (code != ERR_OK)
		return code;
	if (place.stored == STORED_ABSENT)
		return done(ctx, &m, err);
	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	buf_stage_init(&out, &bytes);
	code = copy_proved(s, d, &place, &out.out, err);
	if (code != ERR_OK)
		return code == ERR_LIMIT ? err_recode(err, ERR_DAMAGED) : code;
	m.bytes = buf_text(&bytes);
	m.len = bytes.len;
	code = done(ctx, &m, err);
	if (code != ERR_FORMAT && code != ERR_LIMIT)
		return code;
	err_add(err, "%s", s->bundle->path);
	return err_recode(err, ERR_DAMAGED); /* whoever made the bundle had read it */
}

static enum err_code source_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				     struct err *err)
{
	return give(ours(s), d, done, ctx, err);
}

/* A name that stands for another digest than the one asked for is not the image that was asked for. */
static enum err_code source_resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
				    struct err *err)
{
	const struct description *d = bundle_description(bundle_of(s));
	const struct description_image *image;
	struct source_manifest none = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	struct descriptor root;
	enum err_code code = reference_name(ref, &name, err);

	if (code != ERR_OK)
		return code;
	image = description_image(d, name);
	if (image == NULL)
		return done(ctx, &none, err);
	root = (struct descriptor){ .digest = image->digest,
				    .size_bytes = image->size_bytes,
				    .media_type = image->media_type };
	if (ref->digest.text[0] != '\0' && !digest_equal(&ref->digest, &root.digest))
		return done(ctx, &none, err);
	return give(ours(s), &root, done, ctx, err);
}

enum err_code description_tell(const struct description *d, const struct digest *subject, source_referrers_fn *done,
			       void *ctx, struct err *err)
{
	const struct description_link *links = NULL;
	size_t len = description_links_of(d, subject, &links), i;
	CLEANUP(free_ptr) struct source_referrer *found = calloc(len + 1, sizeof(*found));

	if (found == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		found[i].descriptor = (struct descriptor){ .digest = links[i].referrer,
							   .size_bytes = links[i].size_bytes,
							   .media_type = links[i].media_type };
		found[i].kind = links[i].kind;
	}
	return done(ctx, found, len, err);
}

static enum err_code source_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
				      void *ctx, struct err *err)
{
	return description_tell(bundle_description(bundle_of(s)), subject, done, ctx, err);
}

static enum err_code source_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
				 struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	struct range_stage range; /* behind the proof, which wants all of it */
	struct place place;
	enum err_code code = bundle_find(bundle_of(s), &d->digest, &place, err);

	if (code == ERR_OK && place.stored == STORED_ABSENT)
		return done(ctx, false, err);
	if (code == ERR_OK && place.stored != STORED_PACKED && bundle_is_piped(bundle_of(s)))
		return err_set(err, ERR_UNSUPPORTED,
			       "it stands among the layers, which come through a pipe and are read once: give the "
			       "bundle as a file");
	range_stage_init(&range, from_bytes, end_bytes, d->size_bytes, out);
	if (code == ERR_OK)
		code = copy_proved(ours(s), d, &place, &range.out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

static enum err_code source_has(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
				struct err *err)
{
	struct place place;
	enum err_code code = bundle_find(bundle_of(s), &d->digest, &place, err);

	return code == ERR_OK ? done(ctx, place.stored != STORED_ABSENT, err) : code;
}

static void source_free(struct source *s)
{
	zstd_reader_release(&ours(s)->packed);
	free(ours(s));
}

enum err_code bundle_source_new(const struct bundle *b, struct source **ret_source, struct err *err)
{
	struct bundle_source *s = malloc(sizeof(*s));
	enum err_code code;

	if (s == NULL)
		return err_nomem(err);
	*s = (struct bundle_source){
		.source = { .at_once = true,
			    .resolve = source_resolve,
			    .manifest = source_manifest,
			    .referrers = source_referrers,
			    .blob = source_blob,
			    .has = source_has,
			    .free = source_free },
		.bundle = b,
	};
	code = zstd_reader_init(&s->packed, &b->file, err);
	if (code == ERR_OK)
		*ret_source = &s->source;
	else
		source_free(&s->source);
	return code;
}
