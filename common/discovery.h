/* discovery.h - what refers to a manifest in a registry: the referrers API, the fallback tag and cosign's tags, all
 * of them, merged by digest.
 *
 * Lifecycle  discovery_start; the HTTP engine runs; done is called once.
 * Bounds     LIMIT_PAGES pages a listing, LIMIT_MANIFEST_BYTES a page.
 * Errors     Only a proper "not found" means that there is nothing; any other
 *            failure ends the walk, naming the URL.  No API is what the
 *            specification calls so, a 400 or 406, an answer that is no index,
 *            and a 429 from another host, to which ghcr.io sends who asks.
 * Source     OCI Distribution Specification 1.1, "Listing Referrers" and
 *            "Referrers Tag Schema"; cosign's tag scheme.
 */
#ifndef COMMON_DISCOVERY_H
#define COMMON_DISCOVERY_H

#include "common/repository.h"

#define DISCOVERY_TAG_SIZE (DIGEST_TEXT_SIZE + 8)

enum err_code discovery_start(struct repository *p, const struct digest *subject, source_referrers_fn *done, void *ctx,
			      struct err *err);
/* What the referrers API says, and nobody else: referrers is NULL where there is none.  For who has to know whether it
 * would be found by it. */
enum err_code discovery_ask_api(struct repository *p, const struct digest *subject, source_referrers_fn *done,
				void *ctx, struct err *err);
/* The tag by which a referrer of this kind is found: the fallback tag of LINK_SUBJECT, or cosign's.  False where no
 * registry can hold such a tag. */
bool discovery_tag(const struct digest *subject, enum link_kind kind, char out[DISCOVERY_TAG_SIZE]);
/* True for a tag by which discovery finds what refers to a digest: such a tag names no image. */
bool discovery_is_tag(const char *tag);
/* Drop those that never ended, after their requests are gone. */
void discovery_free_all(struct repository *p);
#endif
