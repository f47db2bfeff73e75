/* location.h - where a REF of the command line says that images are.
 *
 * A transport's name comes first, as skopeo has them; a REF without one is an image in a registry:
 *
 *   [docker://]NAME[:TAG][@DIGEST]           a registry
 *   oci:DIR[:NAME][@DIGEST]                  an OCI image layout in a folder
 *   oci-archive:FILE[:NAME][@DIGEST]         the same in a tar archive
 *   docker-archive:FILE[:NAME][@DIGEST]      the same, as docker save writes it
 *   bundle:FILE[:NAME][@DIGEST]              a bundle
 *
 * The path ends at the first colon, as it does for skopeo.
 *
 * Lifecycle  location_parse; look; location_release.
 * Ownership  A location owns its strings.
 * Errors     ERR_USAGE, ERR_NOMEM.
 */
#ifndef EXPORT_LOCATION_H
#define EXPORT_LOCATION_H

#include "common/digest.h"
#include "common/err.h"

enum transport {
	TRANSPORT_REGISTRY,
	TRANSPORT_LAYOUT,
	TRANSPORT_ARCHIVE,
	TRANSPORT_BUNDLE,
};

struct location {
	enum transport transport;
	char *path;           /* owned; of a registry the whole reference */
	char *name;           /* owned: which of its images; NULL where that is not said */
	struct digest digest; /* "" where it is not said */
};

enum err_code location_parse(const char *text, struct location *ret_location, struct err *err);
/* A zeroed location is fine. */
void location_release(struct location *l);
#endif
