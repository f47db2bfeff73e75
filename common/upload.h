/* upload.h - one blob into a repository of a registry: mounted from another one, or sent.
 *
 * Lifecycle  upload_start; the HTTP engine runs; done is called once.
 * Way        Where from names a repository, a mount is asked for, which costs nothing.  Else, and where it is refused,
 *            all of the blob goes in one PUT.  It goes in chunks where the registry finds that too large (413).  The
 *            last chunk goes with the PUT that ends the upload.
 * Tries      A try that breaks off is followed by the question how far it got (GET of the upload's URL), and goes on
 *            from there; where the upload is gone, whether the blob is there nevertheless; then from its beginning.
 *            As many tries as retry.h grants, counted over all of it: what the registry says that it has is progress.
 * Bounds     Nothing of it stays in memory.  A chunk: 5 MiB, or what the registry asks for where that is more.  An
 *            answer: LIMIT_ANSWER_BYTES.  RETRY_TRIES chunks in a row of which the registry keeps less than
 *            RETRY_PROGRESS_BYTES.
 * Ownership  The repository is borrowed; the wish is copied, what it points to is borrowed.
 * Errors     Those of registry.h and of open, which end the engine's run.
 * Source     OCI Distribution Specification 1.1, "Pushing blobs".
 */
#ifndef COMMON_UPLOAD_H
#define COMMON_UPLOAD_H

#include "common/repository.h"
#include "common/upload_content.h"

enum upload_end {
	UPLOAD_SENT,
	UPLOAD_MOUNTED,
};

struct upload_wish {
	struct digest digest;
	uint64_t size_bytes;
	const char *from;     /* the path of a repository in the same registry that has it; NULL for none */
	upload_open_fn *open; /* called for each try */
	void (*went)(void *ctx, uint64_t bytes); /* so many bytes more have gone; may be NULL */
	enum err_code (*done)(void *ctx, enum upload_end end, struct err *err);
	void *ctx;
};

enum err_code upload_start(struct repository *p, const struct upload_wish *wish, struct err *err);
#endif
