/* manifest_put.h - one manifest into a repository of a registry, under its digest or a tag.
 *
 * Lifecycle  manifest_put_start; the HTTP engine runs; done is called once.
 * Tries      The same manifest in the same place twice changes nothing: it is tried again as retry.h says.
 * Ownership  The bytes are copied.  What done gets is borrowed for the call.
 * Errors     Those of access.h end the engine's run.  A refusal is an answer: whoever asked knows what it means there.
 *            ERR_DIGEST where the registry says that it took another manifest.
 * Source     OCI Distribution Specification 1.1, "Pushing Manifests".
 */
#ifndef COMMON_MANIFEST_PUT_H
#define COMMON_MANIFEST_PUT_H

#include "common/repository.h"

/* refused is NULL where it is there now, else why it is not. */
typedef enum err_code manifest_put_fn(void *ctx, const struct err *refused, struct err *err);

struct manifest_put {
	const char *which; /* a digest or a tag */
	const char *media_type;
	const void *bytes;
	size_t len;
	struct digest digest; /* of the bytes */
	manifest_put_fn *done;
	void *ctx;
};

enum err_code manifest_put_start(struct repository *p, const struct manifest_put *put, struct err *err);
#endif
