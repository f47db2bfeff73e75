/* serve_referrers.h - what refers to a manifest in a repository: the index that the referrers API answers, and by the
 * fallback tag.
 *
 * Everything that names the manifest as its subject, in any place that has an image of the repository which leads to
 * it.  Types and annotations are those of the referrers' own manifests.
 *
 * Bounds  The buffer's maximum; one manifest of LIMIT_MANIFEST_BYTES at a time.
 * Errors  Those of serve_repository.h and manifest.h: a referrer that cannot be read is never passed over.
 * Source  OCI Distribution Specification 1.1, "Listing Referrers", "Referrers Tag Schema"; OCI Image Specification 1.1,
 *         image-index.md.
 */
#ifndef IMPORT_SERVE_REFERRERS_H
#define IMPORT_SERVE_REFERRERS_H

#include "common/buf.h"
#include "import/serve_repository.h"

/* Append the index of what refers to subject, sorted by digest; nothing at all is an empty index.  artifact_type
 * chooses, NULL for all.  *ret_len is how many it lists; it may be NULL. */
enum err_code serve_referrers_write(struct serve_repository *r, const struct digest *subject, const char *artifact_type,
				    struct buf *out, size_t *ret_len, struct err *err);
/* What cosign has tagged after a subject: the manifest under sha256-….sig, .att or .sbom. */
enum err_code serve_referrers_tagged(struct serve_repository *r, const struct digest *subject, enum link_kind kind,
				     struct serve_found *ret_found, struct err *err);
/* Read a tag by which referrers are found; false for one that names an image, or a digest that is cut.  */
bool serve_referrers_tag(const char *tag, struct digest *ret_subject, enum link_kind *ret_kind);
#endif
