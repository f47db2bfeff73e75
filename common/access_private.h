/* access_private.h - what the files of access.h share: who is let in, and what is shown for it.
 *
 * Lifecycle, errors  Those of access.h.
 */
#ifndef COMMON_ACCESS_PRIVATE_H
#define COMMON_ACCESS_PRIVATE_H

#include "common/access.h"
#include "common/challenge.h"

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

/* The new authorization is here, or NULL, there is none to be had: everything that waited goes again.  Takes over the
 * text. */
enum err_code access_resume(struct access *a, char *authorization, struct err *err);
/* No credentials can be had: that is the end of what waited for them. */
enum err_code access_give_up(struct access *a, struct err *failure, struct err *err);
/* Find what is to be shown from now on; access_resume or access_give_up follows. */
enum err_code access_renew(struct access *a, struct err *err);
/* The challenges of an answer: several headers, each with several of them. */
void access_read_challenge(const struct http_call *call, struct challenge *c);
/* What was asked for last. */
enum err_code access_keep_challenge(struct access *a, const struct challenge *c, struct err *err);
void access_recall_challenge(const struct access *a, struct challenge *c);
void access_forget_challenge(struct access *a);
bool access_is_moot(const struct access *a);
#endif
