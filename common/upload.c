#include "common/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/upload_answer.h"
#include "common/upload_location.h"

#define RANGE_MAX 64
#define RESTARTS_MAX RETRY_TRIES /* of uploads that the registry has forgotten */
#define DRIPS_MAX RETRY_TRIES    /* chunks of which it kept next to nothing */
#define CHUNK_BYTES (5 * MIB)    /* no object store wants its parts larger */
#define OCTETS "application/octet-stream"

enum step_kind {
	STEP_MOUNT, /* is it to be had from another repository? */
	STEP_BEGIN,
	STEP_SEND,  /* everything that is left, and the end */
	STEP_CHUNK, /* a part */
	STEP_ASK,   /* how far has it got? */
	STEP_LOOK,  /* is the blob there? */
};

/* A blob on its way.  It belongs to the step that is under way. */
struct upload {
	struct upload_wish wish;
	struct place *place;
	struct upload_content content;
	char *label;  /* owned: what messages call it */
	char *url;    /* owned: where it goes on; NULL before it has begun */
	bool foreign; /* that is on another host */
	bool chunked;
	bool resumed; /* the registry had a part of it when the last request began */
	uint64_t chunk_bytes;
	uint64_t at_bytes;   /* what the registry has */
	uint64_t kept_bytes; /* the most that it ever had */
	uint64_t told_bytes; /* of what has gone, what the asker knows of */
	struct retry tried;
	unsigned restarts;
	unsigned drips; /* chunks in a row of which it took next to nothing */
};

struct step {
	struct request request;
	struct upload *upload; /* owned; NULL once another step has it */
	enum step_kind kind;
	uint64_t from_bytes, sent_bytes;  /* where its body begins, and how much of that has been read */
	struct instream watched, *source; /* the body, counted while it goes */
	char range[RANGE_MAX];
	struct buf said;
};

static void upload_free(struct upload *u)
{
	if (u == NULL)
		return;
	upload_content_release(&u->content);
	free(u->label);
	free(u->url);
	free(u);
}

static void step_release(struct request *r)
{
	struct step *s = OUTER_OF(r, struct step, request);

	upload_free(s->upload);
	buf_release(&s->said);
	free(s);
}

static enum err_code on_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct step *s = OUTER_OF(r, struct step, request);
	size_t room = LIMIT_TEXT_BYTES - s->said.len;

	(void)err;
	buf_add(&s->said, bytes, len < room ? len : room, NULL); /* what an error says of itself */
	return ERR_OK;
}

static enum err_code on_watched(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct step *s = OUTER_OF(in, struct step, watched);
	struct upload *u = s->upload;
	uint64_t left_bytes = s->request.upload_bytes - s->sent_bytes; /* a chunk ends before its source does */
	enum err_code code = instream_read(s->source, bytes, cap < left_bytes ? cap : (size_t)left_bytes, ret_len, err);

	if (code != ERR_OK)
		return code;
	s->sent_bytes += *ret_len;
	if (u->wish.went != NULL && s->from_bytes + s->sent_bytes > u->told_bytes) {
		u->wish.went(u->wish.ctx, s->from_bytes + s->sent_bytes - u->told_bytes);
		u->told_bytes = s->from_bytes + s->sent_bytes;
	}
	return ERR_OK;
}

/* It did not come to its end: what counts is how far it got there. */
static enum err_code on_again(struct request *r, struct err *err)
{
	struct step *s = OUTER_OF(r, struct step, request);
	char *url = NULL;

	buf_clear(&s->said);
	if (s->kind != STEP_SEND && s->kind != STEP_CHUNK)
		return ERR_OK;
	if (str_copy(s->upload->url, &url, err) != ERR_OK)
		return ERR_NOMEM;
	free(r->url);
	r->url = url;
	s->kind = STEP_ASK;
	r->method = r->call.method = "GET";
	r->call.url = url;
	r->call.upload = NULL;
	r->call.body = NULL;
	r->call.alone = false; /* it is a short question */
	r->call.content_type = r->call.content_range = NULL;
	return ERR_OK;
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err);

static enum err_code step_new(struct upload *u, enum step_kind kind, const char *method, struct step **ret_step,
			      struct err *err)
{
	struct step *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		upload_free(u);
		return err_nomem(err);
	}
	buf_init(&s->said, LIMIT_TEXT_BYTES);
	s->kind = kind;
	s->upload = u;
	s->request = (struct request){
		.method = method,
		.label = u->label,
		.foreign = u->foreign && kind != STEP_LOOK,
		.tried = u->tried,
		.kept_bytes = u->kept_bytes,
		.brief = true,
		.on_body = on_body,
		.on_again = on_again,
		.on_done = on_done,
		.release = step_release,
	};
	*ret_step = s;
	return ERR_OK;
}

/* Takes over the step. */
static enum err_code step_start(struct step *s, enum err_code code, struct err *err)
{
	if (code == ERR_OK)
		return access_start(s->upload->place->access, &s->request, err);
	step_release(&s->request);
	return code;
}

static enum err_code begin(struct upload *u, bool mount, struct err *err)
{
	CLEANUP(buf_release) struct buf which;
	struct step *s = NULL;
	enum err_code code;

	free(take_ptr(&u->url));
	u->foreign = u->resumed = false;
	u->at_bytes = 0;
	code = step_new(u, mount ? STEP_MOUNT : STEP_BEGIN, "POST", &s, err);
	if (code != ERR_OK)
		return code;
	buf_init(&which, LIMIT_URL_BYTES);
	s->request.body = "";
	s->request.content_type = "";
	code = buf_puts(&which, "uploads/", err);
	if (code == ERR_OK && mount)
		code = buf_printf(&which, err, "?mount=%s%%3A%s&from=", digest_algorithm(&u->wish.digest),
				  digest_hex(&u->wish.digest));
	if (code == ERR_OK && mount)
		code = http_escape(u->wish.from, &which, err);
	if (code == ERR_OK)
		code = repository_url(u->place, "blobs", buf_text(&which), &s->request.url, err);
	return step_start(s, code, err);
}

static void set_range(struct step *s, uint64_t len)
{
	if (len == 0)
		return;
	snprintf(s->range, sizeof(s->range), "%" PRIu64 "-%" PRIu64, s->from_bytes, s->from_bytes + len - 1);
	s->request.content_range = s->range;
}

/* The next bytes, as many of them. */
static enum err_code set_body(struct step *s, uint64_t bytes, struct err *err)
{
	struct upload *u = s->upload;

	u->resumed = u->at_bytes > 0;
	s->from_bytes = u->at_bytes;
	s->request.content_type = OCTETS;
	s->request.alone = true;
	s->request.upload_bytes = bytes;
	s->watched.read = on_watched;
	s->request.upload = &s->watched;
	return upload_content_from(&u->content, u->at_bytes, &s->source, err);
}

/* All that is left. */
static enum err_code send_rest(struct upload *u, struct err *err)
{
	struct step *s = NULL;
	enum err_code code = step_new(u, STEP_SEND, "PUT", &s, err);

	if (code != ERR_OK)
		return code;
	code = set_body(s, u->wish.size_bytes - u->at_bytes, err);
	if (u->resumed)
		set_range(s, s->request.upload_bytes);
	if (code == ERR_OK)
		code = upload_location_end(u->url, &u->wish.digest, &s->request.url, err);
	return step_start(s, code, err);
}

/* A part; the last one ends the upload. */
static enum err_code send_chunk(struct upload *u, struct err *err)
{
	struct step *s = NULL;
	enum err_code code;

	if (u->wish.size_bytes - u->at_bytes <= u->chunk_bytes)
		return send_rest(u, err);
	code = step_new(u, STEP_CHUNK, "PATCH", &s, err);
	if (code != ERR_OK)
		return code;
	code = set_body(s, u->chunk_bytes, err);
	set_range(s, u->chunk_bytes);
	if (code == ERR_OK)
		code = str_copy(u->url, &s->request.url, err);
	return step_start(s, code, err);
}

static enum err_code go_on(struct upload *u, struct err *err)
{
	return u->chunked ? send_chunk(u, err) : send_rest(u, err);
}

static enum err_code look(struct upload *u, struct err *err)
{
	struct step *s = NULL;
	enum err_code code = step_new(u, STEP_LOOK, "HEAD", &s, err);

	if (code == ERR_OK)
		code = step_start(s, repository_url(u->place, "blobs", u->wish.digest.text, &s->request.url, err), err);
	return code;
}

static enum err_code restart(struct upload *u, struct err *err)
{
	if (++u->restarts > RESTARTS_MAX) {
		err_set(err, ERR_NETWORK, "%s: begun %u times, and lost by the registry each time: run again", u->label,
			u->restarts);
		upload_free(u);
		return err->code;
	}
	return begin(u, false, err);
}

/* Everything has gone there, and counts. */
static enum err_code finish(struct upload *u, enum upload_end end, struct err *err)
{
	enum err_code code;

	if (end == UPLOAD_SENT && u->wish.went != NULL && u->told_bytes < u->wish.size_bytes)
		u->wish.went(u->wish.ctx, u->wish.size_bytes - u->told_bytes);
	code = u->wish.done(u->wish.ctx, end, err);
	upload_free(u);
	return code;
}

static enum err_code refused(struct upload *u, const struct step *s, struct err *err)
{
	repository_refused(&s->request, buf_text(&s->said), err);
	upload_free(u);
	return err->code;
}

/* Where the upload goes on from here. */
static enum err_code move(struct upload *u, const struct step *s, bool must, struct err *err)
{
	char *url = NULL, said[8];
	enum err_code code;

	if (!must && http_header(&s->request.call, "Location", 0, said, sizeof(said)) == NULL)
		return ERR_OK;
	code = upload_location(u->place, &s->request, &url, &u->foreign, err);
	if (code != ERR_OK)
		return code;
	free(u->url);
	u->url = url;
	return ERR_OK;
}

static void note_end(struct upload *u, uint64_t end_bytes)
{
	u->at_bytes = end_bytes;
	if (end_bytes > u->kept_bytes)
		u->kept_bytes = end_bytes;
}

static enum err_code fail(struct upload *u, enum err_code code)
{
	upload_free(u);
	return code;
}

static enum err_code on_begun(struct upload *u, const struct step *s, struct err *err)
{
	int status = s->request.call.status;
	uint64_t chunk_bytes;

	if (s->kind == STEP_MOUNT && status == 201)
		return finish(u, UPLOAD_MOUNTED, err);
	if (s->kind == STEP_MOUNT && status != 202)
		return begin(u, false, err);
	if (!upload_answer_is_good(&s->request))
		return refused(u, s, err);
	if (move(u, s, true, err) != ERR_OK)
		return fail(u, err->code);
	chunk_bytes = upload_answer_min_chunk(&s->request);
	u->chunk_bytes = chunk_bytes > CHUNK_BYTES ? chunk_bytes : CHUNK_BYTES;
	return go_on(u, err);
}

static enum err_code on_sent(struct upload *u, const struct step *s, struct err *err)
{
	int status = s->request.call.status;

	if (upload_answer_is_good(&s->request))
		return upload_answer_check(&s->request, &u->wish.digest, u->label, err) == ERR_OK
			       ? finish(u, UPLOAD_SENT, err)
			       : fail(u, err->code);
	if (status == 413 && !u->chunked) {
		u->chunked = true;
		return restart(u, err);
	}
	if (status == 404)
		return look(u, err);
	if (u->resumed && (status == 400 || status == 416)) /* it took up the thread at another place */
		return restart(u, err);
	return refused(u, s, err);
}

static enum err_code on_chunk(struct upload *u, const struct step *s, struct err *err)
{
	uint64_t end_bytes = s->from_bytes + s->request.upload_bytes, taken;
	int status = s->request.call.status;

	if (status == 404 || (u->resumed && status == 416))
		return restart(u, err);
	if (!upload_answer_is_good(&s->request))
		return refused(u, s, err);
	if (move(u, s, false, err) != ERR_OK)
		return fail(u, err->code);
	if (!upload_answer_range(&s->request, &taken) || taken > end_bytes || taken <= s->from_bytes)
		taken = end_bytes;
	u->drips = taken < end_bytes && taken - s->from_bytes < RETRY_PROGRESS_BYTES ? u->drips + 1 : 0;
	if (u->drips >= DRIPS_MAX) {
		err_set(err, ERR_REFUSED,
			"%s: the registry takes next to nothing of each part: it has %" PRIu64 " of %" PRIu64
			" bytes after %u parts",
			u->label, taken, u->wish.size_bytes, u->drips);
		return fail(u, err->code);
	}
	note_end(u, taken);
	if (u->wish.went != NULL && taken > u->told_bytes) {
		u->wish.went(u->wish.ctx, taken - u->told_bytes);
		u->told_bytes = taken;
	}
	return send_chunk(u, err);
}

static enum err_code on_asked(struct upload *u, const struct step *s, struct err *err)
{
	uint64_t end_bytes;

	if (!upload_answer_is_good(&s->request))
		return look(u, err);
	if (!upload_answer_range(&s->request, &end_bytes) || end_bytes > u->wish.size_bytes)
		return restart(u, err);
	if (move(u, s, false, err) != ERR_OK)
		return fail(u, err->code);
	note_end(u, end_bytes);
	return go_on(u, err);
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err)
{
	struct step *s = OUTER_OF(r, struct step, request);
	struct upload *u = s->upload;

	if (failure != NULL) {
		*err = *failure;
		return err->code;
	}
	s->upload = NULL;
	u->tried = r->call.retry;
	switch (s->kind) {
	case STEP_MOUNT:
	case STEP_BEGIN:
		return on_begun(u, s, err);
	case STEP_SEND:
		return on_sent(u, s, err);
	case STEP_CHUNK:
		return on_chunk(u, s, err);
	case STEP_ASK:
		return on_asked(u, s, err);
	case STEP_LOOK:
		return r->call.status == 200 ? finish(u, UPLOAD_SENT, err) : restart(u, err);
	}
	return fail(u, ERR_OK);
}

enum err_code upload_start(struct repository *p, const struct upload_wish *wish, struct err *err)
{
	struct upload *u = calloc(1, sizeof(*u));
	enum err_code code = u != NULL ? repository_writable(p, &u->place, err) : err_nomem(err);

	if (code == ERR_OK)
		code = str_format(&u->label, err, "%s: blob %s", p->name, wish->digest.text);
	if (code != ERR_OK) {
		upload_free(u);
		return code;
	}
	u->wish = *wish;
	upload_content_init(&u->content, wish->size_bytes, wish->open, wish->ctx);
	return begin(u, wish->from != NULL, err);
}
