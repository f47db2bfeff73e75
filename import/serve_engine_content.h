/* serve_engine_content.h - what answers of the Engine API are made of: manifests and small blobs out of a source that
 * answers at once.
 *
 * Bounds     Manifests: LIMIT_MANIFEST_BYTES; blobs: what the buffer takes.
 * Ownership  What is read is the caller's.
 * Errors     Those of the source; ERR_DIGEST and ERR_SIZE for content that is not what it is called.  What the source
 *            lacks is no error, but said.
 */
#ifndef IMPORT_SERVE_ENGINE_CONTENT_H
#define IMPORT_SERVE_ENGINE_CONTENT_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/manifest.h"
#include "common/source.h"

/* Read the manifest of a descriptor; *ret_there is false where it is not there, and then there is none. */
enum err_code engine_manifest_read(struct source *source, const struct descriptor *d, struct manifest *ret_manifest,
				   bool *ret_there, struct err *err);
/* Append a blob's bytes, proved. */
enum err_code engine_blob_read(struct source *source, const struct descriptor *d, struct buf *out, bool *ret_there,
			       struct err *err);
/* Read a blob that is a JSON document; *ret_json is NULL where it is not there, is larger than LIMIT_SMALL_BLOB_BYTES,
 * or is no JSON. */
enum err_code engine_json_read(struct source *source, const struct descriptor *d, struct json_t **ret_json,
			       struct err *err);
/* True where the source has it. */
enum err_code engine_has(struct source *source, const struct descriptor *d, bool *ret_there, struct err *err);
#endif
