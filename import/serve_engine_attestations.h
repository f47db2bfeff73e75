/* serve_engine_attestations.h - what an image attests to, as GET /images/{name}/attestations answers.
 *
 * Bounds     LIMIT_STATEMENT_BYTES a statement; what the answer takes.
 * Errors     ERR_USAGE, ERR_NOT_FOUND and ERR_REFUSED in the daemon's own words; those of the source.
 * Rules      As the daemon: statements are the layers that carry in-toto.io/predicate-type, of an attestation manifest
 *            that the image's own OCI index pairs with the manifest of the platform.  Beyond it: of all such
 *            attestation manifests; and with referrers, the in-toto statements of what refers to that manifest and to
 *            the image itself, whether they lie there as they are, in a DSSE envelope or in a sigstore bundle.
 * Trust      What a statement says is a claim; no signature is looked at.
 * Source     moby daemon/containerd/image_attestations.go; moby/policy-helpers image/resolve.go, dhi.go.
 */
#ifndef IMPORT_SERVE_ENGINE_ATTESTATIONS_H
#define IMPORT_SERVE_ENGINE_ATTESTATIONS_H

#include "common/js.h"
#include "import/serve_engine_content.h"
#include "import/serve_engine_platform.h"

struct engine_attestations {
	const struct engine_platform *platform;
	const char *const *types; /* predicate types; none for all */
	size_t types_len;
	bool statements; /* with the statements themselves */
	bool referrers;  /* those of referrers too */
};

/* Put the array of an image's attestations. */
enum err_code engine_attestations_put(struct source *source, const struct descriptor *root,
				      const struct engine_attestations *asked, struct js_out *o, struct err *err);
/* Put all statements of one attestation manifest, in its order, one after the other; what is not there is passed over.
 */
enum err_code engine_put_statements(struct source *source, const struct descriptor *attestation, struct js_out *o,
				    struct err *err);
#endif
