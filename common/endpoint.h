/* endpoint.h - one place where a repository can be asked for: its URLs, how it is trusted, what it may answer.
 *
 * Lifecycle  endpoints_add makes one, zeroed; fill it in; endpoints_release.
 * Bounds     LIMIT_ENDPOINTS for one repository; LIMIT_HEADER_BYTES of headers each.
 * Ownership  An endpoint owns its texts.  Headers may hold secrets: they are
 *            wiped, and stand in no message.
 * Errors     ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 */
#ifndef COMMON_ENDPOINT_H
#define COMMON_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/tls.h"

struct endpoint {
	char *base;  /* owned: "https://host[:port]" */
	char *root;  /* owned: where its API begins, "https://host[:port]/v2" */
	char *host;  /* owned: "host[:port]", under which credentials and certificates are kept; "docker.io" */
	char *path;  /* owned: the repository there, "library/alpine" */
	char *query; /* owned: "ns=docker.io", which tells a mirror of several registries whose copy is meant; NULL */
	struct buf headers; /* sent with every request, as lines that end in \n */
	struct tls tls;
	unsigned connect_timeout_ms; /* 0: as everywhere */
	bool mirror;                 /* not the registry itself: what it lacks, another may have */
	bool instead;                /* the one before it in another way: asked only if that one has never answered */
	bool pulls;                  /* it may be asked for content, by digest */
	bool tags;                   /* it may say what a tag is */
	bool digest_names;           /* it may be asked for an image that its user names by digest */
	bool referrers;              /* what it says of referrers is looked at */
};

struct endpoints {
	struct endpoint *items;
	size_t len, cap;
};

/* One more, zeroed but for the maxima of its buffers; it stays where it is until the next is added. */
enum err_code endpoints_add(struct endpoints *e, struct endpoint **ret_endpoint, struct err *err);
void endpoints_release(struct endpoints *e);
/* Set base, root and host of a new one from "[http[s]://]host[:port][/path]".  The API begins at path/v2, or where the
 * path is its own root, at path. */
enum err_code endpoint_set_url(struct endpoint *e, const char *url, bool own_root, struct err *err);
/* The host that answers for a registry's name: docker.io's is another. */
const char *endpoint_host_of(const char *domain);
#endif
