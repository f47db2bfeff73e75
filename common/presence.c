#include "common/presence.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

#define FIRST_BYTE "bytes=0-0"
#define MANIFESTS "manifests"

struct question {
	struct request request;
	struct place *place;
	const char *kind; /* "blobs" or "manifests" */
	struct digest digest;
	source_has_fn *done;
	void *ctx;
	struct buf said; /* what came: an error says something of itself */
	bool enough;     /* nothing more is wanted */
	bool gives;      /* what may not be had counts as absent */
	bool spares;     /* so does what the registry says 404 of to HEAD */
};

static void question_release(struct request *r)
{
	struct question *q = OUTER_OF(r, struct question, request);

	buf_release(&q->said);
	free(q);
}

/* The registry cannot tell now; that is neither yes nor no. */
static bool is_ill(int status)
{
	return status == 408 || status == 429 || (status >= 500 && status != 501);
}

static enum err_code ask_first_byte(const struct question *asked, struct err *err);
static enum err_code ask_head(struct place *place, const struct question *like, struct err *err);

/* This place cannot tell: another may. */
static enum err_code failed(const struct question *q, const struct err *why, struct err *err)
{
	bool of_place = why->code == ERR_NETWORK || why->code == ERR_DENIED || why->code == ERR_REFUSED;
	struct place *next;

	if (q->gives && (why->code == ERR_DENIED || why->code == ERR_NOT_FOUND || why->code == ERR_REFUSED))
		return q->done(q->ctx, false, err); /* and the place goes on being asked */
	next = of_place ? place_after_failure(q->place, PLACE_CONTENT, why) : NULL;
	if (next != NULL)
		return ask_head(next, q, err);
	*err = *why;
	return err->code;
}

static enum err_code absent(const struct question *q, struct err *err)
{
	struct place *next = place_after_lack(q->place, PLACE_CONTENT);

	return next != NULL ? ask_head(next, q, err) : q->done(q->ctx, false, err);
}

static enum err_code on_head_done(struct request *r, struct err *failure, struct err *err)
{
	struct question *q = OUTER_OF(r, struct question, request);
	struct err why = { 0 };

	if (failure != NULL)
		return failed(q, failure, err);
	if (r->call.status == 200)
		return q->done(q->ctx, true, err);
	if (q->spares && r->call.status == 404 && !r->call.redirected)
		return absent(q, err);
	if (!is_ill(r->call.status))
		return ask_first_byte(q, err);
	repository_refused(r, "", &why);
	return failed(q, &why, err);
}

/* 416: there is no first byte in an empty blob. */
static bool says_there(int status)
{
	return status == 200 || status == 206 || status == 416;
}

/* All of the blob, or an error at length: the rest is not worth receiving. */
static enum err_code on_first_byte(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct question *q = OUTER_OF(r, struct question, request);

	q->enough = buf_add(&q->said, bytes, len, NULL) != ERR_OK;
	return q->enough ? err_set(err, ERR_LIMIT, "%s: more than one byte", r->url) : ERR_OK;
}

static enum err_code on_first_byte_again(struct request *r, struct err *err)
{
	(void)err;
	buf_clear(&OUTER_OF(r, struct question, request)->said);
	return ERR_OK;
}

static enum err_code on_first_byte_done(struct request *r, struct err *failure, struct err *err)
{
	struct question *q = OUTER_OF(r, struct question, request);

	struct err why = { 0 };

	if (failure != NULL && !q->enough)
		return failed(q, failure, err);
	if (says_there(r->call.status))
		return q->done(q->ctx, true, err);
	if (r->call.status == 404 || r->call.status == 410)
		return absent(q, err);
	repository_refused(r, buf_text(&q->said), &why);
	return failed(q, &why, err);
}

static enum err_code question_start(struct place *place, const struct digest *digest, const struct question *like,
				    struct err *err)
{
	struct question *q = malloc(sizeof(*q));
	enum err_code code;

	if (q == NULL)
		return err_nomem(err);
	*q = *like;
	q->place = place;
	q->digest = *digest;
	q->request.release = question_release;
	q->request.accept = strcmp(q->kind, MANIFESTS) == 0 ? REPOSITORY_ACCEPT : NULL;
	q->request.elsewhere = place_has_next(place, PLACE_CONTENT);
	buf_init(&q->said, LIMIT_TEXT_BYTES);
	code = repository_url(place, q->kind, digest->text, &q->request.url, err);
	if (code == ERR_OK)
		return access_start(place->access, &q->request, err);
	question_release(&q->request);
	return code;
}

static enum err_code ask_first_byte(const struct question *asked, struct err *err)
{
	struct question q = {
		.request = { .range = FIRST_BYTE,
			     .on_body = on_first_byte,
			     .on_again = on_first_byte_again,
			     .on_done = on_first_byte_done },
		.kind = asked->kind,
		.gives = asked->gives,
		.spares = asked->spares,
		.done = asked->done,
		.ctx = asked->ctx,
	};

	return question_start(asked->place, &asked->digest, &q, err);
}

static enum err_code ask_head(struct place *place, const struct question *like, struct err *err)
{
	struct question q = {
		.request = { .method = "HEAD", .on_done = on_head_done },
		.kind = like->kind,
		.gives = like->gives,
		.spares = like->spares,
		.done = like->done,
		.ctx = like->ctx,
	};

	return question_start(place, &like->digest, &q, err);
}

static enum err_code start(struct repository *p, const struct question *first, struct err *err)
{
	struct place *place = repository_place(p, PLACE_CONTENT, NULL);

	return place != NULL ? ask_head(place, first, err) : repository_no_place(p, PLACE_CONTENT, err);
}

enum err_code presence_start(struct repository *p, const struct digest *digest, source_has_fn *done, void *ctx,
			     struct err *err)
{
	struct question first = { .kind = "blobs", .digest = *digest, .done = done, .ctx = ctx };

	return start(p, &first, err);
}

enum err_code presence_to_give(struct repository *p, const struct digest *digest, source_has_fn *done, void *ctx,
			       struct err *err)
{
	struct question first = { .kind = "blobs", .digest = *digest, .gives = true, .done = done, .ctx = ctx };

	return start(p, &first, err);
}

enum err_code presence_of_manifest(struct repository *p, const struct digest *digest, source_has_fn *done, void *ctx,
				   struct err *err)
{
	struct question first = { .kind = MANIFESTS, .digest = *digest, .done = done, .ctx = ctx };

	return start(p, &first, err);
}

enum err_code presence_to_send(struct repository *p, bool manifest, const struct digest *digest, source_has_fn *done,
			       void *ctx, struct err *err)
{
	struct question first = {
		.kind = manifest ? MANIFESTS : "blobs", .digest = *digest, .spares = true, .done = done, .ctx = ctx
	};

	return start(p, &first, err);
}
