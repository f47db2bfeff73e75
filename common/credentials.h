/* credentials.h - a user name and a password or identity token, and how they are shown to a server.
 *
 * Lifecycle  Filled by auth_file.h, credential_helper.h or wallet.h; use;
 *            credentials_release.
 * Bounds     Each text at most LIMIT_SECRET_BYTES.
 * Ownership  The strings are the owner's; release wipes them before it frees.
 * Errors     ERR_NOMEM, ERR_LIMIT.  No message ever holds a secret.
 * Source     RFC 7617; docker's cliconfig.
 */
#ifndef COMMON_CREDENTIALS_H
#define COMMON_CREDENTIALS_H

#include <stdbool.h>

#include "common/err.h"

struct credentials {
	char *user, *password; /* both NULL: anonymous, but for an identity token */
	char *identity_token;  /* what a token service gave at a login, in place of the password; NULL for none */
	char *origin;          /* where they were found, for messages: "/root/.docker/config.json"; may be NULL */
};

/* False where the access is anonymous. */
bool credentials_given(const struct credentials *c);
enum err_code credentials_copy(const struct credentials *c, struct credentials *ret_copy, struct err *err);
/* "Basic …" for these credentials; the caller frees it by secret_free. */
enum err_code credentials_basic(const struct credentials *c, char **ret_header, struct err *err);
void credentials_release(struct credentials *c);
#endif
