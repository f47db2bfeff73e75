/* serve_tags.h - the tags of a repository: those of images, and those by which what refers to them is found where a
 * client knows no referrers API: the fallback tag sha256-… and cosign's.
 *
 * Ownership  The tags are the caller's: serve_tags_release.
 * Errors     Those of catalog.h.
 * Source     OCI Distribution Specification 1.1, "Listing Tags" and "Referrers Tag Schema"; cosign's tag scheme.
 */
#ifndef IMPORT_SERVE_TAGS_H
#define IMPORT_SERVE_TAGS_H

#include "import/serve_repository.h"

struct serve_tags {
	char **items; /* sorted bytewise, each once */
	size_t len, cap;
};

enum err_code serve_tags_list(struct serve_repository *r, struct serve_tags *tags, struct err *err);
/* A zeroed list is fine. */
void serve_tags_release(struct serve_tags *tags);
#endif
