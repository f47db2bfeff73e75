/* credentials.h - user names and passwords for registries, from docker's config.json.
 *
 * Lifecycle  credentials_find, use, credentials_release.
 * Ownership  The strings are the caller's; release wipes them before it frees.
 * Errors     ERR_FORMAT (the file is no config.json), ERR_IO, ERR_NOMEM.  No
 *            file and no entry are no errors: the access is anonymous.
 *            No message ever holds a secret.
 * Source     facts of docker's cliconfig: $DOCKER_CONFIG/config.json, else
 *            ~/.docker/config.json; "auths" by host, Docker Hub under
 *            https://index.docker.io/v1/.
 */
#ifndef COMMON_CREDENTIALS_H
#define COMMON_CREDENTIALS_H

#include "common/err.h"

struct credentials {
	char *user, *password; /* both NULL: anonymous */
};

/* What the config has for a registry's host[:port]. */
enum err_code credentials_find(const char *host, struct credentials *ret_credentials, struct err *err);
/* "Basic …" for these credentials; the caller frees it. */
enum err_code credentials_basic(const struct credentials *c, char **ret_header, struct err *err);
void credentials_release(struct credentials *c);
#endif
