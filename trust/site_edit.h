/* site_edit.h - changes to a site's trust, a file at a time, each of them whole or not at all.
 *
 * Lifecycle  site_lock, then look and change, then close the descriptor.
 * Errors     ERR_NOT_FOUND, ERR_CONFLICT (somebody else is changing it), ERR_IO, ERR_NOMEM;
 *            those of site.h.
 * Names      A name has letters, digits, dots, dashes and underscores, begins with none of
 *            the last three, and has at most SITE_NAME_MAX bytes.
 * Writing    A file is written beside its place, synced and renamed: whoever reads
 *            meanwhile, or after a crash, has the old one or the new one, and what is left
 *            of an unfinished one counts for nothing.
 */
#ifndef TRUST_SITE_EDIT_H
#define TRUST_SITE_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define SITE_NAME_MAX 100

/* Keep others from changing the site's folder until *ret_fd is closed.  Where it is missing it is made, or nothing can
 * be removed from it: an empty one says that anything goes. */
enum err_code site_lock(bool make, int *ret_fd, struct err *err);
/* Take it away again where nothing lies in it. */
void site_unmake(void);
/* Put a file there, in place of one that is there. */
enum err_code site_put(const char *folder, const char *name, const void *bytes, size_t len, struct err *err);
enum err_code site_remove(const char *folder, const char *name, struct err *err);
bool site_is_name(const char *text);
/* How long the name of a file is without the end that says what is in it, .pem, .pub or .list. */
size_t site_stem_len(const char *name);
#endif
