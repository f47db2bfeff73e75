/* serve_http.h - the HTTP server: listeners, limits, TLS, the access log and a stop that lets requests end.
 *
 * Lifecycle  serve_http_new; serve_http_listen for each address, so that all of them are
 *            open, and given away, before privileges are dropped; serve_http_start;
 *            serve_http_tend every second or so; serve_http_quiesce; serve_http_free.
 * Threads    As many for each address as there are processors, at least
 *            SERVE_THREADS_MIN; handlers are called by all of them at once.
 * Bounds     LIMIT_SERVE_CONNECTIONS an address, or what the number of open files allows;
 *            LIMIT_SERVE_IDLE_S without a byte, LIMIT_SERVE_REQUEST_S until a request
 *            has come whole, and far less where most connections of the address are taken,
 *            where LIMIT_SERVE_RATE must be read of a stored body;
 *            LIMIT_SERVE_HELD_BYTES of answers in memory;
 *            LIMIT_SERVED_DECODERS bodies that are decoded, while others wait for LIMIT_SERVE_TURN_S; those of
 *            serve.h.
 * Trust      What is sent whole for the first time is proved while it is sent, and the
 *            connection is cut before its last byte where it is not what it must be.
 * Errors     ERR_USAGE, ERR_FORMAT (a certificate and key that do not go), ERR_CONFLICT, ERR_IO, ERR_NOMEM.
 * Source     RFC 9110, RFC 9112, by libmicrohttpd 0.9.75.
 */
#ifndef IMPORT_SERVE_HTTP_H
#define IMPORT_SERVE_HTTP_H

#include <stdio.h>

#include "import/serve.h"
#include "import/serve_address.h"
#include "import/serve_log.h"

#define SERVE_PORTS_MAX 8
#define SERVE_THREADS_MIN 4U

struct serve_http;

/* What is answered at one address. */
struct serve_listener {
	const char *what; /* "engine", "registry": for messages */
	struct serve_address address;
	serve_handler_fn *handler;
	serve_refuse_fn *refuse;
	void *ctx;
	const char *tls_cert, *tls_key; /* PEM, the texts and not paths; NULL for plain HTTP */
};

enum err_code serve_http_new(struct serve_http **ret_server, struct err *err);
/* Open an address; which one it became, with its port, stands in listener->address then.  Texts are borrowed. */
enum err_code serve_http_listen(struct serve_http *server, struct serve_listener *listener, struct err *err);
/* Let a user and a group have the unix sockets: who is to answer may also connect. */
enum err_code serve_http_give(const struct serve_http *server, uid_t user, gid_t group, struct err *err);
/* Answer, until it is stopped.  log is borrowed and may be NULL. */
enum err_code serve_http_start(struct serve_http *server, const struct serve_log *log, struct err *err);
/* Print a line for each address: what listens there, and where that is. */
void serve_http_tell(const struct serve_http *server, FILE *to);
/* Close connections on which no whole request has come for so long, and sooner where most of an address are taken;
 * there also those that have read too little of a stored body for so long. */
void serve_http_tend(struct serve_http *server, double patience_s);
/* Take no more connections.  True once no request is under way, after at most wait_ms. */
bool serve_http_quiesce(struct serve_http *server, unsigned wait_ms);
/* Close everything, whatever is under way.  NULL is fine. */
void serve_http_free(struct serve_http *server);
#endif
