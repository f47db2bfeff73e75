/* http_server.h - an HTTP server on loopback that gives canned answers, on a thread of its own.
 *
 * Lifecycle  http_server_start with a table of routes; ask it; http_server_stop.
 * Bounds     One connection after the other, one request each; requests of at most HTTP_REQUEST_MAX bytes.
 * Ownership  The routes are borrowed until http_server_stop.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_HTTP_SERVER_H
#define TESTS_LIB_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_REQUEST_MAX 65536
#define HTTP_PATIENCE 20 /* seconds: whatever else the machine does, nothing stands still on loopback for so long */

enum http_fault {
	FAULT_NONE,
	FAULT_CUT,    /* the body ends halfway */
	FAULT_OPEN,   /* the whole body, but one more byte was promised */
	FAULT_CLOSED, /* no answer at all */
	FAULT_SILENT, /* no answer, and the connection stays open */
	FAULT_DRIP,   /* a byte of the body now and then, for as long as anybody listens */
	FAULT_BUSY,   /* 429 */
	FAULT_ILL,    /* 500 */
	FAULT_MIXED,  /* cut, closed, busy and ill in turn; for http_server_fail */
};

/* One answer.  In headers and body @@ stands for the server's own host:port, @2 for its other one, @0 for @. */
struct http_route {
	const char *target;        /* path and query, as they are asked for; "*" for any */
	int status;                /* 0 means 200 */
	const char *headers;       /* lines that end in \r\n; NULL for none */
	const char *body;          /* NULL for none */
	size_t body_len;           /* where the body is no text */
	bool ranges;               /* a Range is obeyed: bytes=N-, bytes=N-M */
	const char *authorization; /* any other is answered with 401 and the route's headers, which are a challenge */
	enum http_fault fault;
	unsigned times; /* how often; then the next route of this target has its turn; 0 for ever */
};

struct http_server;

struct http_server *http_server_start(const struct http_route *routes, size_t len);
/* How many seconds an engine should wait that asks for these: HTTP_PATIENCE, or 1 where one of them never answers, or
 * hardly. */
unsigned http_server_patience(const struct http_route *routes, size_t len);
/* "127.0.0.1:PORT"; and the same server under another name, "localhost:PORT". */
const char *http_server_host(const struct http_server *s);
const char *http_server_other_host(const struct http_server *s);
/* From now on this happens to a third of the requests.  Which they are follows from the seed, what is asked, and how
 * often it was asked before; not from the order of other requests. */
void http_server_fail(struct http_server *s, enum http_fault fault, unsigned seed);
/* The bytes of all bodies that were sent. */
size_t http_server_sent(struct http_server *s);
/* How often something was asked whose head begins with this: "GET /v2/ ". */
unsigned http_server_asked(struct http_server *s, const char *start);
/* The head and body of the last request to a target, "" if there was none. */
const char *http_server_last(struct http_server *s, const char *target);
void http_server_stop(struct http_server *s);
#endif
