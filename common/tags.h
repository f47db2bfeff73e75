/* tags.h - all tags of a repository in a registry.
 *
 * Lifecycle  tags_start; the HTTP engine runs; done is called once.
 * Bounds     LIMIT_PAGES pages of LIMIT_MANIFEST_BYTES, LIMIT_TAGS tags.
 * Errors     Those of repository.h; ERR_FORMAT, ERR_LIMIT.
 * Quirks     What is no tag (null at Nexus, digests at Artifactory) is passed
 *            over.  Pages follow the Link header; where a page is just full and
 *            has none, the tags after its last one are asked for, until none is
 *            new.
 * Source     OCI Distribution Specification 1.1, "Listing Tags".
 */
#ifndef COMMON_TAGS_H
#define COMMON_TAGS_H

#include "common/repository.h"

enum err_code tags_start(struct repository *p, source_tags_fn *done, void *ctx, struct err *err);
#endif
