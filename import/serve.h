/* serve.h - a request and its answer, as plain values: handlers know nothing of sockets or of the HTTP library.
 *
 * Lifecycle  The server makes a request, calls the listener's handler once, sends
 *            the answer and releases it.
 * Ownership  A request and all in it live for the call.  An answer owns what is
 *            put into it.
 * Bounds     LIMIT_SERVE_URL_BYTES of path and query, LIMIT_SERVE_FIELDS query
 *            parameters and headers each, which take LIMIT_SERVE_MEMORY together.
 *            Bodies of requests are never read.
 * Errors     A handler that returns an error has its answer thrown away, and
 *            the listener's serve_refuse_fn says the failure in the API's own
 *            form, with serve_status(code); whoever wants another status answers
 *            itself and returns ERR_OK.
 */
#ifndef IMPORT_SERVE_H
#define IMPORT_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "import/catalog_blob.h"

enum serve_method { SERVE_OTHER, SERVE_GET, SERVE_HEAD };

struct serve_field {
	const char *name, *value; /* decoded; the value is "" where there is none */
};

struct serve_request {
	enum serve_method method;
	const char *method_text; /* as it came: "POST" */
	const char *path; /* percent-decoded, begins with '/'; has no NUL, no control characters, no "." or ".." */
	const char *query_text;          /* behind the '?', as it came; "" where there is none */
	const struct serve_field *query; /* percent-decoded, in order */
	size_t query_len;
	const struct serve_field *headers; /* in order, as they came */
	size_t headers_len;
	const char *peer; /* "127.0.0.1", or "-" on a unix socket; for logs */
	bool tls;
	bool has_body; /* the client sends a body, which nobody reads */
};

#define SERVE_HEADERS_MAX 24

/* What goes back.  The body is one of these, whichever is set: blob, bytes, text. */
struct serve_answer {
	unsigned status; /* 200 where it is left 0 */
	struct {
		char *name, *value;
	} headers[SERVE_HEADERS_MAX];
	size_t headers_len;
	struct buf text; /* may grow to LIMIT_SERVE_ANSWER_BYTES */
	struct catalog_bytes
		*bytes; /* proved and shared: sent without a copy; bytes_from and bytes_len say which of them */
	size_t bytes_from, bytes_len;
	struct catalog_blob blob; /* sent from blob_from up to blob_end; blob.place tells whether it is set */
	uint64_t blob_from, blob_end;
	const char *user; /* who was let in, for the log: the handler's, must outlive the answer; NULL for nobody */
};

typedef enum err_code serve_handler_fn(void *ctx, const struct serve_request *request, struct serve_answer *answer,
				       struct err *err);
/* Say a failure in an API's own form, with this status.  It cannot fail: what it has no memory for it leaves out.
 * request is NULL where none could be read. */
typedef void serve_refuse_fn(void *ctx, const struct serve_request *request, unsigned status, const struct err *why,
			     struct serve_answer *answer);

/* The status of a failure: 404, 400, 503 and so on. */
unsigned serve_status(enum err_code code);
/* The reason phrase of a status, "Not Found". */
const char *serve_reason(unsigned status);
/* The first header of a name, whatever its case; NULL where there is none. */
const char *serve_header(const struct serve_request *request, const char *name);
/* The first query parameter of a name; NULL where there is none. */
const char *serve_query(const struct serve_request *request, const char *name);
/* A query parameter that is a yes or no, as Docker reads them: "", "0", "no", "false", "none" are no. */
bool serve_query_flag(const struct serve_request *request, const char *name);

void serve_answer_init(struct serve_answer *a);
/* Set a header to formatted text; a control character in it is ERR_FORMAT. */
enum err_code serve_answer_header(struct serve_answer *a, struct err *err, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Answer with a whole text. */
enum err_code serve_answer_text(struct serve_answer *a, unsigned status, const char *content_type, const char *text,
				struct err *err);
/* Answer with all of shared bytes, which become the answer's. */
void serve_answer_bytes(struct serve_answer *a, struct catalog_bytes *bytes);
/* How long the body is. */
uint64_t serve_answer_len(const struct serve_answer *a);
void serve_answer_release(struct serve_answer *a);
#endif
