#include "common/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/challenge.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/token.h"

/* Shared by access and all requests that were sent with it: a request under way may need it again, for another try or
 * where it is redirected, when access has a newer one. */
struct authorization {
	char *text; /* owned; NULL where there are no credentials */
	unsigned users;
};

struct access {
	struct http *http;
	const struct endpoint *endpoint;
	struct authorization *current; /* sent with every request; NULL while none is asked for */
	bool answered;                 /* access_has_answered */
	bool writes;                   /* access_set_writes */
	bool renewing;
	bool elsewhere;               /* all who wait for the renewal can ask another place instead */
	enum challenge_scheme scheme; /* what was asked for; the texts are owned, and short for what they might be */
	char *realm, *service, *scope;
	struct tokens *tokens;
	unsigned token; /* the serial of the token that is sent; 0 where it is none */
	uint64_t renew_ms;
	struct token_wait wait;
	struct http_call ping;
	char *ping_url;
	struct request *requests, *waiting;
	bool (*is_moot)(const void *ctx); /* may be NULL */
	const void *moot_ctx;
};

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

static void recall_challenge(const struct access *a, struct challenge *c)
{
	*c = (struct challenge){ .scheme = a->scheme };
	if (a->scheme == CHALLENGE_NONE)
		return;
	snprintf(c->realm, sizeof(c->realm), "%s", a->realm);
	snprintf(c->service, sizeof(c->service), "%s", a->service);
	snprintf(c->scope, sizeof(c->scope), "%s", a->scope);
}

static void forget_challenge(struct access *a)
{
	a->scheme = CHALLENGE_NONE;
	free(take_ptr(&a->realm));
	free(take_ptr(&a->service));
	free(take_ptr(&a->scope));
}

/* Each of tens of thousands of repositories keeps one. */
static enum err_code keep_challenge(struct access *a, const struct challenge *c, struct err *err)
{
	forget_challenge(a);
	if (str_copy(c->realm, &a->realm, err) != ERR_OK || str_copy(c->service, &a->service, err) != ERR_OK ||
	    str_copy(c->scope, &a->scope, err) != ERR_OK)
		return ERR_NOMEM;
	a->scheme = c->scheme;
	return ERR_OK;
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
	forget_challenge(a);
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
	return wallet_advice(a->tokens != NULL ? tokens_wallet(a->tokens) : NULL, a->endpoint->host, a->endpoint->path,
			     out);
}

const char *access_host(const struct access *a)
{
	return a->endpoint->host;
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

static bool access_is_moot(const struct access *a)
{
	return a->is_moot != NULL && a->is_moot(a->moot_ctx);
}

static enum err_code start_renewal(struct access *a, struct err *err);

/* Read the challenges of an answer: several headers, each with several challenges. */
static void read_challenge(const struct http_call *call, struct challenge *c)
{
	char header[CHALLENGE_VALUE_MAX * 2];
	struct challenge one;
	unsigned i;

	*c = (struct challenge){ 0 };
	for (i = 0; http_header(call, "WWW-Authenticate", i, header, sizeof(header)) != NULL; i++) {
		challenge_parse(header, &one);
		if (one.scheme > c->scheme)
			*c = one;
	}
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
	read_challenge(&r->call, &c);
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
	read_challenge(&r->call, &c);
	recall_challenge(a, &before);
	if (challenge_alike(&c, &before)) { /* a mount needs another repository too: none may lose its own */
		challenge_keep_scopes(&c, &before);
		code = keep_challenge(a, &c, err);
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
		code = keep_challenge(a, &c, err);
	return code == ERR_OK ? start_renewal(a, err) : code;
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
	return a->renewing ? ERR_OK : start_renewal(a, err);
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
static enum err_code resume(struct access *a, char *authorization, struct err *err)
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
static enum err_code give_up(struct access *a, struct err *failure, struct err *err)
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

static enum err_code on_token(struct token_wait *w, const struct token *token, struct err *failure, struct err *err)
{
	struct access *a = OUTER_OF(w, struct access, wait);
	char *authorization = NULL;

	if (failure != NULL)
		return give_up(a, failure, err);
	if (str_copy(token->authorization, &authorization, err) != ERR_OK)
		return ERR_NOMEM;
	a->token = token->serial;
	a->renew_ms = token->renew_ms;
	return resume(a, authorization, err);
}

static enum err_code ask_token(struct access *a, struct err *err)
{
	CLEANUP(buf_release) struct buf scope;
	struct token_want want = {
		.base = a->endpoint->base,
		.tls = &a->endpoint->tls,
		.host = a->endpoint->host,
		.path = a->endpoint->path,
		.realm = a->realm,
		.service = a->service,
	};

	buf_init(&scope, LIMIT_URL_BYTES);
	if (token_scope(a->scope, a->endpoint->path, a->writes, &scope, err) != ERR_OK)
		return err_add(err, "%s: scopes of a token", a->endpoint->host);
	want.scope = buf_text(&scope);
	a->wait = (struct token_wait){ .done = on_token, .elsewhere = a->elsewhere };
	return tokens_get(a->tokens, &want, a->token, &a->wait, err);
}

/* The credentials themselves as authorization; NULL where there are none. */
static enum err_code show_password(struct access *a, struct err *err)
{
	CLEANUP(credentials_release) struct credentials c = { 0 };
	char *basic = NULL;
	enum err_code code = wallet_find(tokens_wallet(a->tokens), a->endpoint->host, a->endpoint->path, &c, err);

	if (code == ERR_OK && credentials_given(&c))
		code = credentials_basic(&c, &basic, err);
	a->token = 0;
	return code == ERR_OK ? resume(a, basic, err) : code;
}

static enum err_code renew(struct access *a, struct err *err);

static enum err_code on_ping(struct http_call *call, struct err *failure, struct err *err)
{
	struct access *a = OUTER_OF(call, struct access, ping);
	struct challenge c = { 0 };
	struct err why = { 0 };

	if (failure == NULL && !call->redirected)
		read_challenge(call, &c);
	buf_release(&call->headers);
	if (c.scheme != CHALLENGE_NONE && keep_challenge(a, &c, err) != ERR_OK)
		return ERR_NOMEM;
	if (c.scheme != CHALLENGE_NONE)
		return renew(a, err);
	if (failure == NULL)
		err_set(&why, ERR_DENIED, "%s: refuses access, and does not say which credentials it wants",
			a->endpoint->host);
	return give_up(a, failure != NULL ? failure : &why, err);
}

static enum err_code on_ping_again(struct http_call *call, struct err *err)
{
	(void)call;
	(void)err;
	return ERR_OK; /* nothing of it was kept */
}

static bool is_ping_moot(struct http_call *call)
{
	return access_is_moot(OUTER_OF(call, struct access, ping));
}

/* Some registries send a bare 401 and say only at /v2/ what they want. */
static enum err_code ping(struct access *a, struct err *err)
{
	free(take_ptr(&a->ping_url));
	if (str_format(&a->ping_url, err, "%s/", a->endpoint->root) != ERR_OK)
		return ERR_NOMEM;
	a->ping = (struct http_call){
		.url = a->ping_url,
		.more_headers = a->endpoint->headers.data,
		.tls = &a->endpoint->tls,
		.connect_ms = a->endpoint->connect_timeout_ms,
		.on_again = on_ping_again,
		.is_moot = is_ping_moot,
		.on_done = on_ping,
		.retry = { .elsewhere = a->elsewhere },
	};
	return http_start(a->http, &a->ping, err);
}

static enum err_code ask_in_its_way(struct access *a, struct err *err)
{
	if (a->scheme == CHALLENGE_NONE)
		return ping(a, err);
	return a->scheme == CHALLENGE_BEARER ? ask_token(a, err) : show_password(a, err);
}

static enum err_code renew(struct access *a, struct err *err)
{
	struct err why = { 0 };

	if (ask_in_its_way(a, &why) == ERR_OK)
		return ERR_OK;
	return give_up(a, &why, err);
}

static enum err_code start_renewal(struct access *a, struct err *err)
{
	a->renewing = true;
	return renew(a, err);
}
