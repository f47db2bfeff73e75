/* candidate_read.h - the bytes behind a candidate, read out of the source that it came from.
 *
 * Bounds     LIMIT_MANIFEST_BYTES, LIMIT_SIGNED_BYTES.
 * Ownership  What is read is the caller's.
 * Errors     Those of the source; ERR_DAMAGED where it has not what the graph says.
 */
#ifndef TRUST_CANDIDATE_READ_H
#define TRUST_CANDIDATE_READ_H

#include "common/buf.h"
#include "common/manifest.h"
#include "trust/candidate.h"

/* The manifest of a node, proved. */
enum err_code candidate_read_manifest(const struct candidates *all, uint32_t node, struct manifest *ret_manifest,
				      struct err *err);
/* Append a blob, proved. */
enum err_code candidate_read_blob(const struct candidates *all, uint32_t node, struct buf *out, struct err *err);
#endif
