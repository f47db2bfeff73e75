/* http.h - HTTP requests, many at a time, on one thread.
 *
 * Lifecycle  http_new; http_start any number of calls; http_run until all are
 *            done; http_free.  A call's callbacks run inside http_run and may
 *            start more calls.  A call is the caller's and must live until its
 *            on_done, or until http_free.
 * Units      Times are milliseconds or, where they are named so, seconds; sizes bytes.
 * Bounds     At most max_active calls to one host (as the URL names it) are under way, the rest wait; the newest
 *            goes first, so that a walk goes deep before it goes wide and few
 *            wait at any time.  At all hosts together there are at most 64.
 *            A call that waits takes less than a kilobyte.
 *            An answer whose rest comes in the time in which another begins does not count any more: by then it is
 *            over, and no connection has stood still in between.  Nor does a call that is alone and whose body has
 *            gone whole: the other side has it now, and brings it to its disk.  There are at most half as many of
 *            those, beside the others.
 *            Headers: LIMIT_HEADER_BYTES, in LIMIT_HEADS heads; bodies: on_body, and
 *            LIMIT_ANSWER_BYTES where there is none, the call is brief, or the status is not 200,
 *            nor 206 for a range.
 * Turns      2 MiB of what comes to a call that is alone, and the others are looked at.
 * Tries      A call with on_again is tried again as retry.h says: where its connection breaks, or the answer says "not
 *            now".  What such an answer brought goes to on_head and on_body like any other, then on_again drops it.
 *            It may make another question of the call, of the same host: another URL, method and body.
 *            Waiting takes no place among those under way.
 * Moot       A call with is_moot ends as soon as that is true and it is not under way: before its first try or another.
 *            It is asked before each try, and of all that wait when a call has failed for good.
 * Ownership  Strings and bodies set in a call are borrowed until its on_done.
 * Errors     ERR_NETWORK (out of reach, broken, too slow, after all tries); ERR_USAGE (a proxy setting of the
 *            environment that is none: its text, which may hold a password, is not repeated); whatever a callback
 *            returns.  The first error ends http_run with it and drops every
 *            call.  An HTTP status is no error here.
 *            Authorization and other headers of the caller's go to the host of the URL only, never along a
 *            redirect to another one.  URLs in messages are those that were
 *            asked for, never where a redirect led: such places carry secrets.
 * Proxies    Those of the environment, as curl has it: http_proxy in small letters, HTTPS_PROXY, ALL_PROXY and
 *            NO_PROXY in either.  Loopback is never asked through one.
 * Source     RFC 9110, RFC 9112, RFC 9113; libcurl's multi interface.
 */
#ifndef COMMON_HTTP_H
#define COMMON_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/retry.h"
#include "common/stream.h"
#include "common/tls.h"

#define HTTP_CONNECT_SECONDS 30
#define HTTP_SLOW_BYTES 10000 /* a second */
#define HTTP_TRIED_MAX 32

struct http;
struct http_host;
struct http_trial;

struct http_options {
	unsigned max_active;      /* calls under way at once to one host; 0 means 1 */
	const char *user_agent;   /* borrowed for the call to http_new */
	const char *unix_socket;  /* every call goes there; NULL for TCP */
	bool http2;               /* without TLS, from the first byte on, and over a connection each: what gRPC wants */
	unsigned connect_seconds; /* a connection takes no longer; 0 for HTTP_CONNECT_SECONDS */
	unsigned stall_seconds;   /* a transfer that moves next to nothing for so long has failed; 0 for never */
	/* A try of a call that is not alone takes no longer, however steadily it moves; 0 for stall_seconds and as long
	 * as LIMIT_MANIFEST_BYTES take at HTTP_SLOW_BYTES a second, or for never where stall_seconds is 0. */
	unsigned answer_seconds;
	unsigned retry_ms; /* the first wait before another try; 0 for RETRY_BASE_MS */
	/* Asked at least once a second while calls are under way: what it fails with ends them all.  May be NULL. */
	enum err_code (*on_turn)(struct err *err);
	/* Calls to a host wait before they are tried again, as retry_tell says.  May be NULL. */
	void (*on_wait)(void *ctx, const char *host, const char *why, uint64_t wait_ms);
	void *ctx;
};

struct http_call {
	/* set by the caller; the rest zeroed */
	const char *method; /* "GET" where NULL */
	const char *url;
	const char *label;         /* what stands in messages for a URL that may hold a secret; NULL: the URL */
	const char *authorization; /* the header's value; NULL for none */
	const char *accept;        /* likewise */
	const char *range;         /* likewise */
	const char *content_range; /* likewise */
	const char *content_type;  /* of a body that is sent */
	const char *more_headers;  /* others, as lines that end in \n; NULL for none */
	const struct tls *tls; /* also for where redirects lead; NULL for what the system trusts, and nobody who asks */
	unsigned connect_ms;   /* a connection takes no longer; 0 for what the options say */
	unsigned answer_seconds; /* a try takes no longer; 0 for what the options say */
	struct instream *upload; /* body to send; NULL for none */
	bool upload_sized;       /* it has upload_bytes, which is said in front; else it goes in chunks */
	uint64_t upload_bytes;
	const void *body; /* body to send from memory; "" for an empty one */
	size_t body_len;
	bool alone; /* its connection carries nothing else meanwhile, and it may take its time: for much data */
	bool brief; /* whatever the status, its answer has no more than LIMIT_ANSWER_BYTES */
	bool busy_elsewhere_is_last; /* a 429 from where a redirect led is the answer, and not asked for again */
	uint64_t kept_bytes;         /* kept up to date: of what came, in all tries, so much need not come again */
	/* The answer's head is here: status and headers can be read.  May be NULL. */
	enum err_code (*on_head)(struct http_call *call, struct err *err);
	/* Part of the body.  NULL: the body is read and dropped. */
	enum err_code (*on_body)(struct http_call *call, const void *bytes, size_t len, struct err *err);
	/* It is going to be tried again: drop what has come; range may be set anew.  NULL: it is tried once. */
	enum err_code (*on_again)(struct http_call *call, struct err *err);
	/* Nobody should be asked for this any more: it fails with ERR_NETWORK.  NULL: never. */
	bool (*is_moot)(struct http_call *call);
	/* The call is over; nothing touches it any more.  failure is NULL for an answer of whatever status. */
	enum err_code (*on_done)(struct http_call *call, struct err *failure, struct err *err);

	/* the answer */
	int status;
	bool answered;   /* in any of its tries a status came, be it of a redirect; a proxy's own does not count */
	bool redirected; /* it came from where a redirect led: nothing in it speaks for the host that was asked */
	bool foreign;    /* what came does not begin as an answer in HTTP does */
	/* http.c's own, but for retry.elsewhere; retry is left as it is where a call is started again */
	struct http *http;
	struct http_host *host;
	struct retry retry;
	uint64_t not_before_ms;
	void *easy;
	void *sent_headers;
	struct http_trial *trial; /* owned */
	bool ending;              /* its body has gone, or its answer is as good as here: it takes no place any more */
	struct buf headers;
	bool head_told;
	unsigned heads; /* that came in this try: of redirects, and of answers that are not the last */
	unsigned moves; /* redirects that were followed here, because curl would take more_headers along */
	bool turn_over;
	size_t turn_bytes;              /* that came since other connections had their turn */
	struct http_call *next, **link; /* those that wait, are under way, are moot or to be tried again */
};

enum err_code http_new(const struct http_options *options, struct http **ret_http, struct err *err);
/* Let a call begin as soon as there is room. */
enum err_code http_start(struct http *h, struct http_call *call, struct err *err);
/* From now on fn is called when calls do not count any more, as a rule before their on_done: there is a place for
 * another call. */
void http_on_ending(struct http *h, enum err_code (*fn)(void *ctx, struct err *err), void *ctx);
/* So many calls are under way and do not count; of one host at most http_ending_max, 0 where max_active is 1. */
unsigned http_ending(const struct http *h);
unsigned http_ending_max(unsigned max_active);
/* True from when the call is on its way: its authorization and other headers are then no longer looked at. */
bool http_begun(const struct http_call *call);
/* Run until no call is left, or one fails. */
enum err_code http_run(struct http *h, struct err *err);
/* "; tried 8 times", "" where it was once: what an error says last.  Returns out. */
const char *http_tried(const struct http_call *call, char out[HTTP_TRIED_MAX]);
/* A header of the answer, NULL if there is none; nth counts headers of the same name from 0.  The text is copied into
 * out and cut to its size.  At the end of a call trailers are among them. */
const char *http_header(const struct http_call *call, const char *name, unsigned nth, char *out, size_t out_size);
/* The URL, made absolute against a base (RFC 3986), into out. */
enum err_code http_resolve_url(const char *base, const char *url, char *out, size_t out_size, struct err *err);
/* The host that an http or https URL leads to, in lower case, without brackets and port, an IPv4 address in its four
 * parts.  One with a user in it is refused. */
enum err_code http_url_host(const char *url, char *out, size_t out_size, struct err *err);
/* True where both lead to the same host: its name in whatever case, and its port.  The ports that http and https have
 * where a URL names none count as one: behind a proxy that ends TLS, a registry takes itself for one without. */
enum err_code http_url_same_host(const char *url, const char *other, bool *ret_same, struct err *err);
/* Percent-encode one query value into out. */
enum err_code http_escape(const char *text, struct buf *out, struct err *err);
void http_free(struct http *h);
#endif
