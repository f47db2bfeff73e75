/* credential_helper.h - ask one of docker's helper programs, docker-credential-NAME, for credentials.
 *
 * Bounds     The name has letters, digits, '.', '_' and '-' only, and is looked
 *            up in PATH; no shell is involved.  The answer has at most
 *            LIMIT_SECRET_BYTES, and comes within the limit of time, in which
 *            nothing else of this thread goes on.
 * Ownership  The credentials are the caller's.
 * Errors     ERR_DENIED (no such program, it failed, or it took too long),
 *            ERR_FORMAT, ERR_LIMIT, ERR_IO.  Each names the program.
 *            Nothing that it wrote is repeated: it may hold a secret.
 * Source     github.com/docker/docker-credential-helpers, "Development".
 */
#ifndef COMMON_CREDENTIAL_HELPER_H
#define COMMON_CREDENTIAL_HELPER_H

#include "common/credentials.h"

#define CREDENTIAL_HELPER_LIMIT_MS 30000

/* What helper NAME has for a server; ret_credentials is zeroed where it has none. */
enum err_code credential_helper_get(const char *name, const char *server, unsigned limit_ms,
				    struct credentials *ret_credentials, struct err *err);
#endif
