/* presence.h - whether a registry has a blob or a manifest, asked without fetching it.
 *
 * Lifecycle  presence_start any number of times; each answer is told once while
 *            the HTTP engine runs.
 * Bounds     A body is received up to LIMIT_TEXT_BYTES, whatever its size.
 * Errors     Those of registry.h; 404 is the answer "absent".
 * Rules      A HEAD that is answered with 200 says that it is there; its length
 *            is not looked at, which some registries tell wrongly.  Any other
 *            answer to HEAD proves nothing: some refuse HEAD (405), some say 403
 *            for 404, some send it to a store that wants GET.  Then a GET of the
 *            first byte decides.  Who could send it anyway believes the registry's own 404 to HEAD: at worst it goes
 *            once more, and where much is new that is half of all questions.
 * Source     OCI Distribution Specification 1.1, "Checking if content exists in
 *            the registry"; RFC 9110, section 14.2.
 */
#ifndef COMMON_PRESENCE_H
#define COMMON_PRESENCE_H

#include "common/repository.h"

enum err_code presence_start(struct repository *p, const struct digest *digest, source_has_fn *done, void *ctx,
			     struct err *err);
/* Whether the repository has the blob for others: what it refuses to show is absent. */
enum err_code presence_to_give(struct repository *p, const struct digest *digest, source_has_fn *done, void *ctx,
			       struct err *err);
enum err_code presence_of_manifest(struct repository *p, const struct digest *digest, source_has_fn *done, void *ctx,
				   struct err *err);
/* Whether it need not be sent: what may wrongly be said to be absent is at hand. */
enum err_code presence_to_send(struct repository *p, bool manifest, const struct digest *digest, source_has_fn *done,
			       void *ctx, struct err *err);
#endif
