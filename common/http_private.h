/* http_private.h - what the files of http.h share: the engine, and one transfer of it. */
#ifndef COMMON_HTTP_PRIVATE_H
#define COMMON_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "common/http.h"

/* What is asked of one host, as the URLs name it. */
struct http_host {
	char *name; /* owned: "https://registry.example:5000" */
	unsigned active;
	unsigned ending;           /* so many of them take no place any more */
	struct http_call *waiting; /* the newest first */
	struct http_call *later;   /* those that are tried again, the soonest first */
	struct retry_host retry;
	struct http_host *next;
};

struct http {
	CURLM *multi;
	char *user_agent, *unix_socket;
	char *no_proxy;              /* owned: hosts that are asked without one */
	struct buf system_ca;        /* what the system trusts; read when it is first needed */
	struct http_options options; /* without the texts */
	unsigned active, ending;     /* at all hosts */
	struct http_host *hosts;
	struct http_call *running;
	struct http_call *moot;                                 /* those that are about to end */
	enum err_code (*on_ending)(void *ctx, struct err *err); /* may be NULL */
	void *ending_ctx;
	bool has_given;  /* a call, its place, since on_ending was told */
	bool has_failed; /* a call, since those that wait were last looked through */
};

/* What a call has only while a try of it is under way: tens of thousands may wait. */
struct http_trial {
	struct err failure; /* what a callback said */
	char reason[CURL_ERROR_SIZE];
};

/* Take a call out of its list; put one in front of another. */
void http_queue_unlink(struct http_call *call);
void http_queue_push(struct http_call **list, struct http_call *call);
/* The host that a URL names; it stays until the engine ends. */
enum err_code http_queue_host(struct http *h, const char *url, struct http_host **ret_host, struct err *err);
/* True where another call to this host may begin. */
bool http_queue_has_room(const struct http *h, const struct http_host *host);
/* A call is to be tried again, and not before. */
void http_queue_later(struct http_call *call, uint64_t until_ms);
/* Those whose time has come wait like others, in front of them: what was begun is to be brought to its end. */
void http_queue_ripen(struct http_host *host, uint64_t now);
/* Nobody should be asked for this any more; then it is set apart, to be ended. */
bool http_queue_is_moot(struct http_call *call);
void http_queue_set_apart(struct http *h, struct http_call *call);
/* Set apart what has become moot: some wait long for a host that a failure has just made nobody want to ask. */
void http_queue_sift(struct http *h);
/* How long nothing can begin, unless something ends. */
int http_queue_rest_ms(const struct http *h, uint64_t now, unsigned most_ms);
/* True where nothing is under way, and nothing waits. */
bool http_queue_is_idle(const struct http *h);

/* Set who is trusted, and who asks. */
enum err_code http_tls_set(struct http *h, const struct http_call *call, struct err *err);
/* True where the two sides do not agree on certificates: that will be so the next time too. */
bool http_tls_refused(const struct http_call *call, CURLcode result);
/* What can be done about a connection that failed for its certificates, "" where they were not the reason. */
const char *http_tls_advice(const struct http_call *call, CURLcode result);

/* Note what is asked without a proxy. */
enum err_code http_proxy_set(struct http *h, struct err *err);
/* A proxy would not let us through. */
bool http_proxy_refused(const struct http_call *call);
/* What the environment names as a proxy is none. */
bool http_proxy_is_none(const struct http_call *call);
/* That it is a proxy which cannot be reached, "" where it is not. */
const char *http_proxy_advice(const struct http_call *call, CURLcode result);

/* Make the easy handle of a call that begins. */
enum err_code http_transfer_open(struct http *h, struct http_call *call, struct err *err);
void http_transfer_close(struct http_call *call);
/* Every connection has been looked at: a call whose turn was over may go on. */
void http_transfer_turn(struct http_call *call);
/* So much of an answer has come: where the rest is as good as here, the call gives its place away. */
void http_ending_look(struct http_call *call, curl_off_t to_come, curl_off_t came);
/* So much of a body has gone: where that is all of it, the call gives its place away. */
void http_ending_sent(struct http_call *call, curl_off_t to_go, curl_off_t went);
/* True where the answer is a redirect that has to be followed: the transfer has been set to where it leads. */
bool http_transfer_moves(struct http_call *call);
/* A transfer came to its end: the head of an answer without a body is told now.  Returns how it ended after that. */
CURLcode http_transfer_end(struct http_call *call, CURLcode result);
/* What the end of a try means for another. */
void http_transfer_verdict(const struct http_call *call, CURLcode result, struct retry_end *ret_end);
/* Why a call is not tried, or not again. */
enum err_code http_transfer_moot(const struct http_call *call, struct err *err);
/* Why a transfer broke, for a person. */
enum err_code http_transfer_failure(const struct http_call *call, CURLcode result, struct err *err);
#endif
