/* tokens.h - the bearer tokens of one run: each asked for once, shared by all who need it, renewed before it runs out.
 *
 * Lifecycle  tokens_new; tokens_get any number of times while the HTTP engine
 *            runs; http_free; tokens_free.
 * Ownership  The engine and the wallet are borrowed.  A token lives until
 *            tokens_free; its authorization may be another after any run of the
 *            engine, so whoever uses it keeps a copy.  A wait belongs to who
 *            waits and must live until its done, or until http_free.
 * Errors     A failure goes to the done of all who wait: ERR_DENIED (refused,
 *            or a realm where nobody should be asked), ERR_NETWORK, ERR_REFUSED,
 *            ERR_FORMAT, ERR_LIMIT, and those of wallet.h.
 *            No message holds a secret, or anything that the service said.
 * Source     See token.h.
 */
#ifndef COMMON_TOKENS_H
#define COMMON_TOKENS_H

#include "common/http.h"
#include "common/wallet.h"

struct tokens;

struct token {
	char *authorization; /* "Bearer …"; NULL while it was never had */
	unsigned serial;     /* grows with each renewal; 0 while it was never had */
	uint64_t renew_ms;   /* from when on it should be renewed, on the monotonic clock */
};

/* What a token is for. */
struct token_want {
	const char *base;                    /* of the registry, "https://host[:port]" */
	const char *host;                    /* under which its credentials are kept */
	const char *path;                    /* of the repository */
	const char *realm, *service, *scope; /* scope as token_scope gives it */
	const struct tls *tls;               /* whom the registry's users trust; must live until who waits is told */
};

struct token_wait {
	/* token is NULL on failure, failure else.  What it returns ends the run. */
	enum err_code (*done)(struct token_wait *w, const struct token *token, struct err *failure, struct err *err);
	bool elsewhere; /* as in retry.h: few tries are enough where that is so of all who wait */
	struct token_wait *next;
};

enum err_code tokens_new(struct http *http, struct wallet *wallet, struct tokens **ret_tokens, struct err *err);
/* A token that is not the one with this serial, and has not run out.  done may be called at once. */
enum err_code tokens_get(struct tokens *t, const struct token_want *want, unsigned not_serial, struct token_wait *wait,
			 struct err *err);
/* Some who wait have changed their elsewhere. */
void tokens_heed(struct tokens *t);
/* True where the time to renew a token has come. */
bool token_is_stale(uint64_t renew_ms);
/* Where the credentials are. */
struct wallet *tokens_wallet(const struct tokens *t);
void tokens_free(struct tokens *t);
#endif
