/* The part of access.h that finds what to show to a registry: a token, a password, or nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "common/access_private.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/token.h"

bool access_is_moot(const struct access *a)
{
	return a->is_moot != NULL && a->is_moot(a->moot_ctx);
}

/* Read the challenges of an answer: several headers, each with several challenges. */
void access_read_challenge(const struct http_call *call, struct challenge *c)
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

void access_recall_challenge(const struct access *a, struct challenge *c)
{
	*c = (struct challenge){ .scheme = a->scheme };
	if (a->scheme == CHALLENGE_NONE)
		return;
	snprintf(c->realm, sizeof(c->realm), "%s", a->realm);
	snprintf(c->service, sizeof(c->service), "%s", a->service);
	snprintf(c->scope, sizeof(c->scope), "%s", a->scope);
}

void access_forget_challenge(struct access *a)
{
	a->scheme = CHALLENGE_NONE;
	free(take_ptr(&a->realm));
	free(take_ptr(&a->service));
	free(take_ptr(&a->scope));
}

/* Each of tens of thousands of repositories keeps one. */
enum err_code access_keep_challenge(struct access *a, const struct challenge *c, struct err *err)
{
	access_forget_challenge(a);
	if (str_copy(c->realm, &a->realm, err) != ERR_OK || str_copy(c->service, &a->service, err) != ERR_OK ||
	    str_copy(c->scope, &a->scope, err) != ERR_OK)
		return ERR_NOMEM;
	a->scheme = c->scheme;
	return ERR_OK;
}

static enum err_code on_token(struct token_wait *w, const struct token *token, struct err *failure, struct err *err)
{
	struct access *a = OUTER_OF(w, struct access, wait);
	char *authorization = NULL;

	if (failure != NULL)
		return access_give_up(a, failure, err);
	if (str_copy(token->authorization, &authorization, err) != ERR_OK)
		return ERR_NOMEM;
	a->token = token->serial;
	a->renew_ms = token->renew_ms;
	return access_resume(a, authorization, err);
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
	return code == ERR_OK ? access_resume(a, basic, err) : code;
}

static enum err_code renew(struct access *a, struct err *err);

static enum err_code on_ping(struct http_call *call, struct err *failure, struct err *err)
{
	struct access *a = OUTER_OF(call, struct access, ping);
	struct challenge c = { 0 };
	struct err why = { 0 };

	if (failure == NULL && !call->redirected)
		access_read_challenge(call, &c);
	buf_release(&call->headers);
	if (c.scheme != CHALLENGE_NONE && access_keep_challenge(a, &c, err) != ERR_OK)
		return ERR_NOMEM;
	if (c.scheme != CHALLENGE_NONE)
		return renew(a, err);
	if (failure == NULL)
		err_set(&why, ERR_DENIED, "%s: refuses access, and does not say which credentials it wants",
			a->endpoint->host);
	return access_give_up(a, failure != NULL ? failure : &why, err);
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
	return access_give_up(a, &why, err);
}

enum err_code access_renew(struct access *a, struct err *err)
{
	a->renewing = true;
	return renew(a, err);
}
