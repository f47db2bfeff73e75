#include "import/containerd_source.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

struct containerd_source {
	struct source source;
	struct containerd *containerd;
};

static struct containerd *containerd_of(struct source *s)
{
	return OUTER_OF(s, struct containerd_source, source)->containerd;
}

/* Of another algorithm's digest containerd would say that there cannot be one. */
static enum err_code look(struct containerd *c, const struct digest *digest, struct containerd_content *ret_content,
			  struct err *err)
{
	return strcmp(digest_algorithm(digest), "sha256") == 0 ? containerd_content(c, digest, ret_content, err)
							       : ERR_OK;
}

static enum err_code source_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				     struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	struct source_manifest m = { .media_type = d->media_type, .digest = d->digest };
	CLEANUP(buf_release) struct buf bytes;
	enum err_code code = look(containerd_of(s), &d->digest, &content, err);

	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	if (code == ERR_OK && !content.there)
		return done(ctx, &m, err);
	if (code == ERR_OK)
		code = containerd_read(containerd_of(s), &d->digest, &bytes, err);
	if (code == ERR_OK)
		code = digest_check(buf_text(&bytes), bytes.len, &d->digest, d->size_bytes, err);
	if (code != ERR_OK)
		return code;
	m.bytes = buf_text(&bytes);
	m.len = bytes.len;
	return done(ctx, &m, err);
}

static enum err_code source_resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
				    struct err *err)
{
	CLEANUP(containerd_image_release) struct containerd_image image = { .name = NULL };
	CLEANUP(free_ptr) char *name = NULL;
	struct source_manifest none = { 0 };
	struct descriptor d;
	enum err_code code = reference_name(ref, &name, err);

	if (code == ERR_OK)
		code = containerd_image(containerd_of(s), name, &image, err);
	if (code != ERR_OK)
		return code;
	if (image.name == NULL || (ref->digest.text[0] != '\0' && !digest_equal(&ref->digest, &image.target)))
		return done(ctx, &none, err);
	d = (struct descriptor){ .digest = image.target,
				 .size_bytes = image.size_bytes,
				 .media_type = image.media_type };
	return source_manifest(s, &d, done, ctx, err);
}

/* What a referrer is: an index, or a manifest.  What cannot be read is found to be so by who reads it. */
static enum err_code keep_kind(void *ctx, const struct source_manifest *got, struct err *err)
{
	struct descriptor *d = ctx;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct err why = { 0 };

	if (got->bytes != NULL)
		(void)manifest_parse(got->bytes, got->len, NULL, got->digest.text, &m, &why);
	d->media_type = m.kind == MANIFEST_INDEX ? TYPE_OCI_INDEX : TYPE_OCI_MANIFEST;
	return why.code == ERR_NOMEM ? err_nomem(err) : ERR_OK;
}

static enum err_code describe(struct source *s, const struct digest *digest, struct descriptor *ret_d, bool *ret_there,
			      struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	enum err_code code = containerd_content(containerd_of(s), digest, &content, err);

	*ret_d = (struct descriptor){ .digest = *digest, .size_bytes = content.size_bytes };
	*ret_there = code == ERR_OK && content.there;
	return *ret_there ? source_manifest(s, ret_d, keep_kind, ret_d, err) : code;
}

/* References may name what never came: that is not there to be told of. */
static enum err_code source_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
				      void *ctx, struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	CLEANUP(free_ptr) struct source_referrer *found = NULL;
	enum err_code code = look(containerd_of(s), subject, &content, err);
	size_t len = 0, i;

	if (code == ERR_OK && (found = calloc(content.refs.len + 1, sizeof(*found))) == NULL)
		code = err_nomem(err);
	for (i = 0; code == ERR_OK && i < content.refs.len; i++) {
		bool there = false;

		if (!gc_ref_is_referrer(&content.refs.items[i]))
			continue;
		code = describe(s, &content.refs.items[i].to, &found[len].descriptor, &there, err);
		found[len].kind = LINK_SUBJECT;
		len += there;
	}
	return code == ERR_OK ? done(ctx, found, len, err) : code;
}

static enum err_code source_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
				 struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	struct range_stage range;
	enum err_code code = look(containerd_of(s), &d->digest, &content, err);

	if (code == ERR_OK && !content.there)
		return done(ctx, false, err);
	range_stage_init(&range, from_bytes, end_bytes, d->size_bytes, out);
	if (code == ERR_OK)
		code = containerd_give(containerd_of(s), &d->digest, &range.out, err);
	if (code == ERR_OK)
		code = outstream_finish(&range.out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

static enum err_code source_has(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
				struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	enum err_code code = look(containerd_of(s), &d->digest, &content, err);

	return code == ERR_OK ? done(ctx, content.there, err) : code;
}

static void source_free(struct source *s)
{
	free(OUTER_OF(s, struct containerd_source, source));
}

enum err_code containerd_source_new(struct containerd *c, struct source **ret_source, struct err *err)
{
	struct containerd_source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(err);
	s->containerd = c;
	s->source = (struct source){
		.at_once = true,
		.resolve = source_resolve,
		.manifest = source_manifest,
		.referrers = source_referrers,
		.blob = source_blob,
		.has = source_has,
		.free = source_free,
	};
	*ret_source = &s->source;
	return ERR_OK;
}
