/* grpc.h - calls of a gRPC service at a unix socket.
 *
 * Lifecycle  grpc_open; grpc_ask, one after the other, or grpc_start any number
 *            of calls and grpc_run until all are done; grpc_close.
 * Bounds     LIMIT_GRPC_BYTES a message; at most max_active calls at once.
 * Ownership  A call is the caller's and must live until its on_done; what is
 *            sent is borrowed until then.
 * Errors     ERR_NETWORK (nobody answers, or not to the end), ERR_UNSUPPORTED (what answers there does not speak gRPC),
 *            ERR_FORMAT, ERR_LIMIT; whatever a callback or a stream returns, which ends grpc_run.  A gRPC status is no
 *            error: grpc_refused makes one of it.
 * Source     grpc.io, "gRPC over HTTP2" and "Status codes".
 */
#ifndef IMPORT_GRPC_H
#define IMPORT_GRPC_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/http.h"
#include "common/stream.h"

#define GRPC_HEAD_BYTES 5
#define GRPC_SAID_MAX 512
#define GRPC_SECONDS 60

enum grpc_status {
	GRPC_OK = 0,
	GRPC_UNKNOWN = 2,
	GRPC_INVALID_ARGUMENT = 3,
	GRPC_NOT_FOUND = 5,
	GRPC_ALREADY_EXISTS = 6,
	GRPC_PERMISSION_DENIED = 7,
	GRPC_RESOURCE_EXHAUSTED = 8,
	GRPC_FAILED_PRECONDITION = 9,
	GRPC_OUT_OF_RANGE = 11,
	GRPC_UNIMPLEMENTED = 12,
	GRPC_UNAVAILABLE = 14,
};

struct grpc {
	struct http *http;
	char *socket;
	struct buf headers; /* metadata of every call, as lines that end in \n */
};

/* How a call ended, in the service's own words. */
struct grpc_answer {
	unsigned status;
	bool broken; /* there was no status, of a call with may_break: said says what happened */
	char said[GRPC_SAID_MAX];
};

struct grpc_call {
	/* set by the caller; the rest zeroed */
	const char *method;        /* "containerd.services.version.v1.Version/Version" */
	const struct buf *request; /* the one message that is sent, without its head */
	struct instream *upload;   /* or any number of messages, with their heads */
	uint64_t upload_bytes; /* how long those are, 0 where nobody knows: a service that answers the last one may hang
				* up before it hears that it was the last */
	bool slow;             /* it may take its time: otherwise it fails after GRPC_SECONDS */
	bool may_break;        /* a connection that breaks is GRPC_UNAVAILABLE, and does not end grpc_run: libcurl
				* 7.88 may miss a status that comes while it sends */
	/* A message of the answer.  NULL: it is dropped. */
	enum err_code (*on_message)(struct grpc_call *call, const void *bytes, size_t len, struct err *err);
	/* The call is over, and answer.status says how.  May be NULL. */
	enum err_code (*on_done)(struct grpc_call *call, struct err *err);

	struct grpc_answer answer;
	/* grpc.c's own */
	struct http_call http;
	struct grpc *grpc;
	char *url;
	struct buf sent, part;
};

typedef enum err_code grpc_message_fn(void *ctx, const void *bytes, size_t len, struct err *err);

enum err_code grpc_open(const char *socket, unsigned max_active, struct grpc *ret_grpc, struct err *err);
/* Metadata that every call from now on has. */
enum err_code grpc_metadata(struct grpc *g, const char *name, const char *value, struct err *err);
/* Begin a call as soon as there is room.  A call that was done may be started again. */
enum err_code grpc_start(struct grpc *g, struct grpc_call *call, struct err *err);
enum err_code grpc_run(struct grpc *g, struct err *err);
/* One message there, and any number back, when nothing else is under way. */
enum err_code grpc_ask(struct grpc *g, const char *method, const struct buf *request, grpc_message_fn *on_message,
		       void *ctx, struct grpc_answer *ret_answer, struct err *err);
/* The head of a message of that length. */
void grpc_head(size_t len, unsigned char out[GRPC_HEAD_BYTES]);
/* A status that is no success, in the service's words: ERR_NOT_FOUND, ERR_DENIED, ERR_NETWORK, ERR_UNSUPPORTED or
 * ERR_REFUSED. */
enum err_code grpc_refused(const char *what, const struct grpc_answer *answer, struct err *err);
/* What a call keeps; a zeroed call is fine. */
void grpc_call_release(struct grpc_call *call);
/* A zeroed one is fine. */
void grpc_close(struct grpc *g);
#endif
