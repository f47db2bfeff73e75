/* tags.h - all tags of a repository in a registry, and all repositories of one.
 *
 * Lifecycle  tags_start or catalog_start; the HTTP engine runs; done or failed is called once.
 * Bounds     So many pages of LIMIT_MANIFEST_BYTES as are asked for, LIMIT_TAGS
 *            tags or repositories.
 * Errors     Those of registry.h; ERR_LIMIT.  Without a failed they
 *            end the engine's run.
 * Quirks     What is no tag (null at Nexus, digests at Artifactory) is passed
 *            over.  Pages follow the Link header; where a page is just full and
 *            has none, the tags after its last one are asked for, until none is
 *            new.
 * Source     OCI Distribution Specification 1.1, "Listing Tags"; the catalog of Docker's Registry HTTP API V2.
 */
#ifndef COMMON_TAGS_H
#define COMMON_TAGS_H

#include "common/repository.h"

/* Why there is no list. */
typedef enum err_code tags_failed_fn(void *ctx, const struct err *why, struct err *err);

struct tags_asker {
	source_tags_fn *done;
	tags_failed_fn *failed; /* may be NULL */
	bool needed;            /* whoever asks waits for it as long as if there were no failed */
	void *ctx;
	unsigned pages_max;
};

enum err_code tags_start(struct repository *p, const struct tags_asker *asker, struct err *err);
/* The paths of all repositories of its registry.  Many registries tell that to nobody, or not to everybody. */
enum err_code catalog_start(struct repository *p, const struct tags_asker *asker, struct err *err);
#endif
