/* journal.h - every import, written down where it was made: a line of JSON each, for whoever asks later.
 *
 * Lifecycle  journal_add once an import has ended that had begun to write, well or not, or that was refused.
 * Errors     Those of bundles/journal_file.h.  The import is done then all the same.
 * Format     That of bundles/journal_file.h, and then these members in this order:
 *
 *   file, bundle   where the bundle was read, and the digest of its description, which stands for all of it, or null
 *   stream, serial of the bundle; null and no serial where it has none
 *   sealedBy       key, the hint of the key that vouches for it; null where none was demanded
 *   keys           the hints of all different keys that do
 *   policy         what had to accept all images: of each policy file, its digest, and site: whether it is the
 *                  machine's own; null where none counted
 *   target         as it calls itself
 *   overrides      options that permit what is refused without them, as they were given
 *   partial        not all of the bundle was chosen
 *   images         none where it was refused before they were known; name, was: what the name
 *                  stood for before, or null; is: what it stands for now, read back, or null
 *   writtenBytes   blobs that were sent
 *   result         "ok", or a word for what failed; error: the message, or null
 */
#ifndef IMPORT_JOURNAL_H
#define IMPORT_JOURNAL_H

#include "import/import.h"

/* Add a line; code and why are how the import ended. */
enum err_code journal_add(const struct import_options *options, const struct import_result *r, enum err_code code,
			  const struct err *why, struct err *err);
#endif
