/* serve_privileges.h - be somebody else, for good, once everything is open that needed privileges.
 *
 * Lifecycle  privileges_find; give away what that user is to have; privileges_drop.
 * Errors     ERR_USAGE (no such user, or not root), ERR_IO.
 */
#ifndef IMPORT_SERVE_PRIVILEGES_H
#define IMPORT_SERVE_PRIVILEGES_H

#include <sys/types.h>

#include "common/err.h"

struct privileges {
	const char *user; /* borrowed */
	uid_t uid;
	gid_t gid;
};

/* Those of a user, by name. */
enum err_code privileges_find(const char *user, struct privileges *ret_privileges, struct err *err);
/* Become that user, with the groups that are the user's; and never get more again. */
enum err_code privileges_drop(const struct privileges *privileges, struct err *err);
#endif
