/* serve_registry_path.h - what a path of the distribution API asks for.
 *
 * Lifecycle  serve_registry_path_read; look.  A plain value without anything to release.
 * Bounds     A name of SERVE_NAME_MAX bytes, what is asked for in it of SERVE_REFERENCE_MAX; paths that are longer ask
 *            for nothing that there could be.
 * Rules      A path is read from its end, so that components of a name may be called "manifests" or "blobs".  A name is
 *            path components as Docker has them; the first may be a registry: with capitals, a port, or in brackets.
 *            Nothing here is ever a path in a file system.
 * Source     OCI Distribution Specification 1.1, "Endpoints" and "Pulling manifests"; distribution/reference 0.6.
 */
#ifndef IMPORT_SERVE_REGISTRY_PATH_H
#define IMPORT_SERVE_REGISTRY_PATH_H

#include "common/reference.h"

#define SERVE_NAME_MAX (2 * REFERENCE_NAME_MAX + 1)
#define SERVE_REFERENCE_MAX (DIGEST_TEXT_SIZE - 1) /* a tag is shorter */

enum serve_registry_ask {
	SERVE_ASK_NOTHING, /* no path of this API */
	SERVE_ASK_API,     /* whether this is the API: /v2/ */
	SERVE_ASK_CATALOG,
	SERVE_ASK_TAGS,
	SERVE_ASK_MANIFEST,
	SERVE_ASK_BLOB,
	SERVE_ASK_REFERRERS,
	SERVE_ASK_UPLOAD,
};

struct serve_registry_path {
	enum serve_registry_ask ask;
	char name[SERVE_NAME_MAX + 1];           /* "" where it can be no name */
	char reference[SERVE_REFERENCE_MAX + 1]; /* a tag or digest, not checked; "" where it can be none */
};

/* Read a path, decoded and without a query. */
struct serve_registry_path serve_registry_path_read(const char *path);
#endif
