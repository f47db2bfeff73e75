/* http_asked.h - calls of an engine to a server that knows many a good and bad answer, and all that they hear.
 *
 * Lifecycle  asked_setup and asked_teardown are the fixture; asked_init, asked_run, asked_release for each call.
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

extern struct http_server *asked_server;
extern struct http *asked_engine;
extern struct told asked_told;

/* A call and everything that it hears. */
struct asked {
	struct http_call call;
	char *url;
	struct buf body;
	int heads, dones, head_status;
	bool body_before_head;
	enum err_code failure;
	enum err_code fail_head, fail_body, fail_done, fail_again; /* what the callbacks return */
	int agains;
	struct asked *then; /* begun by on_done */
};

void asked_setup(void);
void asked_teardown(void);
/* A new engine in the place of the one that is there. */
void asked_engine_start(unsigned max_active);

/* A call to the server, or to another host. */
void asked_init(struct asked *a, const char *target);
void asked_init_at(struct asked *a, const char *host, const char *target);
/* Start it, and run until nothing is left. */
enum err_code asked_run(struct asked *a, struct err *err);
void asked_release(struct asked *a);
#endif
