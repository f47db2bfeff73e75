/* statements.h - the in-toto statements that an image's BuildKit attestation manifests list, and those of its
 * referrers.
 *
 * Lifecycle  statements_each calls fn for each, in the order of the manifests.
 * Ownership  What fn gets is borrowed for the call.
 * Errors     ERR_NOT_FOUND (no such platform, or left out), those of the source, what fn
 *            returns.  What the source lacks is no error, but said.  The source
 *            must be one that answers at once: a layout or a bundle.
 * Source     BuildKit docs/attestations/attestation-storage.md.
 */
#ifndef IMPORT_STATEMENTS_H
#define IMPORT_STATEMENTS_H

#include "common/opt.h"
#include "common/source.h"
#include "import/serve_engine_referrers.h"

struct statement {
	const char *platform; /* NULL where the image does not say */
	const char *predicate_type;
	const struct descriptor *descriptor;
	bool absent;                            /* it is listed, and the source has it not */
	bool manifest;                          /* it is an absent attestation manifest: what that lists is not known */
	const struct engine_referred *referred; /* what carries it, and its bytes; NULL: an attestation manifest does */
};

/* Which of them: NULL and empty mean all. */
struct statement_filter {
	const struct platform *platform;
	const struct opt_list *types;
	bool referrers; /* those of referrers too: of each manifest that is listed, and of the image itself */
};

typedef enum err_code statement_fn(void *ctx, const struct statement *s, struct err *err);

enum err_code statements_each(const struct graph *g, uint32_t root, struct source *source,
			      const struct statement_filter *filter, statement_fn *fn, void *ctx, struct err *err);
#endif
