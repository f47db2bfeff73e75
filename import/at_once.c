#include "import/at_once.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

struct at_once {
	struct source source;
	struct source *behind; /* borrowed */
	struct http *http;     /* borrowed */
};

/* What comes while the engine runs is kept until it has stopped: an answer may lead to the next question, and the
 * engine does not run inside itself. */
struct kept {
	struct source_manifest manifest;
	struct buf bytes;
	struct digest digest;
	char *media_type;                  /* owned */
	struct source_referrer *referrers; /* owned */
	char **types;                      /* owned: their media types */
	size_t len;
	bool there;
};

static void kept_release(struct kept *k)
{
	size_t i;

	for (i = 0; i < k->len; i++)
		free(k->types[i]);
	free(k->types);
	free(k->referrers);
	free(k->media_type);
	buf_release(&k->bytes);
}

static struct at_once *ours(struct source *s)
{
	return OUTER_OF(s, struct at_once, source);
}

static enum err_code keep_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct kept *k = ctx;
	enum err_code code = ERR_OK;

	k->there = m->bytes != NULL;
	k->manifest = (struct source_manifest){ .digest = m->digest };
	if (k->there)
		code = buf_add(&k->bytes, m->bytes, m->len, err);
	return code == ERR_OK ? str_copy(m->media_type, &k->media_type, err) : code;
}

static enum err_code give_manifest(struct kept *k, source_manifest_fn *done, void *ctx, struct err *err)
{
	k->manifest.media_type = k->media_type;
	if (k->there) {
		k->manifest.bytes = buf_text(&k->bytes);
		k->manifest.len = k->bytes.len;
	}
	return done(ctx, &k->manifest, err);
}

static enum err_code source_resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
				    struct err *err)
{
	CLEANUP(kept_release) struct kept k = { 0 };
	enum err_code code;

	buf_init(&k.bytes, LIMIT_MANIFEST_BYTES);
	code = ours(s)->behind->resolve(ours(s)->behind, ref, keep_manifest, &k, err);
	if (code == ERR_OK)
		code = http_run(ours(s)->http, err);
	return code == ERR_OK ? give_manifest(&k, done, ctx, err) : code;
}

static enum err_code source_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				     struct err *err)
{
	CLEANUP(kept_release) struct kept k = { 0 };
	enum err_code code;

	buf_init(&k.bytes, LIMIT_MANIFEST_BYTES);
	code = ours(s)->behind->manifest(ours(s)->behind, d, keep_manifest, &k, err);
	if (code == ERR_OK)
		code = http_run(ours(s)->http, err);
	return code == ERR_OK ? give_manifest(&k, done, ctx, err) : code;
}

static enum err_code keep_referrers(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	struct kept *k = ctx;
	enum err_code code = ERR_OK;

	k->referrers = calloc(len + 1, sizeof(*k->referrers));
	k->types = calloc(len + 1, sizeof(*k->types));
	if (k->referrers == NULL || k->types == NULL)
		return err_nomem(err);
	for (; code == ERR_OK && k->len < len; k->len++) {
		struct descriptor *d = &k->referrers[k->len].descriptor;

		k->referrers[k->len] = referrers[k->len];
		code = str_copy(d->media_type, &k->types[k->len], err);
		*d = (struct descriptor){ .digest = d->digest,
					  .size_bytes = d->size_bytes,
					  .media_type = k->types[k->len] };
	}
	return code;
}

static enum err_code source_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
				      void *ctx, struct err *err)
{
	CLEANUP(kept_release) struct kept k = { 0 };
	enum err_code code = ours(s)->behind->referrers(ours(s)->behind, subject, keep_referrers, &k, err);

	if (code == ERR_OK)
		code = http_run(ours(s)->http, err);
	return code == ERR_OK ? done(ctx, k.referrers, k.len, err) : code;
}

static enum err_code keep_there(void *ctx, bool there, struct err *err)
{
	struct kept *k = ctx;

	(void)err;
	k->there = there;
	return ERR_OK;
}

static enum err_code source_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
				 struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	struct source *behind = ours(s)->behind;
	struct kept k = { 0 };
	enum err_code code = behind->blob(behind, d, from_bytes, end_bytes, out, keep_there, &k, err);

	if (code == ERR_OK)
		code = http_run(ours(s)->http, err);
	return code == ERR_OK ? done(ctx, k.there, err) : code;
}

static enum err_code source_has(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
				struct err *err)
{
	struct source *behind = ours(s)->behind;
	struct kept k = { 0 };
	enum err_code code = behind->has(behind, d, keep_there, &k, err);

	if (code == ERR_OK)
		code = http_run(ours(s)->http, err);
	return code == ERR_OK ? done(ctx, k.there, err) : code;
}

static void source_free(struct source *s)
{
	free(ours(s));
}

enum err_code at_once_new(struct http *http, struct source *behind, struct source **ret_source, struct err *err)
{
	struct at_once *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(err);
	*a = (struct at_once){
		.source = { .ranges = SOURCE_RANGES_NONE,
			    .at_once = true,
			    .resolve = source_resolve,
			    .manifest = source_manifest,
			    .referrers = source_referrers,
			    .blob = source_blob,
			    .has = source_has,
			    .free = source_free },
		.behind = behind,
		.http = http,
	};
	*ret_source = &a->source;
	return ERR_OK;
}
