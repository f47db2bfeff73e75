/* sigstore_entry.h - one entry of a transparency log, as a bundle carries it.
 *
 * Lifecycle  sigstore_entry_read; look; sigstore_entry_release.
 * Bounds     LIMIT_PROOF_HASHES, LIMIT_CHECKPOINT_BYTES; a body as long as the bundle.
 * Ownership  An entry owns everything in it.
 * Errors     ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.  An entry that failed is to be released all the same.
 * Source     sigstore_rekor.proto: TransparencyLogEntry.  v0.1 promises inclusion, later versions prove it.
 */
#ifndef TRUST_SIGSTORE_ENTRY_H
#define TRUST_SIGSTORE_ENTRY_H

#include "common/js.h"
#include "trust/sigstore_bundle.h"

enum err_code sigstore_entry_read(const struct json_t *json, enum sigstore_version version,
				  struct sigstore_entry *entry, struct err *err);
/* Is it the same place in the same log as one of the list? */
bool sigstore_entry_is_among(const struct sigstore_entry *entry, const struct sigstore_entry *list, size_t len);
/* A zeroed entry is fine. */
void sigstore_entry_release(struct sigstore_entry *entry);
#endif
