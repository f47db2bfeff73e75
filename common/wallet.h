/* wallet.h - which credentials there are for a repository: of the command line, of files, of helper programs.
 *
 * Lifecycle  wallet_new; wallet_find any number of times; wallet_free.
 * Order      --username of the host.  With --authfile that file, and no other.
 *            Else $DOCKER_AUTH_CONFIG (the text itself), $REGISTRY_AUTH_FILE,
 *            $XDG_RUNTIME_DIR/containers/auth.json (/run/containers/UID/auth.json
 *            without it), $XDG_CONFIG_HOME/containers/auth.json (~/.config
 *            without it), $DOCKER_CONFIG/config.json (~/.docker without it); a
 *            file that is missing, or says nothing of the repository, leaves it
 *            to the next.  In each "credHelpers" of the host, then
 *            "credsStore", then "auths".
 * Ownership  The login is borrowed, and NULL where the command line says
 *            nothing; credentials are the caller's.  A helper is asked once for
 *            each server, and its answer is kept.
 * Errors     Those of auth_file.h and credential_helper.h, with the file;
 *            ERR_NOT_FOUND (no --authfile), ERR_FORMAT, ERR_IO, ERR_LIMIT, ERR_NOMEM.
 * Source     docker's cliconfig; containers-auth.json(5).
 */
#ifndef COMMON_WALLET_H
#define COMMON_WALLET_H

#include <stdbool.h>

#include "common/credentials.h"
#include "common/login.h"

#define WALLET_ADVICE_MAX 512

struct wallet;

enum err_code wallet_new(const struct login *login, struct wallet **ret_wallet, struct err *err);
/* Something may be asked for at a host: mark the login of the command line that is meant for it. */
void wallet_expect(struct wallet *w, const char *host);
/* True where the command line gives the credentials for a host: no docker login changes them. */
bool wallet_has_login(const struct wallet *w, const char *host);
/* For the repository path at host[:port]; ret_credentials is zeroed where there are none. */
enum err_code wallet_find(struct wallet *w, const char *host, const char *path, struct credentials *ret_credentials,
			  struct err *err);
/* What a refusal by a host is to be told with: which credentials it was shown, or that there are none, and what may
 * help. Returns out. */
const char *wallet_advice(struct wallet *w, const char *host, const char *path, char out[WALLET_ADVICE_MAX]);
void wallet_free(struct wallet *w);
#endif
