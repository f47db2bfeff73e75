#include "common/presence.h"

#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"

#define FIRST_BYTE "bytes=0-0"

struct question {
	struct request request;
	struct repository *repository;
	struct digest digest;
	source_has_fn *done;
	void *ctx;
	struct buf said; /* what came: an error says something of itself */
	bool enough;     /* nothing more is wanted */
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

static enum err_code on_head_done(struct request *r, struct err *failure, struct err *err)
{
	struct question *q = OUTER_OF(r, struct question, request);

	if (failure != NULL) {
		*err = *failure;
		return err->code;
	}
	if (r->call.status == 200)
		return q->done(q->ctx, true, err);
	return is_ill(r->call.status) ? repository_refused(r, "", err) : ask_first_byte(q, err);
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

	if (failure != NULL && !q->enough) {
		*err = *failure;
		return err->code;
	}
	if (says_there(r->call.status))
		return q->done(q->ctx, true, err);
	if (r->call.status == 404 || r->call.status == 410)
		return q->done(q->ctx, false, err);
	return repository_refused(r, buf_text(&q->said), err);
}

static enum err_code question_start(struct repository *p, const struct digest *digest, const struct question *like,
				    struct err *err)
{
	struct question *q = malloc(sizeof(*q));
	enum err_code code;

	if (q == NULL)
		return err_nomem(err);
	*q = *like;
	q->repository = p;
	q->digest = *digest;
	q->request.release = question_release;
	buf_init(&q->said, LIMIT_TEXT_BYTES);
	code = repository_url(p, "blobs", digest->text, &q->request.url, err);
	if (code == ERR_OK)
		return access_start(p->access, &q->request, err);
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
		.done = asked->done,
		.ctx = asked->ctx,
	};

	return question_start(asked->repository, &asked->digest, &q, err);
}

enum err_code presence_start(struct repository *p, const struct digest *digest, source_has_fn *done, void *ctx,
			     struct err *err)
{
	struct question q = {
		.request = { .method = "HEAD", .on_done = on_head_done },
		.done = done,
		.ctx = ctx,
	};

	return question_start(p, digest, &q, err);
}
