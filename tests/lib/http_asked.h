/* http_asked.h - calls of an engine to a server that knows many a good and bad answer, and all that they hear.
 *
 * Lifecycle  http_asked_setup and http_asked_teardown are the fixture; http_asked_init,
 *            http_asked_run, http_asked_release for each call.
 * Ownership  Server and engine are the fixture's; a test may put others in their place.
 * Errors     Those of the call; whatever else fails here fails the test.
 */
#ifndef TESTS_LIB_HTTP_ASKED_H
#define TESTS_LIB_HTTP_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/http.h"

/* The last wait that was told of. */
struct told {
	unsigned count;
	char host[64], why[64];
	uint64_t wait_ms;
};

extern struct http_server *http_asked_server;
extern struct http *http_asked_engine;
extern struct told http_asked_told;

/* A call and everything that it hears. */
struct http_asked {
	struct http_call call;
	char *url;
	struct buf body;
	int heads, dones, head_status;
	bool body_before_head;
	enum err_code failure;
	enum err_code fail_head, fail_body, fail_done, fail_again; /* what the callbacks return */
	int agains;
	struct http_asked *then; /* begun by on_done */
};

void http_asked_setup(void);
void http_asked_teardown(void);
/* A new engine in the place of the one that is there.  It waits for the server for HTTP_PATIENCE, or for as long as
 * this target of the server deserves. */
void http_asked_engine_start(unsigned max_active);
void http_asked_engine_for(const char *target);

/* A call to the server, or to another host. */
void http_asked_init(struct http_asked *a, const char *target);
void http_asked_init_at(struct http_asked *a, const char *host, const char *target);
/* Start it, and run until nothing is left. */
enum err_code http_asked_run(struct http_asked *a, struct err *err);
void http_asked_release(struct http_asked *a);
#endif
