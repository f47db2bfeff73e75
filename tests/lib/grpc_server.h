/* grpc_server.h - a gRPC service at a unix socket that gives canned answers in turn, on a thread of its own.
 *
 * Lifecycle  grpc_server_start with a list of replies, the first for the first
 *            call; ask it; grpc_server_stop.  After the last reply it hangs up.
 * Bounds     One connection after the other, one call each; requests of at most GRPC_RECEIVED_MAX bytes are kept.
 * Ownership  The replies are borrowed until grpc_server_stop.
 * Errors     None: whatever fails here fails the test.
 * Source     RFC 9113; RFC 7541, literals only; grpc.io, "gRPC over HTTP2".
 */
#ifndef TESTS_LIB_GRPC_SERVER_H
#define TESTS_LIB_GRPC_SERVER_H

#include <stddef.h>

#define GRPC_RECEIVED_MAX (1 << 20)

enum grpc_fault {
	GRPC_FAULT_NONE,
	GRPC_FAULT_ONLY,      /* the status stands in the head, and nothing else comes */
	GRPC_FAULT_EARLY,     /* the status comes before the request was read to its end */
	GRPC_FAULT_CUT,       /* the connection ends behind the body */
	GRPC_FAULT_NO_STATUS, /* trailers without a status */
	GRPC_FAULT_404,       /* another kind of service */
	GRPC_FAULT_HTTP1,     /* a service that speaks HTTP/1.1 */
	GRPC_FAULT_CLOSED,    /* no answer at all */
};

struct grpc_reply {
	const void *body; /* messages with their heads, as they go on the wire */
	size_t len;
	const char *status;  /* NULL for "0" */
	const char *message; /* NULL for none */
	enum grpc_fault fault;
};

struct grpc_server;

struct grpc_server *grpc_server_start(const struct grpc_reply *replies, size_t len);
const char *grpc_server_socket(const struct grpc_server *s);
/* How many calls were made, and what was sent with one of them. */
size_t grpc_server_calls(const struct grpc_server *s);
const void *grpc_server_received(const struct grpc_server *s, size_t call, size_t *ret_len);
void grpc_server_stop(struct grpc_server *s);
#endif
