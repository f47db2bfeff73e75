#include "common/manifest_put.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

struct sending {
	struct request request;
	struct manifest_put put;  /* which and bytes are not looked at */
	char *bytes, *media_type; /* owned */
	struct buf said;
};

static void sending_release(struct request *r)
{
	struct sending *s = OUTER_OF(r, struct sending, request);

	free(s->bytes);
	free(s->media_type);
	buf_release(&s->said);
	free(s);
}

static enum err_code on_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct sending *s = OUTER_OF(r, struct sending, request);
	size_t room = LIMIT_TEXT_BYTES - s->said.len;

	(void)err;
	buf_add(&s->said, bytes, len < room ? len : room, NULL); /* what an error says of itself */
	return ERR_OK;
}

static enum err_code on_again(struct request *r, struct err *err)
{
	(void)err;
	buf_clear(&OUTER_OF(r, struct sending, request)->said);
	return ERR_OK;
}

static enum err_code check_taken(const struct sending *s, struct err *err)
{
	char said[DIGEST_TEXT_SIZE + 1];
	struct digest got;

	if (http_header(&s->request.call, "Docker-Content-Digest", 0, said, sizeof(said)) == NULL ||
	    digest_parse(said, &got, NULL) != ERR_OK || digest_equal(&got, &s->put.digest) ||
	    strcmp(digest_algorithm(&got), digest_algorithm(&s->put.digest)) != 0)
		return ERR_OK;
	return err_set(err, ERR_DIGEST, "PUT %s: the registry says that it took %s, not %s", s->request.url, got.text,
		       s->put.digest.text);
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err)
{
	struct sending *s = OUTER_OF(r, struct sending, request);
	int status = r->call.status;
	struct err why = { 0 };

	if (failure != NULL) {
		*err = *failure;
		return err->code;
	}
	if (status == 200 || status == 201 || status == 202 || status == 204) {
		if (check_taken(s, err) != ERR_OK)
			return err->code;
		return s->put.done(s->put.ctx, NULL, err);
	}
	repository_refused(r, buf_text(&s->said), &why);
	return s->put.done(s->put.ctx, &why, err);
}

enum err_code manifest_put_start(struct repository *p, const struct manifest_put *put, struct err *err)
{
	struct sending *s = calloc(1, sizeof(*s));
	struct place *place = NULL;
	enum err_code code = s != NULL ? repository_writable(p, &place, err) : err_nomem(err);

	if (code == ERR_OK) {
		s->put = *put;
		s->bytes = malloc(put->len + 1);
		buf_init(&s->said, LIMIT_TEXT_BYTES);
		code = s->bytes != NULL ? str_copy(put->media_type, &s->media_type, err) : err_nomem(err);
	}
	if (s == NULL)
		return code;
	if (code == ERR_OK)
		code = repository_url(place, "manifests", put->which, &s->request.url, err);
	if (code != ERR_OK) {
		sending_release(&s->request);
		return code;
	}
	memcpy(s->bytes, put->bytes, put->len);
	s->request.method = "PUT";
	s->request.content_type = s->media_type;
	s->request.body = s->bytes;
	s->request.body_len = put->len;
	s->request.brief = true;
	s->request.on_body = on_body;
	s->request.on_again = on_again;
	s->request.on_done = on_done;
	s->request.release = sending_release;
	return access_start(place->access, &s->request, err);
}
