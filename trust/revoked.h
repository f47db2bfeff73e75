/* revoked.h - the keys and digests that never count at this site, whatever else says yes.
 *
 * Lifecycle  revoked_load, look, revoked_release.
 * Bounds     LIMIT_REVOKED entries in LIMIT_TRUST_FILES files of LIMIT_LIST_BYTES.
 * Ownership  It owns its entries.
 * Errors     ERR_FORMAT for a file that is neither a key nor a list, and for one that is
 *            both: what was meant to be revoked and cannot be read must not count as not
 *            revoked.  Those of site.h; from a check ERR_UNPROVED, with what is revoked and where.
 * Format     Every file in the site's revoked.d counts, but for those whose names begin
 *            with a dot or end with .part.  It is a public key in PEM, or a list: one
 *            digest ("sha256:...", "sha512:...") or fingerprint of a key (fingerprint.h)
 *            a line; blank lines and what follows a # do not count.  A digest is that of
 *            a bundle's bundle.json, or of anything in one: an image, one platform of
 *            it, a layer, a signature; and a fingerprint is a digest too.
 */
#ifndef TRUST_REVOKED_H
#define TRUST_REVOKED_H

#include <stdbool.h>
#include <stddef.h>

#include "common/digest.h"
#include "common/graph.h"

struct revoked_entry {
	struct digest digest;
	bool is_key;      /* written as a key or its fingerprint; a digest may be one too */
	const char *file; /* whose name this is, in revoked.d */
};

struct revoked {
	struct revoked_entry *entries; /* owned; by digest */
	size_t len, cap;
	char **files; /* owned */
	size_t files_len;
};

enum err_code revoked_load(struct revoked *ret_revoked, struct err *err);
/* The entry of a digest, or of a key's fingerprint; NULL where it is not revoked. */
const struct revoked_entry *revoked_find(const struct revoked *r, const struct digest *digest);
/* ERR_UNPROVED where something that the graph's images bring, or need at the target, or lead to as to what runs
 * (edge_leads_to_manifest), is revoked; what names the bundle.  Other things that were left out or absent do no harm.
 */
enum err_code revoked_check(const struct revoked *r, const struct graph *g, const char *what, struct err *err);
/* ERR_UNPROVED where the key of this fingerprint, in base64, is revoked: it counts for nobody, nor does one in a
 * certificate. */
enum err_code revoked_check_key(const struct revoked *r, const char *key_id, struct err *err);
/* A zeroed one is fine. */
void revoked_release(struct revoked *r);
#endif
