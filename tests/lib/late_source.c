#include "tests/lib/late_source.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

struct late_question {
	struct reference ref;           /* of resolve */
	struct descriptor d;            /* of manifest and blob; its digest of referrers */
	char *media_type;               /* owned: d's */
	uint64_t from_bytes, end_bytes; /* of blob */
	struct outstream *out;
	source_manifest_fn *manifest_done;
	source_referrers_fn *referrers_done;
	source_blob_fn *blob_done;
	source_has_fn *has_done;
	void *ctx;
};

static enum err_code ask(struct source *s, const struct late_question *q)
{
	struct late_source *l = OUTER_OF(s, struct late_source, source);

	ck_assert_int_eq(vec_grow(&l->open, &l->open_cap, l->open_len + 1, sizeof(*l->open), 100000, NULL), ERR_OK);
	l->open[l->open_len++] = *q;
	l->open_most = l->open_len > l->open_most ? l->open_len : l->open_most;
	return ERR_OK;
}

static enum err_code late_resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
				  struct err *err)
{
	struct late_question q = { .manifest_done = done, .ctx = ctx };
	enum err_code code = reference_copy(ref, &q.ref, err);

	return code == ERR_OK ? ask(s, &q) : code;
}

/* What is asked for lives only as long as the call. */
static struct late_question question_of(const struct descriptor *d, void *ctx)
{
	struct late_question q = { .d = *d, .ctx = ctx, .media_type = strdup(d->media_type) };

	q.d.annotations = NULL;
	q.d.media_type = q.media_type;
	return q;
}

static enum err_code late_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				   struct err *err)
{
	struct late_question q = question_of(d, ctx);

	(void)err;
	q.manifest_done = done;
	return ask(s, &q);
}

static enum err_code late_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
				    void *ctx, struct err *err)
{
	struct late_question q = { .d = { .digest = *subject }, .referrers_done = done, .ctx = ctx };

	(void)err;
	return ask(s, &q);
}

static enum err_code late_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			       struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	struct late_question q = question_of(d, ctx);

	(void)err;
	q.from_bytes = from_bytes;
	q.end_bytes = end_bytes;
	q.out = out;
	q.blob_done = done;
	return ask(s, &q);
}

static enum err_code late_has(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
			      struct err *err)
{
	struct late_question q = question_of(d, ctx);

	(void)err;
	q.has_done = done;
	return ask(s, &q);
}

static void late_free(struct source *s)
{
	(void)s;
}

void late_init(struct late_source *l, struct source *from, unsigned seed)
{
	*l = (struct late_source){
		.source = { .resolve = late_resolve,
			    .manifest = late_manifest,
			    .referrers = late_referrers,
			    .blob = late_blob,
			    .has = late_has,
			    .free = late_free },
		.from = from,
		.seed = seed,
		.fail_from = SIZE_MAX,
	};
}

static void question_release(struct late_question *q)
{
	reference_release(&q->ref);
	free(q->media_type);
}

static struct late_question take(struct late_source *l)
{
	struct late_question q;
	size_t at = 0;

	if (l->seed > 0) {
		l->seed = l->seed * 6364136223846793005u + 1442695040888963407u;
		at = (size_t)(l->seed >> 33) % l->open_len;
	}
	q = l->open[at];
	l->open_len--;
	memmove(l->open + at, l->open + at + 1, (l->open_len - at) * sizeof(*l->open));
	return q;
}

static enum err_code answer(struct late_source *l, const struct late_question *q, struct err *err)
{
	struct source *from = l->from;

	if (l->answers >= l->fail_from)
		return err_set(err, ERR_NETWORK, "answer %zu is lost", l->answers);
	l->answers++;
	if (q->blob_done != NULL)
		return from->blob(from, &q->d, q->from_bytes, q->end_bytes, q->out, q->blob_done, q->ctx, err);
	if (q->has_done != NULL)
		return from->has(from, &q->d, q->has_done, q->ctx, err);
	if (q->referrers_done != NULL)
		return from->referrers(from, &q->d.digest, q->referrers_done, q->ctx, err);
	if (q->ref.path != NULL)
		return from->resolve(from, &q->ref, q->manifest_done, q->ctx, err);
	return from->manifest(from, &q->d, q->manifest_done, q->ctx, err);
}

enum err_code late_run(struct late_source *l, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && l->open_len > 0) {
		struct late_question q = take(l);

		code = answer(l, &q, err);
		question_release(&q);
	}
	return code;
}

void late_release(struct late_source *l)
{
	size_t i;

	for (i = 0; i < l->open_len; i++)
		question_release(&l->open[i]);
	free(l->open);
	*l = (struct late_source){ 0 };
}
