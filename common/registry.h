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
 *            Where there are several endpoints, the last one's failure is told.
 * Source     OCI Distribution Specification 1.1, "Pull", "Content Discovery";
 *            cosign's tag scheme.
 */
#ifndef COMMON_REGISTRY_H
#define COMMON_REGISTRY_H

#include <stdbool.h>

#include "common/endpoints.h"
#include "common/http.h"
#include "common/intern.h"
#include "common/reference.h"
#include "common/source.h"
#include "common/tokens.h"

/* What was out of reach in this run, for all repositories: nobody should wait for it again.  Zeroed at first. */
struct outages {
	struct intern bases;  /* "https://mirror.example" */
	struct intern silent; /* those of them that have never answered */
};

struct registry_options {
	const struct endpoint_rules *rules; /* borrowed; NULL for what names say, and certs.d */
	struct tokens *tokens;              /* borrowed: credentials, shared by all repositories */
	struct outages *outages;            /* borrowed; NULL where repositories need not learn from each other */
	/* A place, "https://mirror.example", failed, or where why is NULL, lacks something: another is asked instead.
	 * May be NULL. */
	void (*on_elsewhere)(void *ctx, const char *name, const char *place, const char *other, const char *why);
	void *ctx;
};

/* The repository of ref, at its endpoints.  The options are copied. */
enum err_code registry_new(struct http *http, const struct reference *ref, const struct registry_options *options,
			   struct source **ret_source, struct err *err);
#endif
