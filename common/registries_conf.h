/* registries_conf.h - registries.conf: where podman and skopeo fetch what a name says, mirrors first.
 *
 * Lifecycle  A zeroed struct is empty; registries_conf_load or _add;
 *            registries_conf_find; registries_conf_release.
 * Bounds     As toml.h says; LIMIT_REGISTRIES tables, LIMIT_ENDPOINTS mirrors each.
 * Ownership  What find gives is borrowed until the release.
 * Errors     ERR_FORMAT, ERR_UNSUPPORTED (version 1 of the format), ERR_LIMIT,
 *            ERR_NOMEM; messages name the file.  ERR_NOT_FOUND: the file that
 *            $CONTAINERS_REGISTRIES_CONF names is not there.
 * Source     containers-registries.conf(5), version 2, and
 *            containers-registries.conf.d(5).  Short names play no part: names
 *            are normalised as docker does it.  A prefix stands for
 *            repositories; one with a tag or digest in it matches nothing.
 */
#ifndef COMMON_REGISTRIES_CONF_H
#define COMMON_REGISTRIES_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/toml.h"

/* Where the names below a prefix really are. */
struct registry_location {
	char *location;          /* owned: "host[:port][/path]"; "" for where the name itself says */
	bool insecure;           /* TLS is not verified, and HTTP will do */
	bool tags, digest_names; /* as in struct endpoint */
};

struct registry_table {
	char *prefix; /* owned: "host[:port][/path]" or "*.domain" */
	char *from;   /* owned: the file, for messages */
	bool blocked;
	struct registry_location primary;
	struct registry_location *mirrors;
	size_t mirrors_len, mirrors_cap;
};

struct registries_conf {
	struct registry_table *tables;
	size_t len, cap;
};

/* Read $CONTAINERS_REGISTRIES_CONF and nothing else; or without it ~/.config/containers/registries.conf, or if there is
 * none, /etc/containers/registries.conf, and after it the *.conf in /etc/containers/registries.conf.d and
 * ~/.config/containers/registries.conf.d: a later table takes the place of an earlier one with its prefix. */
enum err_code registries_conf_load(struct registries_conf *c, struct err *err);
/* Add what one document says; what names it. */
enum err_code registries_conf_add(struct registries_conf *c, const struct toml *document, const char *what,
				  struct err *err);
/* The table of the longest prefix that a repository, "docker.io/library/alpine", lies under; NULL where there is none.
 */
const struct registry_table *registries_conf_find(const struct registries_conf *c, const char *repository);
/* The repository's name at a location of a table that it lies under. */
enum err_code registry_location_name(const struct registry_table *t, const struct registry_location *l,
				     const char *repository, char **ret_name, struct err *err);
void registries_conf_release(struct registries_conf *c);
#endif
