/* hosts_toml.h - containerd's hosts.toml: the mirrors of a registry, and how each is asked.
 *
 * Bounds     As toml.h and endpoint.h say.
 * Errors     ERR_NOT_FOUND only where a certificate is named that is not there;
 *            ERR_FORMAT, ERR_UNSUPPORTED, ERR_LIMIT, ERR_NOMEM; messages name
 *            the file.  What containerd does not know yet is no error; a
 *            capability that nobody here knows grants nothing.
 * Source     containerd's docs/hosts.md and core/remotes/docker/config: folders
 *            ROOT/HOST_PORT_, ROOT/HOST:PORT, ROOT/_default; hosts in the order
 *            of the file, the server last; mirrors get ?ns=REGISTRY.
 */
#ifndef COMMON_HOSTS_TOML_H
#define COMMON_HOSTS_TOML_H

#include "common/endpoint.h"
#include "common/toml.h"

/* The folder of a registry under the root given, or where it is NULL, under ~/.config/containerd/certs.d or
 * /etc/containerd/certs.d; NULL where there is none.  is_default: the one for all registries, _default. */
enum err_code hosts_toml_find(const char *root, const char *domain, bool is_default, char **ret_folder,
			      struct err *err);
/* Add what a folder's hosts.toml says of a registry, paths unset; nothing where the folder has no such file.  url is
 * where the registry itself is where the file does not say it. */
enum err_code hosts_toml_read(const char *folder, const char *domain, const char *url, struct endpoints *e,
			      struct err *err);
/* The same of a document that is read already; what names it in messages. */
enum err_code hosts_toml_add(const struct toml *document, const char *folder, const char *what, const char *domain,
			     const char *url, struct endpoints *e, struct err *err);
#endif
