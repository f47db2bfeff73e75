/* journal.h - every import, written down where it was made: a line of JSON each, for whoever asks later.
 *
 * Lifecycle  journal_add once an import that had begun to write has ended, well or not.
 * Bounds     LIMIT_DESCRIPTION_BYTES a line.
 * Errors     ERR_IO, ERR_USAGE (no place for it), ERR_LIMIT, ERR_NOMEM.  The import is done then all the same.
 * Writing    One write at the end of the file, under a lock, and synced: lines of imports that end at the same time
 *            stand one after the other, and none is there in part, but for the last one before a power loss.  Nothing
 *            that is there is changed.
 * Format     Members in this order:
 *
 *   schemaVersion  1
 *   time           when it ended, RFC 3339 in UTC
 *   uid            the user that the process ran as; loginUid, if the kernel knows it, who had logged in
 *   program        the version of this program
 *   file, bundle   where the bundle was read, and the digest of its description, which stands for all of it
 *   stream, serial of the bundle; null and no serial where it has none
 *   sealedBy       key, the hint of the key that vouches for it; null where none was demanded
 *   keys           the hints of all different keys that do
 *   policy         what has accepted all images: of each policy file, its digest, and site: whether it is the
 *                  machine's own; null where none was asked
 *   target         as it calls itself
 *   overrides      options that permit what is refused without them, as they were given
 *   partial        not all of the bundle was chosen
 *   images         name, was: what the name stood for before, or null; is: what it stands for now, read back, or null
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
