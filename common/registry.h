/* registry.h - a repository in a registry, as a source of images.
 *
 * Lifecycle  registry_new; use as a struct source while the HTTP engine runs;
 *            source->free.
 * Bounds     Manifests: LIMIT_MANIFEST_BYTES; listings: LIMIT_PAGES pages of
 *            LIMIT_MANIFEST_BYTES each.
 * Errors     ERR_DENIED (401, 403), ERR_NETWORK (429, 5xx), ERR_REFUSED (other
 *            statuses), ERR_DIGEST and ERR_SIZE (wrong content), ERR_FORMAT.
 *            A 404 on a manifest or a blob is the answer "absent".  Only a
 *            proper "not found" means "no referrers".
 * Source     OCI Distribution Specification 1.1, "Pull", "Content Discovery";
 *            cosign's tag scheme.
 */
#ifndef COMMON_REGISTRY_H
#define COMMON_REGISTRY_H

#include <stdbool.h>

#include "common/http.h"
#include "common/reference.h"
#include "common/source.h"
#include "common/tokens.h"

struct registry_options {
	bool plain_http;       /* http even for hosts that are not loopback */
	struct tokens *tokens; /* borrowed: credentials, shared by all repositories */
};

/* The repository of ref.  A registry on loopback is asked over plain HTTP. */
enum err_code registry_new(struct http *http, const struct reference *ref, const struct registry_options *options,
			   struct source **ret_source, struct err *err);
#endif
