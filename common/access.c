#include "common/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/challenge.h"
#include "common/credentials.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

struct access {
	struct http *http;
	char *base, *host, *repository;
	struct credentials credentials;
	bool credentials_known;
	char *authorization; /* sent with every request; NULL while none is asked for */
	unsigned token;      /* counts authorizations, so that a late 401 does not renew a fresh one */
	bool renewing;
	struct challenge challenge;
	struct http_call call;          /* the ping or the token request */
	char *url, *call_authorization; /* of that call: the credentials go to the token service only */
	struct buf answer;
	struct request *requests, *waiting;
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

static void request_free(struct request *r)
{
	if (r->link != NULL)
		request_unlink(r);
	buf_release(&r->call.headers);
	free(take_ptr(&r->url));
	r->release(r);
}

static void wipe(char **secret)
{
	if (*secret != NULL)
		explicit_bzero(*secret, strlen(*secret));
	free(take_ptr(secret));
}

/* The answer of a token service is a secret. */
static void forget_answer(struct access *a)
{
	if (a->answer.data != NULL)
		explicit_bzero(a->answer.data, a->answer.cap);
	buf_clear(&a->answer);
}

void access_free(struct access *a)
{
	if (a == NULL)
		return;
	while (a->requests != NULL)
		request_free(a->requests);
	while (a->waiting != NULL)
		request_free(a->waiting);
	wipe(&a->authorization);
	wipe(&a->call_authorization);
	credentials_release(&a->credentials);
	forget_answer(a);
	buf_release(&a->answer);
	buf_release(&a->call.headers);
	free(a->url);
	free(a->base);
	free(a->host);
	free(a->repository);
	free(a);
}

enum err_code access_new(struct http *http, const char *base, const char *host, const char *repository,
			 struct access **ret_access, struct err *err)
{
	struct access *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(err);
	a->http = http;
	buf_init(&a->answer, LIMIT_ANSWER_BYTES);
	if (str_copy(base, &a->base, err) != ERR_OK || str_copy(host, &a->host, err) != ERR_OK ||
	    str_copy(repository, &a->repository, err) != ERR_OK) {
		access_free(a);
		return ERR_NOMEM;
	}
	*ret_access = a;
	return ERR_OK;
}

const char *access_host(const struct access *a)
{
	return a->host;
}

static enum err_code renew(struct access *a, struct err *err);

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
	r->token = a->token;
	r->mending = false;
	r->call.authorization = a->authorization;
	request_push(&a->requests, r);
	return http_start(a->http, &r->call, err);
}

static enum err_code on_request_head(struct http_call *call, struct err *err)
{
	struct request *r = OUTER_OF(call, struct request, call);

	/* only the registry itself may ask for credentials, not a host that it redirects to */
	r->mending = call->status == 401 && r->mends < 2 && !call->redirected;
	if (call->status != 401)
		r->mends = 0; /* a token may run out any number of times while a blob is fetched */
	return r->mending || r->on_head == NULL ? ERR_OK : r->on_head(r, err);
}

static enum err_code on_request_body(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	struct request *r = OUTER_OF(call, struct request, call);

	return r->mending || r->on_body == NULL ? ERR_OK : r->on_body(r, bytes, len, err);
}

/* A 401: with a newer token at hand the request goes again at once, else it waits for one. */
static enum err_code mend(struct access *a, struct request *r, struct err *err)
{
	struct challenge c;

	r->mends++;
	request_unlink(r);
	if (r->token != a->token)
		return send(a, r, err);
	read_challenge(&r->call, &c);
	request_push(&a->waiting, r);
	if (a->renewing)
		return ERR_OK;
	a->challenge = c;
	a->renewing = true;
	return renew(a, err);
}

static enum err_code on_request_again(struct http_call *call, struct err *err)
{
	struct request *r = OUTER_OF(call, struct request, call);

	return r->on_again != NULL ? r->on_again(r, err) : ERR_OK;
}

/* What changes nothing can be asked twice, if nobody mistakes two answers for one. */
static bool is_repeatable(const struct request *r)
{
	bool reads = r->method == NULL || strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;

	return reads && (r->on_again != NULL || r->on_body == NULL);
}

static enum err_code on_request_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct request *r = OUTER_OF(call, struct request, call);
	enum err_code code;

	if (r->mending && failure == NULL)
		return mend(r->access, r, err);
	code = r->on_done(r, failure, err);
	request_free(r);
	return code;
}

enum err_code access_start(struct access *a, struct request *r, struct err *err)
{
	r->access = a;
	r->call = (struct http_call){
		.method = r->method,
		.url = r->url,
		.accept = r->accept,
		.range = r->range,
		.alone = r->alone,
		.on_head = on_request_head,
		.on_body = on_request_body,
		.on_again = is_repeatable(r) ? on_request_again : NULL,
		.on_done = on_request_done,
	};
	if (!a->renewing)
		return send(a, r, err);
	request_push(&a->waiting, r);
	return ERR_OK;
}

/* From now on this authorization counts, for requests too that have not begun: they had borrowed the old one. */
static void replace_authorization(struct access *a, char *authorization)
{
	struct request *r;

	wipe(&a->authorization);
	a->authorization = authorization;
	a->token++;
	for (r = a->requests; r != NULL; r = r->next) {
		if (http_begun(&r->call))
			continue;
		r->call.authorization = authorization;
		r->token = a->token;
	}
}

/* The new authorization is here, or there is none to be had: everything that waited goes again. */
static enum err_code resume(struct access *a, char *authorization, struct err *err)
{
	enum err_code code = ERR_OK;

	wipe(&a->call_authorization);
	replace_authorization(a, authorization);
	a->renewing = false;
	while (code == ERR_OK && a->waiting != NULL) {
		struct request *r = a->waiting;

		request_unlink(r);
		code = send(a, r, err);
	}
	return code;
}

static enum err_code on_answer(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	struct access *a = OUTER_OF(call, struct access, call);

	if (buf_add(&a->answer, bytes, len, err) != ERR_OK)
		return err_add(err, "%s: answer of the token service", a->host);
	return ERR_OK;
}

static enum err_code on_answer_again(struct http_call *call, struct err *err)
{
	(void)err;
	forget_answer(OUTER_OF(call, struct access, call));
	return ERR_OK;
}

static enum err_code token_from(struct access *a, char **ret_authorization, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = js_read(buf_text(&a->answer), a->answer.len, "answer of the token service", &json, err);
	const char *token;

	if (code != ERR_OK)
		return err_add(err, "%s", a->host);
	token = js_string(json, "token");
	if (token == NULL)
		token = js_string(json, "access_token");
	if (token == NULL || *token == '\0' || token[strcspn(token, "\r\n")] != '\0')
		return err_set(err, ERR_FORMAT, "%s: the token service answered without a token", a->host);
	return str_format(ret_authorization, err, "Bearer %s", token);
}

static enum err_code on_token(struct http_call *call, struct err *failure, struct err *err)
{
	struct access *a = OUTER_OF(call, struct access, call);
	char *authorization = NULL;
	enum err_code code;
	char tried[HTTP_TRIED_MAX];
	int status = call->status;

	buf_release(&call->headers);
	if (failure != NULL) {
		*err = *failure;
		return err_add(err, "%s: asking for a token", a->host);
	}
	if (status == 401 || status == 403)
		return err_set(err, ERR_DENIED, "%s: the token service refused %s (status %d): run docker login %s",
			       a->host, a->credentials.user != NULL ? "these credentials" : "anonymous access", status,
			       a->host);
	if (status != 200)
		return err_set(err, status >= 500 || status == 429 ? ERR_NETWORK : ERR_REFUSED,
			       "%s: the token service answered with status %d%s", a->host, status,
			       http_tried(call, tried));
	code = token_from(a, &authorization, err);
	forget_answer(a);
	return code == ERR_OK ? resume(a, authorization, err) : code;
}

static enum err_code
start_call(struct access *a, enum err_code (*on_done)(struct http_call *, struct err *, struct err *), struct err *err)
{
	a->call = (struct http_call){
		.url = a->url, .on_body = on_answer, .on_again = on_answer_again, .on_done = on_done
	};
	a->call.authorization = a->call_authorization;
	buf_clear(&a->answer);
	return http_start(a->http, &a->call, err);
}

/* realm?service=…&scope=… */
static enum err_code token_url(struct access *a, struct err *err)
{
	const struct challenge *c = &a->challenge;
	CLEANUP(buf_release) struct buf url;
	enum err_code code;

	buf_init(&url, LIMIT_URL_BYTES);
	code = buf_printf(&url, err, "%s%cservice=", c->realm, strchr(c->realm, '?') != NULL ? '&' : '?');
	if (code == ERR_OK)
		code = http_escape(c->service, &url, err);
	if (code == ERR_OK)
		code = buf_puts(&url, "&scope=", err);
	if (code == ERR_OK && c->scope[0] != '\0')
		code = http_escape(c->scope, &url, err);
	else if (code == ERR_OK)
		code = buf_printf(&url, err, "repository:%s:pull", a->repository);
	if (code != ERR_OK)
		return err_add(err, "%s: URL of the token service", a->host);
	free(a->url);
	a->url = take_ptr(&url.data);
	return ERR_OK;
}

static enum err_code load_credentials(struct access *a, struct err *err)
{
	enum err_code code = a->credentials_known ? ERR_OK : credentials_find(a->host, &a->credentials, err);

	a->credentials_known = code == ERR_OK;
	return code;
}

/* The credentials themselves as authorization; NULL where there are none. */
static enum err_code basic_header(struct access *a, char **ret_header, struct err *err)
{
	enum err_code code = load_credentials(a, err);

	if (code == ERR_OK && a->credentials.user != NULL)
		code = credentials_basic(&a->credentials, ret_header, err);
	return code;
}

static enum err_code ask_token(struct access *a, struct err *err)
{
	enum err_code code = ERR_OK;

	if (text_starts(a->base, "https:") && strncasecmp(a->challenge.realm, "https:", 6) != 0)
		return err_set(err, ERR_DENIED, "%s: sends its users to a token service without TLS (%.200s): refused",
			       a->host, a->challenge.realm);
	code = token_url(a, err);
	wipe(&a->call_authorization);
	if (code == ERR_OK)
		code = basic_header(a, &a->call_authorization, err);
	return code == ERR_OK ? start_call(a, on_token, err) : code;
}

static enum err_code on_ping(struct http_call *call, struct err *failure, struct err *err)
{
	struct access *a = OUTER_OF(call, struct access, call);

	if (failure == NULL && !call->redirected)
		read_challenge(call, &a->challenge);
	buf_release(&call->headers);
	if (failure != NULL) {
		*err = *failure;
		return err->code;
	}
	if (a->challenge.scheme == CHALLENGE_NONE)
		return err_set(err, ERR_DENIED, "%s: refuses access, and does not say which credentials it wants",
			       a->host);
	return renew(a, err);
}

/* Some registries send a bare 401 and say only at /v2/ what they want. */
static enum err_code ping(struct access *a, struct err *err)
{
	free(take_ptr(&a->url));
	if (str_format(&a->url, err, "%s/v2/", a->base) != ERR_OK)
		return ERR_NOMEM;
	wipe(&a->call_authorization);
	return start_call(a, on_ping, err);
}

static enum err_code renew(struct access *a, struct err *err)
{
	char *basic = NULL;
	enum err_code code;

	if (a->challenge.scheme == CHALLENGE_NONE)
		return ping(a, err);
	if (a->challenge.scheme == CHALLENGE_BEARER)
		return ask_token(a, err);
	code = basic_header(a, &basic, err);
	return code == ERR_OK ? resume(a, basic, err) : code;
}
