/* An OCI image layout as a source of images; every answer comes at once. */
#include <stdlib.h>
#include <string.h>

#include "common/layout.h"
#include "common/layout_survey.h"
#include "common/limits.h"
#include "common/mem.h"

struct layout_source {
	struct source source;
	const struct layout *layout;
	const struct layout_survey *survey; /* borrowed, or made when an image is first asked for */
	struct layout_survey own;
};

static const struct layout *layout_of(struct source *s)
{
	return OUTER_OF(s, struct layout_source, source)->layout;
}

static enum err_code give_manifest(const struct layout *l, const struct descriptor *d, source_manifest_fn *done,
				   void *ctx, struct err *err)
{
	struct source_manifest m = { .media_type = d->media_type, .digest = d->digest };
	CLEANUP(buf_release) struct buf bytes;
	enum err_code code;

	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	code = layout_read_blob(l, d, &bytes, err);
	if (code == ERR_NOT_FOUND)
		return done(ctx, &m, err);
	if (code != ERR_OK)
		return err_add(err, "%s", layout_path(l));
	m.bytes = buf_text(&bytes);
	m.len = bytes.len;
	return done(ctx, &m, err);
}

static enum err_code know_referrers(struct layout_source *l, struct err *err)
{
	enum err_code code = l->survey != NULL ? ERR_OK : layout_survey_make(l->layout, &l->own, err);

	if (code == ERR_OK && l->survey == NULL)
		l->survey = &l->own;
	return code;
}

/* What refers to what is known before: an index that is given stays at hand while it is walked, and a survey reads it
 * too. */
static enum err_code layout_resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
				    struct err *err)
{
	struct source_manifest none = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	const struct layout_entry *entry;
	struct descriptor d = { .json = NULL };
	enum err_code code = reference_name(ref, &name, err);

	if (code != ERR_OK)
		return code;
	entry = layout_find(layout_of(s), name);
	if (entry != NULL)
		d = layout_descriptor(entry);
	if (entry == NULL || (ref->digest.text[0] != '\0' && !digest_equal(&ref->digest, &d.digest)))
		return done(ctx, &none, err);
	code = know_referrers(OUTER_OF(s, struct layout_source, source), err);
	return code == ERR_OK ? give_manifest(layout_of(s), &d, done, ctx, err) : code;
}

static enum err_code layout_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				     struct err *err)
{
	return give_manifest(layout_of(s), d, done, ctx, err);
}

enum err_code layout_survey_tell(const struct layout_survey *s, const struct digest *subject, source_referrers_fn *done,
				 void *ctx, struct err *err)
{
	const struct layout_link *links = NULL;
	size_t len = layout_survey_links_of(s, subject, &links), i;
	CLEANUP(free_ptr) struct source_referrer *found = calloc(len + 1, sizeof(*found));

	if (found == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++)
		found[i] = (struct source_referrer){ .descriptor = links[i].referrer, .kind = links[i].kind };
	return done(ctx, found, len, err);
}

static enum err_code layout_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
				      void *ctx, struct err *err)
{
	struct layout_source *l = OUTER_OF(s, struct layout_source, source);
	enum err_code code = know_referrers(l, err);

	return code == ERR_OK ? layout_survey_tell(l->survey, subject, done, ctx, err) : code;
}

static enum err_code layout_give_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes,
				      uint64_t end_bytes, struct outstream *out, source_blob_fn *done, void *ctx,
				      struct err *err)
{
	struct range_stage range;
	struct instream *in = NULL;
	enum err_code code = layout_blob(layout_of(s), &d->digest, &in, err);

	if (code == ERR_NOT_FOUND)
		return done(ctx, false, err);
	if (code != ERR_OK)
		return code;
	range_stage_init(&range, from_bytes, end_bytes, d->size_bytes, out);
	code = stream_copy(in, &range.out, err);
	instream_release(in);
	if (code != ERR_OK)
		return err_add(err, "%s", layout_path(layout_of(s)));
	return done(ctx, true, err);
}

static enum err_code layout_has_blob(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
				     struct err *err)
{
	struct instream *in = NULL;
	enum err_code code = layout_blob(layout_of(s), &d->digest, &in, err);

	if (code != ERR_OK && code != ERR_NOT_FOUND)
		return code;
	if (code == ERR_OK)
		instream_release(in);
	return done(ctx, code == ERR_OK, err);
}

static void layout_source_free(struct source *s)
{
	struct layout_source *l = OUTER_OF(s, struct layout_source, source);

	layout_survey_release(&l->own);
	free(l);
}

enum err_code layout_source_new(const struct layout *l, struct source **ret_source, struct err *err)
{
	return layout_survey_source(l, NULL, ret_source, err);
}

enum err_code layout_survey_source(const struct layout *l, const struct layout_survey *survey,
				   struct source **ret_source, struct err *err)
{
	struct layout_source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(err);
	s->layout = l;
	s->survey = survey;
	s->source = (struct source){
		.at_once = true,
		.resolve = layout_resolve,
		.manifest = layout_manifest,
		.referrers = layout_referrers,
		.blob = layout_give_blob,
		.has = layout_has_blob,
		.free = layout_source_free,
	};
	*ret_source = &s->source;
	return ERR_OK;
}
