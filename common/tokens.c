#include "common/tokens.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/token.h"

#define EARLY_MAX_MS 15000 /* a token is renewed so long before it runs out, or in the last tenth of its time */

/* A token and the asking for it. */
struct entry {
	struct token token;
	struct tokens *tokens;
	char *host, *path, *realm, *service, *scope; /* owned */
	const struct tls *tls;                       /* of who waits */
	struct credentials credentials;
	bool credentials_known;
	enum token_way way;
	struct http_call call;
	struct buf answer;
	char *url, *basic; /* owned, of the call */
	struct buf form;   /* likewise */
	uint64_t asked_ms;
	struct token_wait *waiting; /* NULL while nobody asks */
	struct entry *next;
};

struct tokens {
	struct http *http;
	struct wallet *wallet;
	struct entry *entries;
	unsigned serial;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum err_code tokens_new(struct http *http, struct wallet *wallet, struct tokens **ret_tokens, struct err *err)
{
	struct tokens *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return err_nomem(err);
	t->http = http;
	t->wallet = wallet;
	*ret_tokens = t;
	return ERR_OK;
}

/* What a call took with it. */
static void entry_forget_call(struct entry *e)
{
	secret_free(&e->basic);
	buf_wipe(&e->form);
	buf_wipe(&e->answer);
	buf_release(&e->call.headers);
}

static void entry_free(struct entry *e)
{
	entry_forget_call(e);
	secret_free(&e->token.authorization);
	credentials_release(&e->credentials);
	free(e->host);
	free(e->path);
	free(e->realm);
	free(e->service);
	free(e->scope);
	free(e->url);
	free(e);
}

void tokens_free(struct tokens *t)
{
	if (t == NULL)
		return;
	while (t->entries != NULL) {
		struct entry *e = t->entries;

		t->entries = e->next;
		entry_free(e);
	}
	free(t);
}

struct wallet *tokens_wallet(const struct tokens *t)
{
	return t->wallet;
}

bool token_is_stale(uint64_t renew_ms)
{
	return now_ms() >= renew_ms;
}

static struct entry *find_entry(const struct tokens *t, const struct token_want *w)
{
	struct entry *e;

	for (e = t->entries; e != NULL; e = e->next) {
		if (strcmp(e->scope, w->scope) == 0 && strcmp(e->host, w->host) == 0 && strcmp(e->path, w->path) == 0 &&
		    strcmp(e->realm, w->realm) == 0 && strcmp(e->service, w->service) == 0)
			break;
	}
	return e;
}

static enum err_code new_entry(struct tokens *t, const struct token_want *w, struct entry **ret_entry, struct err *err)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return err_nomem(err);
	e->tokens = t;
	buf_init(&e->answer, LIMIT_SECRET_BYTES);
	buf_init(&e->form, 8 * LIMIT_SECRET_BYTES);
	if (str_copy(w->host, &e->host, err) != ERR_OK || str_copy(w->path, &e->path, err) != ERR_OK ||
	    str_copy(w->realm, &e->realm, err) != ERR_OK || str_copy(w->service, &e->service, err) != ERR_OK ||
	    str_copy(w->scope, &e->scope, err) != ERR_OK) {
		entry_free(e);
		return ERR_NOMEM;
	}
	e->next = t->entries;
	t->entries = e;
	*ret_entry = e;
	return ERR_OK;
}

static bool all_elsewhere(const struct entry *e)
{
	const struct token_wait *w = e->waiting;

	while (w != NULL && w->elsewhere)
		w = w->next;
	return w == NULL;
}

void tokens_heed(struct tokens *t)
{
	struct entry *e;

	for (e = t->entries; e != NULL; e = e->next)
		e->call.retry.elsewhere = all_elsewhere(e);
}

/* Everybody who waits hears of it, until one cannot go on. */
static enum err_code tell_all(struct entry *e, struct err *failure, struct err *err)
{
	struct token_wait *waiting = take_ptr(&e->waiting);
	enum err_code code = ERR_OK;

	while (code == ERR_OK && waiting != NULL) {
		struct token_wait *w = waiting;

		waiting = w->next;
		code = w->done(w, failure == NULL ? &e->token : NULL, failure, err);
	}
	return code;
}

static enum err_code on_answer(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	struct entry *e = OUTER_OF(call, struct entry, call);

	if (buf_add(&e->answer, bytes, len, err) != ERR_OK)
		return err_add(err, "%s: answer of the token service", e->host);
	return ERR_OK;
}

/* It failed in a way that another try may mend. */
static enum err_code on_again(struct http_call *call, struct err *err)
{
	(void)err;
	buf_wipe(&OUTER_OF(call, struct entry, call)->answer);
	return ERR_OK;
}

static enum err_code refused(const struct entry *e, int status, struct err *err)
{
	bool given = credentials_given(&e->credentials);
	char tried[HTTP_TRIED_MAX];

	if ((status == 401 || status == 403 || status == 400) && wallet_has_login(e->tokens->wallet, e->host))
		return err_set(err, ERR_DENIED,
			       "%s: the token service refused the credentials of --username (status %d)", e->host,
			       status);
	if (status == 401 || status == 403 || (status == 400 && given))
		return err_set(err, ERR_DENIED,
			       "%s: the token service refused %s%.400s (status %d): run docker login %s", e->host,
			       given ? "the credentials of " : "anonymous access", given ? e->credentials.origin : "",
			       status, e->host);
	return err_set(err, status >= 500 || status == 429 ? ERR_NETWORK : ERR_REFUSED,
		       "%s: the token service answered with status %d%s", e->host, status, http_tried(&e->call, tried));
}

/* What the engine says of a broken call names its URL, which has the user in it. */
static enum err_code describe_failure(const struct entry *e, const struct err *failure, struct err *err)
{
	const char *at = strstr(failure->msg, e->url);

	if (at == NULL && failure->code == ERR_LIMIT)
		return err_set(err, ERR_LIMIT, "%s: the token service at %.200s answers with more than %llu bytes",
			       e->host, e->realm, (unsigned long long)LIMIT_SECRET_BYTES);
	if (at == NULL)
		return err_set(err, failure->code, "%s: asking for a token at %.200s failed", e->host, e->realm);
	return err_set(err, failure->code, "%s: asking for a token: %.*s%.200s%s", e->host, (int)(at - failure->msg),
		       failure->msg, e->realm, at + strlen(e->url));
}

static enum err_code take_answer(struct entry *e, struct err *err)
{
	char text[LIMIT_TEXT_BYTES];
	const char *date = http_header(&e->call, "Date", 0, text, sizeof(text));
	struct token_answer answer = { 0 };
	char *authorization = NULL;
	uint64_t lifetime_ms, early_ms;
	enum err_code code = token_read(buf_text(&e->answer), e->answer.len, date, &answer, err);

	if (code == ERR_OK)
		code = str_format(&authorization, err, "Bearer %s", answer.token);
	secret_free(&answer.token);
	if (code != ERR_OK)
		return err_add(err, "%s", e->host);
	secret_free(&e->token.authorization);
	e->token.authorization = authorization;
	e->token.serial = ++e->tokens->serial;
	lifetime_ms = (uint64_t)answer.lifetime_seconds * 1000;
	early_ms = lifetime_ms / 10 < EARLY_MAX_MS ? lifetime_ms / 10 : EARLY_MAX_MS;
	e->token.renew_ms = e->asked_ms + lifetime_ms - early_ms;
	return ERR_OK;
}

static enum err_code ask(struct entry *e, struct err *err);

static enum err_code on_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct entry *e = OUTER_OF(call, struct entry, call);
	struct err why = { 0 };

	if (failure == NULL && call->status != 200 && token_other_way(e->way, call->status, &e->credentials, &e->way)) {
		entry_forget_call(e);
		if (ask(e, &why) == ERR_OK)
			return ERR_OK;
	} else if (failure != NULL) {
		describe_failure(e, failure, &why);
	} else if (call->status != 200) {
		refused(e, call->status, &why);
	} else {
		take_answer(e, &why);
	}
	entry_forget_call(e);
	return tell_all(e, why.code != ERR_OK ? &why : NULL, err);
}

static enum err_code set_url(struct entry *e, const struct token_ask *how, struct err *err)
{
	CLEANUP(buf_release) struct buf url;
	enum err_code code;

	buf_init(&url, LIMIT_URL_BYTES);
	code = e->way == TOKEN_GET ? token_url(how, &url, err) : buf_puts(&url, e->realm, err);
	if (code != ERR_OK)
		return err_add(err, "%s: URL of the token service", e->host);
	free(e->url);
	e->url = take_ptr(&url.data);
	return ERR_OK;
}

/* In the present way; the password goes to the token service only. */
static enum err_code ask(struct entry *e, struct err *err)
{
	struct token_ask how = {
		.realm = e->realm,
		.service = e->service,
		.scope = e->scope,
		.credentials = &e->credentials,
	};
	enum err_code code = set_url(e, &how, err);

	if (code == ERR_OK && e->way != TOKEN_GET)
		code = token_form(&how, e->way, &e->form, err);
	else if (code == ERR_OK && credentials_given(&e->credentials))
		code = credentials_basic(&e->credentials, &e->basic, err);
	if (code != ERR_OK)
		return code;
	e->call = (struct http_call){
		.url = e->url,
		.tls = e->tls,
		.on_body = on_answer,
		.on_again = on_again,
		.on_done = on_done,
		.retry = { .elsewhere = all_elsewhere(e) },
	};
	if (e->way == TOKEN_GET) {
		e->call.authorization = e->basic;
	} else {
		e->call.method = "POST";
		e->call.content_type = "application/x-www-form-urlencoded";
		e->call.body = e->form.data;
		e->call.body_len = e->form.len;
	}
	e->asked_ms = now_ms();
	return http_start(e->tokens->http, &e->call, err);
}

/* Credentials are looked for once. */
static enum err_code begin(struct entry *e, struct err *err)
{
	enum err_code code = ERR_OK;

	if (!e->credentials_known)
		code = wallet_find(e->tokens->wallet, e->host, e->path, &e->credentials, err);
	e->credentials_known = code == ERR_OK;
	e->way = token_first_way(&e->credentials);
	return code == ERR_OK ? ask(e, err) : code;
}

enum err_code tokens_get(struct tokens *t, const struct token_want *want, unsigned not_serial, struct token_wait *wait,
			 struct err *err)
{
	struct entry *e = find_entry(t, want);
	enum err_code code = token_check_realm(want->base, want->host, want->realm, err);
	bool asks;

	if (code == ERR_OK && e == NULL)
		code = new_entry(t, want, &e, err);
	if (code != ERR_OK)
		return code;
	if (e->token.serial != 0 && e->token.serial != not_serial && !token_is_stale(e->token.renew_ms))
		return wait->done(wait, &e->token, NULL, err);
	asks = e->waiting != NULL;
	if (!asks)
		e->tls = want->tls;
	wait->next = e->waiting;
	e->waiting = wait;
	e->call.retry.elsewhere = all_elsewhere(e);
	code = asks ? ERR_OK : begin(e, err);
	if (code != ERR_OK)
		e->waiting = NULL;
	return code;
}
