/* serve_http_private.h - what the files of the HTTP server share: connections, requests under way, bodies that are
 * sent. */
#ifndef IMPORT_SERVE_HTTP_PRIVATE_H
#define IMPORT_SERVE_HTTP_PRIVATE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "common/offload.h"
#include "import/serve_http.h"
#include "import/serve_request.h"

#define PEER_MAX 64
#define HASHING_THREADS 2
#define HASHING_STREAMS 12 /* by their number their chunks have their size: 2 MiB each */

/* One address that is listened at. */
struct port {
	struct serve_http *server;
	struct serve_listener listener;
	int fd; /* -1 once it is the library's, or closed */
	struct MHD_Daemon *daemon;
	size_t connections_len; /* by the server's lock */
};

/* How fast a stored body goes, from time to time. */
struct pace {
	struct timespec since; /* the time that is looked at began */
	uint64_t bytes;        /* sent before that */
};

/* One client's connection. */
struct connection {
	struct connection *next, *before;
	struct port *port;
	int fd;
	struct timespec waits_since; /* for its next request; unset while one is answered */
	bool busy;
	atomic_uint_least64_t sent_bytes; /* of the stored body under way */
	struct pace pace;
	char peer[PEER_MAX];
	char *uri; /* owned: of the request that is being read */
};

/* The right to decode a body: one of LIMIT_SERVED_DECODERS. */
enum turn_state {
	TURN_NONE,
	TURN_WAITS, /* its connection is suspended */
	TURN_TAKEN,
	TURN_OVER, /* it was given back, or there will be none */
};

struct turn {
	enum turn_state state;
	struct turn *next; /* of those in the same state; that wait, in the order in which they came */
	struct MHD_Connection *client;
	struct connection *connection; /* of that client; it ends after the turn is over */
	struct timespec since;         /* it waits */
	struct pace pace;              /* once it is taken */
};

struct serve_http {
	struct port ports[SERVE_PORTS_MAX];
	size_t ports_len;
	const struct serve_log *log; /* borrowed; may be NULL */
	pthread_mutex_t lock;        /* for connections */
	struct connection *connections;
	size_t connections_max; /* at one address */
	pthread_cond_t idle;    /* no request is under way */
	size_t requests;        /* under way; by lock */
	atomic_bool stopping;
	atomic_uint bodies, proofs; /* blobs that are sent, and hashed on other threads */
	atomic_size_t held_bytes;   /* of answers in memory */
	pthread_mutex_t turns;      /* for what follows */
	struct turn *waiting, *taken;
	unsigned decoders; /* turns that are taken */
	bool closing;
	struct offload_pool *hashing; /* owned: those threads */
};

/* A request, from its headers to the last byte of its answer. */
struct exchange {
	struct port *port;
	struct connection *connection;
	struct MHD_Connection *client;
	char *method, *uri, *version, *referer, *agent, *user; /* owned; for the log; NULL: unknown */
	struct timespec began;
	unsigned status;
	uint64_t bytes;
};

/* How long ago that was. */
double seconds_since(const struct timespec *then);
/* An answer's body as the library takes it, and the answer with it, which is released when all is sent or broken off.
 * NULL where there is no memory; the answer is released then too. */
struct MHD_Response *serve_http_body(struct serve_http *server, struct exchange *exchange, struct serve_answer *answer,
				     bool is_head);
/* Whether there is room for an answer in memory.  It is asked by each thread for the answer that it has made, so what
 * is held may be more by as many. */
bool serve_http_has_room(struct serve_http *server, const struct serve_answer *answer);
/* Say on stderr what an operator should know of a request, and a client is not told, or only shortly. */
void serve_http_report(const struct exchange *exchange, const char *why);
/* Whether less than so many bytes a second went, for at least so long; another such time begins then. */
bool serve_http_is_slow(struct pace *pace, const struct connection *connection, double patience_s, uint64_t rate);
/* Take a turn for a request whose body is asked for; while it waits nothing can be sent, and it is asked again later.
 */
enum turn_state serve_http_turn_take(struct serve_http *server, struct turn *turn, const struct exchange *exchange);
/* Whatever it is, it is over. */
void serve_http_turn_give(struct serve_http *server, struct turn *turn);
/* Give up those that have waited for too long, and cut off who holds others up by reading slowly for so long; give up
 * all of them, and whoever comes later. */
void serve_http_turns_tend(struct serve_http *server, double patience_s);
void serve_http_turns_end(struct serve_http *server);
/* The library's callbacks: a request's first line, its headers, its end. */
void *serve_http_on_uri(void *ctx, const char *uri, struct MHD_Connection *client);
enum MHD_Result serve_http_on_request(void *ctx, struct MHD_Connection *client, const char *url, const char *method,
				      const char *version, const char *upload, size_t *upload_len, void **state);
void serve_http_on_end(void *ctx, struct MHD_Connection *client, void **state, enum MHD_RequestTerminationCode how);
/* A request begins on a connection, and ends. */
void serve_http_begin(struct serve_http *server, struct connection *connection);
void serve_http_end(struct serve_http *server, struct connection *connection);
#endif
