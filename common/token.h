/* token.h - how a token service is asked, and what its answers mean: no request is made here.
 *
 * Bounds     A token, and the answer that holds it: LIMIT_SECRET_BYTES.
 * Ownership  Buffers and strings are the caller's, and hold secrets: buf_wipe, secret_free.
 * Errors     ERR_DENIED (a place where nobody should be asked), ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 * Source     Docker Registry v2 token authentication: "token" and "oauth";
 *            containerd and docker for what services do of it; RFC 6750.
 */
#ifndef COMMON_TOKEN_H
#define COMMON_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/credentials.h"

/* How a service is asked. */
enum token_way {
	TOKEN_GET,      /* with Basic where there are credentials */
	TOKEN_PASSWORD, /* POST with user and password in a form */
	TOKEN_IDENTITY, /* POST with the identity token in a form */
};

struct token_ask {
	const char *realm, *service, *scope; /* several scopes have spaces between them */
	const struct credentials *credentials;
};

struct token_answer {
	char *token;               /* owned: what stands behind "Bearer " */
	unsigned lifetime_seconds; /* from when it was asked for */
};

/* May the registry at base send its users to this realm?  host names the registry in messages. */
enum err_code token_check_realm(const char *base, const char *host, const char *realm, struct err *err);
/* The scopes to ask for: what the registry says is missing first, for some services read the first only; then to pull
 * from the repository, and where it writes to push to it, where that is not in it.  "" is no repository. */
enum err_code token_scope(const char *missing, const char *repository, bool writes, struct buf *out, struct err *err);
/* The way that fits the credentials. */
enum token_way token_first_way(const struct credentials *c);
/* Does this status say that the service should be asked in another way?  Each leads to one that leads nowhere. */
bool token_other_way(enum token_way way, int status, const struct credentials *c, enum token_way *ret_way);
/* realm?service=…&scope=… of a GET. */
enum err_code token_url(const struct token_ask *ask, struct buf *out, struct err *err);
/* The form of a POST to the realm. */
enum err_code token_form(const struct token_ask *ask, enum token_way way, struct buf *out, struct err *err);
/* The service's answer; date is its Date header, NULL where it has none. */
enum err_code token_read(const char *bytes, size_t len, const char *date, struct token_answer *ret_answer,
			 struct err *err);
#endif
