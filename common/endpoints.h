/* endpoints.h - where a repository is asked for: what options, hosts.toml, registries.conf and certs.d make of its
 * name.
 *
 * Lifecycle  endpoint_rules_load once; endpoints_find for each repository;
 *            endpoint_rules_release.  Zeroed rules know no registries.conf.
 * Ownership  Options are borrowed as long as the rules are used.
 * Order      A folder for the registry below the hosts directory counts before
 *            registries.conf, and that before the folder _default; what
 *            registries.conf blocks is blocked anyhow.  Mirrors stand in the
 *            order of their file, the registry itself stands last.
 * Errors     ERR_USAGE (options that exclude each other), ERR_DENIED (blocked), ERR_FORMAT (a location that does not
 *            begin with a host), and those of the files, which are named.
 */
#ifndef COMMON_ENDPOINTS_H
#define COMMON_ENDPOINTS_H

#include "common/endpoint.h"
#include "common/opt.h"
#include "common/reference.h"
#include "common/registries_conf.h"

struct endpoint_options {
	bool plain_http;  /* HTTP for registries that no file gives a scheme; on loopback without certificates always */
	bool skip_verify; /* whoever answers is believed */
	const char *certs_dir; /* HOST[:PORT] with certificates, in place of docker's and podman's folders; NULL for
				  those */
	const char *hosts_dir; /* HOST[:PORT]/hosts.toml, in place of containerd's folder; NULL for that */
};

/* The rows of a command's table that set them, in what type calls endpoints. */
#define ENDPOINT_OPTS(type)                                                                                            \
	{ "certs-dir", '\0',                                                                                           \
	  "DIR",       "look for certificates of registries in DIR/HOST[:PORT], not where docker does",                \
	  0,           OPT_SETS(type, endpoints.certs_dir) },                                                          \
		{ "hosts-dir", '\0',                                                                                   \
		  "DIR",       "look for mirrors in DIR/HOST[:PORT]/hosts.toml, not where containerd does",            \
		  0,           OPT_SETS(type, endpoints.hosts_dir) },                                                  \
		{ "plain-http",                                                                                        \
		  '\0',                                                                                                \
		  NULL,                                                                                                \
		  "ask registries over HTTP without TLS; loopback is asked so anyway, unless it has certificates",     \
		  0,                                                                                                   \
		  OPT_SETS(type, endpoints.plain_http) },                                                              \
	{                                                                                                              \
		"insecure-skip-tls-verify", '\0', NULL, "believe every registry, whatever its certificate is", 0,      \
			OPT_SETS(type, endpoints.skip_verify)                                                          \
	}

struct progress;

struct endpoint_rules {
	struct endpoint_options options;
	struct registries_conf conf;
};

enum err_code endpoint_rules_load(const struct endpoint_options *options, struct endpoint_rules *ret_rules,
				  struct err *err);
/* The endpoints of a reference's repository, at least one. */
enum err_code endpoints_find(const struct endpoint_rules *rules, const struct reference *ref,
			     struct endpoints *ret_endpoints, struct err *err);
void endpoint_rules_release(struct endpoint_rules *rules);
/* Warn of what is not verified. */
void endpoints_warn(const struct endpoint_options *options, struct progress *progress);
#endif
