/* asked_registry.h - a registry on loopback that gives canned answers, and its repository a/b as a source.
 *
 * Lifecycle  asked_registry_start with what it answers; ask r->source; http_run; asked_registry_stop.
 * Bounds     Four requests at once; a wait of two seconds for an answer that stands still, of a millisecond before
 *            another try.
 * Ownership  Routes are borrowed until asked_registry_stop.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_ASKED_REGISTRY_H
#define TESTS_LIB_ASKED_REGISTRY_H

#include "common/registry.h"
#include "tests/lib/http_server.h"

struct asked_registry {
	struct http_server *server;
	struct http *engine;
	struct source *source;
	struct reference ref; /* HOST:PORT/a/b and what follows that */
	struct wallet *wallet;
	struct tokens *tokens;
};

/* rest is ":1", "@DIGEST" or "". Nobody has credentials for it. */
void asked_registry_start(struct asked_registry *r, const struct http_route *routes, size_t len, const char *rest);
/* The same, but tokens are asked for where it wants them. */
void asked_registry_start_with_tokens(struct asked_registry *r, const struct http_route *routes, size_t len,
				      const char *rest);
void asked_registry_stop(struct asked_registry *r);
#endif
