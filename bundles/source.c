#include "bundles/source.h"

#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"

struct bundle_source {
	struct source source;
	const struct bundle *bundle; /* borrowed */
};

static const struct bundle *bundle_of(struct source *s)
{
	return OUTER_OF(s, struct bundle_source, source)->bundle;
}

/* A blob to a stream, proved.  A bundle that holds something else is damaged. */
static enum err_code copy_proved(const struct bundle *b, const struct descriptor *d, struct outstream *out,
				 struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct instream *in = NULL;
	enum err_code code = bundle_blob(b, &d->digest, &in, err);

	if (code != ERR_OK)
		return code;
	code = proof_stage_init(&proof, &d->digest, d->size_bytes, out, err);
	if (code == ERR_OK)
		code = stream_copy(in, &proof.out, err);
	instream_release(in);
	if (proof.digest.failed != ERR_DIGEST && proof.digest.failed != ERR_SIZE)
		return code;
	err_add(err, "%s: %s", bundle_path(b), d->digest.text);
	return err_recode(err, ERR_DAMAGED);
}

static bool is_here(const struct bundle *b, const struct digest *digest)
{
	const struct description *d = bundle_description(b);
	size_t blob = description_find(d, digest);

	return blob != BLOB_NONE && d->blobs[blob].stored != STORED_ABSENT;
}

static enum err_code give(const struct bundle *b, const struct descriptor *d, source_manifest_fn *done, void *ctx,
			  struct err *err)
{
	struct source_manifest m = { .media_type = d->media_type, .digest = d->digest };
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct buf_stage out;
	enum err_code code;

	if (!is_here(b, &d->digest))
		return done(ctx, &m, err);
	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	buf_stage_init(&out, &bytes);
	code = copy_proved(b, d, &out.out, err);
	if (code != ERR_OK)
		return code;
	m.bytes = buf_text(&bytes);
	m.len = bytes.len;
	return done(ctx, &m, err);
}

static enum err_code source_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				     struct err *err)
{
	return give(bundle_of(s), d, done, ctx, err);
}

static struct descriptor descriptor_of(const struct description_blob *b)
{
	return (struct descriptor){ .digest = b->digest, .size_bytes = b->size_bytes, .media_type = b->media_type };
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
	root = descriptor_of(&d->blobs[image->root]);
	if (ref->digest.text[0] != '\0' && !digest_equal(&ref->digest, &root.digest))
		return done(ctx, &none, err);
	return give(bundle_of(s), &root, done, ctx, err);
}

static enum err_code source_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
				      void *ctx, struct err *err)
{
	const struct description *d = bundle_description(bundle_of(s));
	size_t blob = description_find(d, subject), len = 0, i;
	CLEANUP(free_ptr) struct source_referrer *found = NULL;
	const struct description_link *links = NULL;

	if (blob != BLOB_NONE)
		len = description_links_of(d, blob, &links);
	found = calloc(len + 1, sizeof(*found));
	if (found == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		found[i].descriptor = descriptor_of(&d->blobs[links[i].referrer]);
		found[i].kind = links[i].kind;
	}
	return done(ctx, found, len, err);
}

static enum err_code source_blob(struct source *s, const struct descriptor *d, struct outstream *out,
				 source_blob_fn *done, void *ctx, struct err *err)
{
	enum err_code code = copy_proved(bundle_of(s), d, out, err);

	return code == ERR_OK ? done(ctx, err) : code;
}

static void source_free(struct source *s)
{
	free(OUTER_OF(s, struct bundle_source, source));
}

enum err_code bundle_source_new(const struct bundle *b, struct source **ret_source, struct err *err)
{
	struct bundle_source *s = malloc(sizeof(*s));

	if (s == NULL)
		return err_nomem(err);
	*s = (struct bundle_source){
		.source = { .resolve = source_resolve,
			    .manifest = source_manifest,
			    .referrers = source_referrers,
			    .blob = source_blob,
			    .free = source_free },
		.bundle = b,
	};
	*ret_source = &s->source;
	return ERR_OK;
}
