/* found.h - referrers that several listings know, each of them once.
 *
 * Lifecycle  Zeroed; found_add for each entry of each listing; found_merge, once; found_release.
 * Bounds     LIMIT_NODES entries.
 * Ownership  Copies are its own; what found_merge gives borrows them.
 * Errors     ERR_LIMIT, ERR_NOMEM.
 */
#ifndef COMMON_FOUND_H
#define COMMON_FOUND_H

#include "common/source.h"

struct found_entry;

struct found {
	struct found_entry *items;
	size_t len, cap;
};

/* Of a descriptor digest, size and type are kept. */
enum err_code found_add(struct found *f, const struct descriptor *got, enum link_kind kind, struct err *err);
/* All of them, sorted, into an array with room for as many; returns how many differ in digest or kind.  The order in
 * which they were added makes no difference. */
size_t found_merge(struct found *f, struct source_referrer *all);
void found_release(struct found *f);
#endif
