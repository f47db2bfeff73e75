/* serve_registry.h - the OCI distribution API, read-only: a handler (import/serve.h) for all paths under /v2.
 *
 * Manifests by tag and digest, blobs whole and in parts, tags and repositories by pages, and referrers; what is written
 * is refused.  A digest is its own entity tag.  Names are those of serve_names.h; what a repository's images do not
 * lead to is not there for who asks in it.
 *
 * Lifecycle  serve_registry_new; serve_registry_handle any number of times; serve_registry_free.
 * Threads    Any number may handle at once.
 * Ownership  The catalog is borrowed.
 * Errors     What the API has a code for is answered so; of all else the failure is returned, for
 *            serve_registry_refuse (serve_registry_error.h) to say.
 * Source     OCI Distribution Specification 1.1.
 */
#ifndef IMPORT_SERVE_REGISTRY_H
#define IMPORT_SERVE_REGISTRY_H

#include "import/serve.h"

struct serve_registry;

enum err_code serve_registry_new(struct catalog *catalog, struct serve_registry **ret_registry, struct err *err);
/* True for a path that is this API's. */
bool serve_registry_is_path(const char *path);
/* A serve_handler_fn; ctx is the registry. */
enum err_code serve_registry_handle(void *ctx, const struct serve_request *request, struct serve_answer *answer,
				    struct err *err);
/* NULL is fine. */
void serve_registry_free(struct serve_registry *r);
#endif
