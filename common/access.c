#include "common/access.h"

#include <stdlib.h>
#include <string.h>

#include "common/access_private.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/token.h"

static void request_unlink(struct request *r)
{
	*r->link = r->next;
	if (r->next != NULL)
		r->next->link = r->link;
	r->link = NULL;
}

static void request_push(struct request **list, struct request *r)
{
	r->next = *list;
	r->link = list;
	if (*list != NULL)
		(*list)->link = &r->next;
	*list = r;
}

static void authorization_drop(struct authorization **held)
{
	struct authorization *auth = take_ptr(held);

	if (auth == NULL || --auth->users > 0)
		return;
	secret_free(&auth->text);
	free(auth);
}

/* The request is sent with what counts now. */
static void show_current(const struct access *a, struct request *r)
{
	authorization_drop(&r->shown);
	r->shown = r->foreign ? NULL : a->current;
	if (r->shown != NULL)
		r->shown->users++;
	r->call.authorization = r->shown != NULL ? r->shown->text : NULL;
}

static void request_free(struct request *r)
{
	if (r->link != NULL)
		request_unlink(r);
	authorization_drop(&r->shown);
	buf_release(&r->call.headers);
	free(take_ptr(&r->url));
	r->release(r);
}

void access_free(struct access *a)
{
	if (a == NULL)
		return;
	while (a->requests != NULL)
		request_free(a->requests);
	while (a->waiting != NULL)
		request_free(a->waiting);
	authorization_drop(&a->current);
	buf_release(&a->ping.headers);
	free(a->ping_url);
	access_forget_challenge(a);
	free(a);
}

enum err_code access_new(struct http *http, struct tokens *tokens, const struct endpoint *endpoint,
			 struct access **ret_access, struct err *err)
{
	struct access *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(err);
	a->http = http;
	a->tokens = tokens;
	a->endpoint = endpoint;
	if (tokens != NULL)
		wallet_expect(tokens_wallet(tokens), endpoint->host);
	*ret_access = a;
	return ERR_OK;
}

bool access_has_answered(const struct access *a)
{
	return a->answered;
}

const char *access_advice(const struct access *a, char out[WALLET_ADVICE_MAX])
{
	if (a->scheme == CHALLENGE_NONE)
		return "it did not ask for credentials, and none were shown";
	return wallet_advice(a->tokens != NULL ? tokens_wallet(a->tokens) : NULL, a->endpoint->host, a->endpoint->path,
			     out);
}

void access_set_moot(struct access *a, bool (*is_moot)(const void *ctx), const void *ctx)
{
	a->is_moot = is_moot;
	a->moot_ctx = ctx;
}

void access_set_writes(struct access *a)
{
	a->writes = true;
}

static enum err_code send(struct access *a, struct request *r, struct err *err)
{
	buf_release(&r->call.headers); /* of the answer that told it to go again */
	r->mending = false;
	show_current(a, r);
	request_push(&a->requests, r);
	return http_start(a->http, &r->call, err);
}

/* The credentials themselves were refused just now.  Unlike a token they do not run out: once more would be refused
 * too, and some registries lock out who tries too often. */
static bool is_password_refused(const struct request *r)
{
	const struct access *a = r->access;
	struct challenge c;

	if (a->current == NULL || r->shown != a->current || a->token != 0)
		return false;
	access_read_challenge(&r->call, &c);
	return c.scheme != CHALLENGE_BEARER;
}

static enum err_code on_request_head(struct http_call *call, struct err *err)
{
	struct request *r = OUTER_OF(call, struct request, call);

	/* only the registry itself may ask for credentials, not a host that it redirects to */
	r->mending = call->status == 401 && r->mends < 2 && !call->redirected && !r->foreign && !is_password_refused(r);
	if (call->status != 401)
		r->mends = 0; /* a token may run out any number of times while a blob is fetched */
	return r->mending || r->on_head == NULL ? ERR_OK : r->on_head(r, err);
}

static enum err_code on_request_body(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	struct request *r = OUTER_OF(call, struct request, call);

	return r->mending || r->on_body == NULL ? ERR_OK : r->on_body(r, bytes, len, err);
}

static bool reads(const struct request *r)
{
	return r->method == NULL || strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
}

/* A renewal is tried as often as those are who wait for it. */
static void wait_for_renewal(struct access *a, struct request *r)
{
	request_push(&a->waiting, r);
	a->elsewhere = r->elsewhere && (a->elsewhere || !a->renewing);
	if (!a->renewing)
		return;
	a->ping.retry.elsewhere = a->wait.elsewhere = a->elsewhere;
	tokens_heed(a->tokens);
}

/* A 401: with a newer token at hand the request goes again at once, else it waits for one. */
static enum err_code mend(struct access *a, struct request *r, struct err *err)
{
	struct challenge c, before;
	enum err_code code = ERR_OK;

	r->mends++;
	request_unlink(r);
	if (!reads(r) && r->on_again != NULL && r->on_again(r, err) != ERR_OK) {
		request_push(&a->waiting, r); /* for access_free */
		return err->code;
	}
	access_read_challenge(&r->call, &c);
	access_recall_challenge(a, &before);
	if (challenge_alike(&c, &before)) { /* a mount needs another repository too: none may lose its own */
		challenge_keep_scopes(&c, &before);
		code = access_keep_challenge(a, &c, err);
	}
	if (code != ERR_OK) {
		request_push(&a->waiting, r);
		return code;
	}
	if (r->shown != a->current)
		return send(a, r, err);
	wait_for_renewal(a, r);
	if (a->renewing)
		return ERR_OK;
	if (c.scheme != CHALLENGE_NONE) /* else what it said before still holds */
		code = access_keep_challenge(a, &c, err);
	return code == ERR_OK ? access_renew(a, err) : code;
}

static enum err_code on_request_again(struct http_call *call, struct err *err)
{
	struct request *r = OUTER_OF(call, struct request, call);

	r->access->answered |= call->answered;
	show_current(r->access, r);
	return r->on_again != NULL ? r->on_again(r, err) : ERR_OK;
}

static bool is_request_moot(struct http_call *call)
{
	return access_is_moot(OUTER_OF(call, struct request, call)->access);
}

/* What changes nothing can be asked twice, if nobody mistakes two answers for one; of all else the asker knows. */
static bool is_repeatable(const struct request *r)
{
	return r->on_again != NULL || (reads(r) && r->on_body == NULL);
}

static enum err_code on_request_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct request *r = OUTER_OF(call, struct request, call);
	enum err_code code;

	r->access->answered |= call->answered;
	if (r->mending && failure == NULL)
		return mend(r->access, r, err);
	code = r->on_done(r, failure, err);
	request_free(r);
	return code;
}

/* Its token is about to run out: better a new one now than a 401 later. */
static bool is_stale(const struct access *a)
{
	return a->token != 0 && token_is_stale(a->renew_ms);
}

enum err_code access_start(struct access *a, struct request *r, struct err *err)
{
	r->access = a;
	r->call = (struct http_call){
		.method = r->method,
		.url = r->url,
		.label = r->label,
		.accept = r->accept,
		.range = r->range,
		.content_type = r->content_type,
		.content_range = r->content_range,
		.upload = r->upload,
		.upload_sized = r->upload != NULL,
		.upload_bytes = r->upload_bytes,
		.body = r->body,
		.body_len = r->body_len,
		.kept_bytes = r->kept_bytes,
		.alone = r->alone,
		.brief = r->brief,
		.busy_elsewhere_is_last = r->busy_elsewhere_is_last,
		.retry = r->tried,
		.more_headers = r->foreign ? NULL : a->endpoint->headers.data,
		.tls = r->foreign ? NULL : &a->endpoint->tls,
		.connect_ms = a->endpoint->connect_timeout_ms,
		.on_head = on_request_head,
		.on_body = on_request_body,
		.on_again = is_repeatable(r) ? on_request_again : NULL,
		.is_moot = is_request_moot,
		.on_done = on_request_done,
	};
	r->call.retry.elsewhere = r->elsewhere;
	if (r->foreign || (!a->renewing && !is_stale(a)))
		return send(a, r, err);
	wait_for_renewal(a, r);
	return a->renewing ? ERR_OK : access_renew(a, err);
}

/* From now on this authorization counts, for requests too that have not begun.  Takes over the text. */
static enum err_code replace_authorization(struct access *a, char *text, struct err *err)
{
	struct authorization *fresh = calloc(1, sizeof(*fresh));
	struct request *r;

	if (fresh == NULL) {
		secret_free(&text);
		return err_nomem(err);
	}
	*fresh = (struct authorization){ .text = text, .users = 1 };
	authorization_drop(&a->current);
	a->current = fresh;
	for (r = a->requests; r != NULL; r = r->next) {
		if (!http_begun(&r->call))
			show_current(a, r);
	}
	return ERR_OK;
}

/* The new authorization is here, or there is none to be had: everything that waited goes again. */
enum err_code access_resume(struct access *a, char *authorization, struct err *err)
{
	enum err_code code = replace_authorization(a, authorization, err);

	a->renewing = false;
	while (code == ERR_OK && a->waiting != NULL) {
		struct request *r = a->waiting;

		request_unlink(r);
		code = send(a, r, err);
	}
	return code;
}

static void move_all(struct request **from, struct request **to)
{
	while (*from != NULL) {
		struct request *r = *from;

		request_unlink(r);
		request_push(to, r);
	}
}

/* No credentials can be had: that is the end of what waited for them, and whoever asked decides what it means.  Their
 * requests may be followed by others, which begin anew. */
enum err_code access_give_up(struct access *a, struct err *failure, struct err *err)
{
	struct request *failed = NULL;
	enum err_code code = ERR_OK;

	a->renewing = false;
	move_all(&a->waiting, &failed);
	while (code == ERR_OK && failed != NULL) {
		struct request *r = failed;

		code = r->on_done(r, failure, err);
		request_free(r);
	}
	move_all(&failed, &a->waiting); /* for access_free */
	return code;
}
