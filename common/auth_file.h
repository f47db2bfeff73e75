/* auth_file.h - what a config.json of docker or an auth.json of podman says of a repository.
 *
 * Lifecycle  Read the document with js_read; ask; release what was given.
 * Grammar    "auths" has entries by host ("ghcr.io"), by URL ("https://ghcr.io/v2/", which stands for its host) and by
 *            path ("quay.io/acme", for what is below it).  The longest path
 *            counts first, then the host as it is written, then a key that
 *            leads to it.  Docker Hub is https://index.docker.io/v1/, and
 *            docker.io.  An entry that holds nothing is skipped: that is what
 *            docker leaves where a helper has the secret.
 * Ownership  Helper names are borrowed from the document.
 * Errors     ERR_FORMAT, ERR_LIMIT, ERR_NOMEM, with the key and never with
 *            anything of the entry.
 * Source     docker's cliconfig, config.json; containers-auth.json(5).
 */
#ifndef COMMON_AUTH_FILE_H
#define COMMON_AUTH_FILE_H

#include <stdbool.h>

#include "common/credentials.h"

struct json_t;

/* The entry of "auths" for host[:port] and path; ret_credentials is zeroed where there is none. */
enum err_code auth_file_find(const struct json_t *config, const char *host, const char *path,
			     struct credentials *ret_credentials, struct err *err);
/* The helper that has the credentials of a host: of "credHelpers" (nth 0), of "credsStore" (nth 1); NULL for none. */
const char *auth_file_helper(const struct json_t *config, const char *host, unsigned nth);
/* Under which name a helper knows a host. */
const char *auth_file_server(const char *host);
/* True where two hosts are one: letters of either case, and the names of Docker Hub. */
bool auth_file_same_host(const char *one, const char *other);
#endif
