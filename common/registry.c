#include "common/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/discovery.h"
#include "common/errand.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/presence.h"
#include "common/tags.h"
#include "common/text.h"

/* What an error says of itself: more than fits is not worth keeping. */
static void keep_said(struct errand *e, const void *bytes, size_t len)
{
	buf_add(&e->body, bytes, len < LIMIT_TEXT_BYTES - e->body.len ? len : LIMIT_TEXT_BYTES - e->body.len, NULL);
}

static enum err_code on_manifest_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct errand *e = OUTER_OF(r, struct errand, request);

	if (r->call.status != 200)
		keep_said(e, bytes, len);
	else if (buf_add(&e->body, bytes, len, err) != ERR_OK)
		return err_add(err, "%s: manifest", r->url);
	return ERR_OK;
}

static enum err_code on_manifest_again(struct request *r, struct err *err)
{
	(void)err;
	buf_clear(&OUTER_OF(r, struct errand, request)->body);
	return ERR_OK;
}

/* A page to log in at, in place of an image: of a tag nothing else proves that a mirror knows what it was asked for. */
static enum err_code check_tagged(const struct errand *e, const struct source_manifest *m, const char *type,
				  struct err *err)
{
	CLEANUP(manifest_release) struct manifest read = { 0 };

	if (!e->place->endpoint->mirror || manifest_parse(m->bytes, m->len, type, e->request.url, &read, err) == ERR_OK)
		return ERR_OK;
	return err->code == ERR_NOMEM ? ERR_NOMEM : err_recode(err, ERR_FORMAT);
}

/* Prove the bytes: against the digest that was asked for, or, under a tag, against the one that came with them. */
static enum err_code prove_manifest(struct errand *e, struct source_manifest *m, struct err *err)
{
	enum err_code code;

	if (e->wanted.digest.text[0] == '\0')
		return repository_digest(&e->request, m->bytes, m->len, &m->digest, err);
	code = digest_check(m->bytes, m->len, &e->wanted.digest, e->has_size ? e->wanted.size_bytes : m->len, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", e->request.url);
}

static enum err_code on_manifest_done(struct request *r, struct err *failure, struct err *err)
{
	struct errand *e = OUTER_OF(r, struct errand, request);
	char type[LIMIT_TEXT_BYTES];
	struct source_manifest m = {
		.bytes = buf_text(&e->body),
		.len = e->body.len,
		.media_type = e->media_type,
		.digest = e->wanted.digest,
	};
	const char *came_as = http_header(&r->call, "Content-Type", 0, type, sizeof(type));
	struct place *next = failure == NULL && r->call.status == 404 ? place_after_lack(e->place, e->use) : NULL;
	struct err why = { 0 };

	if (failure != NULL)
		return errand_failed(e, failure, err);
	if (next != NULL)
		return errand_move(e, next, err);
	if (r->call.status == 404)
		m.bytes = NULL;
	else if (r->call.status != 200)
		repository_refused(r, buf_text(&e->body), &why);
	else if (prove_manifest(e, &m, &why) == ERR_OK && e->tag != NULL)
		check_tagged(e, &m, came_as, &why);
	if (why.code != ERR_OK)
		return errand_failed(e, &why, err);
	if (m.media_type == NULL)
		m.media_type = came_as;
	if (e->tag != NULL && m.bytes != NULL &&
	    tag_index_add_root(&e->repository->tag_index, m.digest.text, err) != ERR_OK)
		return err->code;
	return e->manifest_done(e->ctx, &m, err);
}

static enum err_code registry_resolve(struct source *s, const struct reference *ref, source_manifest_fn *done,
				      void *ctx, struct err *err)
{
	struct repository *p = OUTER_OF(s, struct repository, source);
	bool by_tag = ref->digest.text[0] == '\0';
	struct errand *e = NULL;
	enum err_code code = by_tag ? tag_index_want(&p->tag_index, ref->tag, err) : ERR_OK;

	if (code == ERR_OK)
		code = errand_new(p, NULL, ctx, &e, err);
	if (code != ERR_OK)
		return code;
	e->wanted.digest = ref->digest;
	if (by_tag && str_copy(ref->tag, &e->tag, err) != ERR_OK) {
		errand_release(&e->request);
		return ERR_NOMEM;
	}
	e->manifest_done = done;
	e->request.on_body = on_manifest_body;
	e->request.on_again = on_manifest_again;
	e->request.on_done = on_manifest_done;
	return errand_start(e, by_tag ? PLACE_TAG : PLACE_DIGEST, err);
}

static enum err_code registry_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done,
				       void *ctx, struct err *err)
{
	struct repository *p = OUTER_OF(s, struct repository, source);
	struct errand *e = NULL;
	enum err_code code = errand_new(p, d, ctx, &e, err);

	if (code != ERR_OK)
		return code;
	e->manifest_done = done;
	e->request.on_body = on_manifest_body;
	e->request.on_again = on_manifest_again;
	e->request.on_done = on_manifest_done;
	return errand_start(e, PLACE_CONTENT, err);
}

/* A decimal number and the character after it.  Returns what follows, NULL where it is another. */
static const char *read_number(const char *text, char end, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return NULL;
	}
	*ret_value = value;
	return *text == end ? text + (end != '\0') : NULL;
}

/* "bytes 5-9/10", or with a * where the length is not said: all that was asked for, and nothing else. */
static bool is_range(const char *text, const struct errand *e)
{
	uint64_t first = 0, last = 0, size = e->wanted.size_bytes;

	if (strncasecmp(text, "bytes ", 6) != 0)
		return false;
	text = read_number(text + 6, '-', &first);
	if (text != NULL)
		text = read_number(text, '/', &last);
	if (text != NULL && strcmp(text, "*") != 0)
		text = read_number(text, '\0', &size);
	return text != NULL && first == e->from_bytes && last == e->end_bytes - 1 && size == e->wanted.size_bytes;
}

/* The first answer to a range has everything.  Then that is what is taken: nothing of this blob was asked for twice. */
static enum err_code no_ranges(struct errand *e)
{
	e->repository->source.ranges = SOURCE_RANGES_NONE;
	e->part.take_bytes = UINT64_MAX;
	e->end_bytes = e->wanted.size_bytes;
	return ERR_OK;
}

/* Which bytes are coming?  A registry may ignore the range and send everything. */
static enum err_code on_blob_head(struct request *r, struct err *err)
{
	struct errand *e = OUTER_OF(r, struct errand, request);
	enum source_ranges *ranges = &e->repository->source.ranges;
	char said[LIMIT_TEXT_BYTES];

	if (e->range[0] == '\0')
		return ERR_OK;
	if (r->call.status == 200 && *ranges != SOURCE_RANGES_ANY)
		return no_ranges(e);
	if (r->call.status != 206)
		return ERR_OK;
	if (http_header(&r->call, "Content-Range", 0, said, sizeof(said)) == NULL)
		strcpy(said, "nothing");
	if (!is_range(said, e))
		return err_set(err, ERR_REFUSED,
			       "GET %s: asked for %s of %" PRIu64 " bytes, and the registry says that it sends %.200s",
			       r->url, e->range, e->wanted.size_bytes, said);
	e->part.skip_bytes = e->at_bytes - e->from_bytes;
	*ranges = SOURCE_RANGES_ANY;
	return ERR_OK;
}

static bool is_content(const struct errand *e)
{
	int status = e->request.call.status;

	return status == 200 || (status == 206 && e->range[0] != '\0');
}

/* What is wrong with content is said of the place that sent it; that it could not be written is no fault of that. */
static enum err_code of_place(const struct request *r, struct err *err)
{
	return err->code == ERR_IO ? ERR_IO : err_add(err, "%s", r->url);
}

/* Part of the content goes where it is wanted; what has gone there need not come again. */
static enum err_code push(struct errand *e, const void *bytes, size_t len, struct err *err)
{
	uint64_t left_bytes = e->part.take_bytes, came_bytes;
	enum err_code code = outstream_write(&e->part.out, bytes, len, err);

	if (code != ERR_OK)
		return of_place(&e->request, err);
	came_bytes = left_bytes - e->part.take_bytes;
	e->at_bytes += came_bytes;
	e->request.call.kept_bytes += came_bytes;
	return ERR_OK;
}

static enum err_code on_blob_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct errand *e = OUTER_OF(r, struct errand, request);

	if (is_content(e))
		return push(e, bytes, len, err);
	keep_said(e, bytes, len);
	return ERR_OK;
}

static void set_range(struct errand *e)
{
	if (e->end_bytes < e->wanted.size_bytes)
		snprintf(e->range, sizeof(e->range), "bytes=%" PRIu64 "-%" PRIu64, e->from_bytes, e->end_bytes - 1);
	else if (e->from_bytes > 0)
		snprintf(e->range, sizeof(e->range), "bytes=%" PRIu64 "-", e->from_bytes);
	e->request.range = e->range[0] != '\0' ? e->range : NULL;
}

/* Go on where it broke off.  Where only the end of the answer was missing, the last byte comes again, so that there is
 * something to ask for. */
static void resume_blob(struct errand *e)
{
	e->part.skip_bytes = e->at_bytes;
	if (e->at_bytes > e->from_bytes)
		e->from_bytes = e->at_bytes < e->end_bytes ? e->at_bytes : e->end_bytes - 1;
	set_range(e);
}

/* At the registry's own URL: the place that it redirected to may no longer answer. */
static enum err_code on_blob_again(struct request *r, struct err *err)
{
	struct errand *e = OUTER_OF(r, struct errand, request);

	(void)err;
	buf_clear(&e->body);
	resume_blob(e);
	r->call.range = r->range;
	return ERR_OK;
}

static enum err_code on_blob_done(struct request *r, struct err *failure, struct err *err)
{
	struct errand *e = OUTER_OF(r, struct errand, request);
	struct place *next = failure == NULL && r->call.status == 404 ? place_after_lack(e->place, e->use) : NULL;
	struct err why = { 0 };

	if (failure != NULL)
		return errand_failed(e, failure, err);
	if (next != NULL)
		return errand_move(e, next, err);
	if (r->call.status == 404)
		return e->blob_done(e->ctx, false, err);
	if (r->call.status == 416 && e->range[0] != '\0')
		err_set(&why, ERR_REFUSED,
			"GET %s: asked for %s of %" PRIu64 " bytes, and the registry has none there (416)", r->url,
			e->range, e->wanted.size_bytes);
	else if (!is_content(e))
		repository_refused(r, buf_text(&e->body), &why);
	if (why.code != ERR_OK)
		return errand_failed(e, &why, err);
	if (outstream_finish(&e->part.out, err) != ERR_OK)
		return of_place(r, err);
	return e->blob_done(e->ctx, true, err);
}

static enum err_code registry_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes,
				   uint64_t end_bytes, struct outstream *out, source_blob_fn *done, void *ctx,
				   struct err *err)
{
	struct repository *p = OUTER_OF(s, struct repository, source);
	struct errand *e = NULL;
	enum err_code code = errand_new(p, d, ctx, &e, err);

	if (code != ERR_OK)
		return code;
	range_stage_init(&e->part, from_bytes, end_bytes, d->size_bytes, out);
	e->from_bytes = e->at_bytes = from_bytes;
	e->end_bytes = end_bytes;
	e->blob_done = done;
	e->request.accept = NULL;
	e->request.alone = true;
	e->on_move = resume_blob;
	set_range(e);
	e->request.on_head = on_blob_head;
	e->request.on_body = on_blob_body;
	e->request.on_again = on_blob_again;
	e->request.on_done = on_blob_done;
	return errand_start(e, PLACE_CONTENT, err);
}

static enum err_code registry_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
					void *ctx, struct err *err)
{
	return discovery_start(OUTER_OF(s, struct repository, source), subject, done, ctx, err);
}

static enum err_code registry_tags(struct source *s, source_tags_fn *done, void *ctx, struct err *err)
{
	const struct tags_asker asker = { .done = done, .ctx = ctx, .pages_max = LIMIT_PAGES };

	return tags_start(OUTER_OF(s, struct repository, source), &asker, err);
}

static enum err_code registry_has(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
				  struct err *err)
{
	return presence_start(OUTER_OF(s, struct repository, source), &d->digest, done, ctx, err);
}

static void registry_free(struct source *s)
{
	struct repository *p = OUTER_OF(s, struct repository, source);

	repository_close(p);
	discovery_free_all(p);
	tag_index_release(&p->tag_index);
	free(p);
}

enum err_code registry_new(struct http *http, const struct reference *ref, const struct registry_options *options,
			   struct source **ret_source, struct err *err)
{
	struct repository *p = calloc(1, sizeof(*p));
	enum err_code code;

	if (p == NULL)
		return err_nomem(err);
	p->source = (struct source){
		.ranges = SOURCE_RANGES_UNKNOWN,
		.resolve = registry_resolve,
		.manifest = registry_manifest,
		.referrers = registry_referrers,
		.blob = registry_blob,
		.tags = registry_tags,
		.has = registry_has,
		.free = registry_free,
	};
	p->options = *options;
	code = repository_open(p, http, ref, err);
	if (code != ERR_OK) {
		registry_free(&p->source);
		return code;
	}
	*ret_source = &p->source;
	return ERR_OK;
}
