/* site.h - the folder that holds a site's trust: keys.d, revoked.d, policy.json.
 *
 * Lifecycle  site_folder, site_list and site_read stand alone; site_files_release.
 * Bounds     LIMIT_TRUST_FILES files in a folder; a file is read up to the maximum of the caller's buffer.
 * Ownership  Names are the list's.
 * Errors     ERR_UNPROVED where somebody else than root and the user who runs this could have written what is read;
 *            ERR_USAGE, ERR_NOT_FOUND, ERR_IO, ERR_LIMIT, ERR_NOMEM.
 * Trust      The folder is SITE_FOLDER.  Where that holds nothing, SITE_VARIABLE may name another one: so whoever sets
 *            the environment of somebody else's command can add demands where there are none, and take none away.
 *            Programs that run with more rights than their caller do not look at it.  Folder and files are opened first
 *            and looked at then, so what was judged is what is read.
 */
#ifndef TRUST_SITE_H
#define TRUST_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

#define SITE_FOLDER "/etc/bundle"
#define SITE_VARIABLE "BUNDLE_TRUST"
#define SITE_KEYS "keys.d"
#define SITE_REVOKED "revoked.d"
#define SITE_POLICY "policy.json"

struct site_files {
	char **names; /* owned */
	size_t len, cap;
};

/* Which folder it is; the text is not the caller's. */
enum err_code site_folder(const char **ret_path, struct err *err);
/* The names in one of its folders for which take says yes, sorted; none where the folder is not there. */
enum err_code site_list(const char *folder, bool (*take)(const char *name), struct site_files *ret_files,
			struct err *err);
/* Append the content of a file; folder is NULL for one that lies in the site's own. */
enum err_code site_read(const char *folder, const char *name, struct buf *out, struct err *err);
/* The same of a file anywhere, which what lies here names: nobody else may be able to write to it, or to its folder. */
enum err_code site_read_named(const char *path, struct buf *out, struct err *err);
/* "/etc/bundle/keys.d/acme.pem", for messages. */
enum err_code site_path(const char *folder, const char *name, char **ret_path, struct err *err);
/* A zeroed list is fine. */
void site_files_release(struct site_files *files);
#endif
