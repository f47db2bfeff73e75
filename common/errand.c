#include "common/errand.h"

#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"

void errand_release(struct request *r)
{
	struct errand *e = OUTER_OF(r, struct errand, request);

	buf_release(&e->body);
	free(e->media_type);
	free(e->tag);
	free(e);
}

enum err_code errand_new(struct repository *p, const struct descriptor *wanted, void *ctx, struct errand **ret_errand,
			 struct err *err)
{
	struct errand *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return err_nomem(err);
	buf_init(&e->body, LIMIT_MANIFEST_BYTES);
	e->repository = p;
	e->ctx = ctx;
	e->request.release = errand_release;
	e->request.accept = REPOSITORY_ACCEPT;
	if (wanted != NULL) {
		e->wanted = *wanted;
		e->has_size = true;
		if (str_copy(wanted->media_type, &e->media_type, err) != ERR_OK) {
			free(e);
			return ERR_NOMEM;
		}
		e->wanted.media_type = e->media_type;
		e->wanted.annotations = NULL;
		e->wanted.artifact_type = NULL;
	}
	*ret_errand = e;
	return ERR_OK;
}

/* Takes over the errand. */
static enum err_code errand_start_at(struct errand *e, struct place *place, struct err *err)
{
	const char *which = e->tag != NULL ? e->tag : e->wanted.digest.text;
	enum err_code code =
		repository_url(place, e->blob_done != NULL ? "blobs" : "manifests", which, &e->request.url, err);

	e->place = place;
	e->request.elsewhere = place_has_next(place, e->use);
	if (code == ERR_OK)
		return access_start(place->access, &e->request, err);
	errand_release(&e->request);
	return code;
}

enum err_code errand_start(struct errand *e, enum place_use use, struct err *err)
{
	struct place *place = repository_place(e->repository, use, NULL);
	enum err_code code;

	e->use = use;
	if (place != NULL)
		return errand_start_at(e, place, err);
	code = repository_no_place(e->repository, use, err);
	errand_release(&e->request);
	return code;
}

enum err_code errand_move(struct errand *e, struct place *next, struct err *err)
{
	struct errand *moved = malloc(sizeof(*moved));

	if (moved == NULL)
		return err_nomem(err);
	*moved = *e;
	moved->request = (struct request){
		.accept = e->request.accept,
		.alone = e->request.alone,
		.on_head = e->request.on_head,
		.on_body = e->request.on_body,
		.on_again = e->request.on_again,
		.on_done = e->request.on_done,
		.release = e->request.release,
	};
	buf_init(&e->body, 0);
	e->media_type = e->tag = NULL;
	buf_clear(&moved->body);
	if (moved->on_move != NULL)
		moved->on_move(moved);
	return errand_start_at(moved, next, err);
}

/* A failure that is the place's, and need not be another's. */
static bool is_of_place(const struct errand *e, enum err_code code)
{
	/* of a blob they come from who takes it, when part of it has gone on already */
	if (code == ERR_DIGEST || code == ERR_SIZE || code == ERR_FORMAT || code == ERR_LIMIT)
		return e->blob_done == NULL && e->place->endpoint->mirror;
	return code == ERR_NETWORK || code == ERR_DENIED || code == ERR_REFUSED;
}

enum err_code errand_failed(struct errand *e, const struct err *why, struct err *err)
{
	struct place *next = is_of_place(e, why->code) ? place_after_failure(e->place, e->use, why) : NULL;

	if (next != NULL)
		return errand_move(e, next, err);
	*err = *why;
	return err->code;
}
