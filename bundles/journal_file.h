/* journal_file.h - what was done at this site, for whoever asks later: a line of JSON each, at the end of one file.
 *
 * Lifecycle  journal_line_begin; members by out; journal_line_end adds the line; journal_line_release.
 * Bounds     LIMIT_DESCRIPTION_BYTES a line.
 * Errors     ERR_IO, ERR_USAGE (no place for it), ERR_LIMIT, ERR_NOMEM.
 * Writing    One write at the end of the file, under a lock, and synced: lines that are
 *            added at the same time stand one after the other, and none is there in part,
 *            but for the last one before a power loss.  Nothing that is there is changed.
 * Format     Each line begins with these members:
 *
 *   schemaVersion  1
 *   time           when it was written, RFC 3339 in UTC
 *   uid            the user that the process ran as; loginUid, if the kernel knows it, who had logged in
 *   program        the version of this program
 */
#ifndef BUNDLES_JOURNAL_FILE_H
#define BUNDLES_JOURNAL_FILE_H

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/js.h"
#include "common/stream.h"

struct journal_line {
	struct buf text;
	struct buf_stage stage;
	struct js_out out;
};

/* The line stays where it is from here on. */
enum err_code journal_line_begin(struct journal_line *l, struct err *err);
enum err_code journal_line_end(struct journal_line *l, struct err *err);
/* A zeroed one is fine. */
void journal_line_release(struct journal_line *l);
/* Before a command uses a bundle without asking the policy of this machine: a line with command, file, bundle and
 * overrides; bundle may be NULL.  Where that cannot be written, the policy is not passed over. */
enum err_code journal_bypass(const char *command, const char *file, const struct digest *bundle, struct err *err);
#endif
