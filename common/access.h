/* access.h - requests to one repository, with the credentials that it asks for: anonymous, Basic or Bearer.
 *
 * Lifecycle  access_new; access_start any number of requests; the HTTP engine
 *            runs; access_free, after http_free or when no request is left.
 * Ownership  The tokens and the endpoint are borrowed.  access_start takes over the request and its
 *            URL, and frees both after on_done; access_free frees those that
 *            never ended.
 * Tries      GET and HEAD are tried again, as http.h says, where there is no
 *            on_body, or an on_again that drops what it has collected.  So are
 *            the requests to a token service.  A 401 counts apart.
 *            Other methods are tried again where there is an on_again, which then makes ready for another try
 *            whatever has become of this one; it is called too before what was sent without the right credentials
 *            goes again.
 * Errors     on_done gets what http.h gives.  A 401 that credentials can mend
 *            is mended before the request's owner hears of it; one that they
 *            cannot is an answer like any other.  Where credentials cannot be
 *            had (those of tokens.h and wallet.h, and ERR_DENIED where the
 *            registry does not say what it wants), on_done gets that failure.
 *            Secrets stay out of messages.
 * Source     facts of the Docker Registry v2 token protocol; RFC 6750.
 */
#ifndef COMMON_ACCESS_H
#define COMMON_ACCESS_H

#include <stdbool.h>

#include "common/endpoint.h"
#include "common/http.h"
#include "common/tokens.h"

struct access;
struct authorization;

struct request {
	/* set by the asker */
	const char *method;                       /* NULL for GET */
	char *url;                                /* owned */
	const char *label;                        /* as in http.h; the asker's */
	const char *accept;                       /* static; may be NULL */
	const char *range;                        /* the asker's; may be NULL */
	const char *content_type, *content_range; /* likewise */
	struct instream *upload;                  /* body, of upload_bytes; the asker's */
	uint64_t upload_bytes;
	const void *body; /* the same from memory */
	size_t body_len;
	bool foreign;        /* the URL leads to another host than the registry's: it gets no credentials */
	struct retry tried;  /* what this goes on with has been tried so often */
	uint64_t kept_bytes; /* and so much of it need not come again */
	bool alone, brief, busy_elsewhere_is_last;                    /* as in http.h */
	bool elsewhere;                                               /* as in retry.h */
	enum err_code (*on_head)(struct request *r, struct err *err); /* may be NULL */
	enum err_code (*on_body)(struct request *r, const void *bytes, size_t len, struct err *err);
	enum err_code (*on_again)(struct request *r, struct err *err);
	enum err_code (*on_done)(struct request *r, struct err *failure, struct err *err);
	void (*release)(struct request *r); /* frees what embeds the request, not the request's own parts */

	/* the answer: call.status, http_header(&call, …) */
	struct http_call call;
	/* access.c's own */
	struct access *access;
	struct authorization *shown; /* what it was sent with; kept as long as it may be sent again */
	bool mending;                /* a 401 under way to be mended */
	unsigned mends;              /* in a row */
	struct request *next, **link;
};

/* Access to a repository at one of its endpoints. */
enum err_code access_new(struct http *http, struct tokens *tokens, const struct endpoint *endpoint,
			 struct access **ret_access, struct err *err);
/* From when on is_moot says so no request to this place begins or is tried again: each fails with ERR_NETWORK. */
void access_set_moot(struct access *a, bool (*is_moot)(const void *ctx), const void *ctx);
enum err_code access_start(struct access *a, struct request *r, struct err *err);
/* Whoever asks is going to change what is there: tokens are asked for that allow it. */
void access_set_writes(struct access *a);
/* True from when any status has come from there, be it a refusal. */
bool access_has_answered(const struct access *a);
/* What a refusal by it is to be told with (wallet.h).  Returns out. */
const char *access_advice(const struct access *a, char out[WALLET_ADVICE_MAX]);
void access_free(struct access *a);
#endif
