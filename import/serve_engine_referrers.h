/* serve_engine_referrers.h - in-toto statements that are attached to a manifest as referrers.
 *
 * Bounds  LIMIT_STATEMENT_BYTES a statement.
 * Errors  Those of the source, and what fn returns.  What cannot be read as a statement is passed over.
 * Forms   A layer that is the statement itself; a DSSE envelope, as cosign attaches it by the tag .att; a sigstore
 *         bundle with an envelope.  The payload's type must be in-toto's.
 * Source  DSSE envelope.md; sigstore protobuf-specs, sigstore_bundle.proto; cosign's attestation format.
 */
#ifndef IMPORT_SERVE_ENGINE_REFERRERS_H
#define IMPORT_SERVE_ENGINE_REFERRERS_H

#include "common/js.h"
#include "import/serve_engine_content.h"

/* A statement that a referrer carries. */
struct engine_referred {
	const struct descriptor *referrer; /* the manifest */
	const struct descriptor *layer;    /* the statement, its envelope or its bundle */
	const char *predicate_type;
	const char *statement; /* JSON, as it is */
	size_t statement_len;
};

typedef enum err_code engine_referred_fn(void *ctx, const struct engine_referred *statement, struct err *err);

/* Tell of every statement of what refers to a subject. */
enum err_code engine_referred_each(struct source *source, const struct digest *subject, engine_referred_fn *fn,
				   void *ctx, struct err *err);
/* Put one as the answers of the API have it, with its Referrer and maybe the Statement itself. */
void engine_referred_put(const struct engine_referred *statement, bool whole, struct js_out *o);
/* The predicateType of a statement, "" where it is no statement; for free(). */
enum err_code engine_predicate_type(const char *statement, size_t len, char **ret_type, struct err *err);
#endif
