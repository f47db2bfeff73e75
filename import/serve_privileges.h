/* serve_privileges.h - be somebody else, for good, once everything is open that needed privileges.
 *
 * Errors  ERR_USAGE (no such user, or not root), ERR_IO.
 */
#ifndef IMPORT_SERVE_PRIVILEGES_H
#define IMPORT_SERVE_PRIVILEGES_H

#include "common/err.h"

/* Become a user, by name, with the groups that are the user's; and never get more again. */
enum err_code privileges_drop(const char *user, struct err *err);
#endif
