/* attestations_place.h - where bundle attestations finds an image: a bundle, a store, a layout, a containerd or a
 * registry.
 *
 * Lifecycle  attestations_place_open; attestations_place_walk; ask .source, which answers at once;
 *            attestations_place_release.
 * Ownership  Options and references are borrowed.
 * Errors     ERR_NOT_FOUND (no such place or image), ERR_CONFLICT (several of one name), ERR_UNPROVED (a bundle's
 *            origin, or a policy), ERR_USAGE, and those of layout.h, reader.h, containerd.h, registry.h.
 * Network    A registry is asked, where one was named, and nobody else ever.
 */
#ifndef IMPORT_ATTESTATIONS_PLACE_H
#define IMPORT_ATTESTATIONS_PLACE_H

#include "bundles/admission.h"
#include "bundles/origin.h"
#include "bundles/reader.h"
#include "common/layout_images.h"
#include "import/containerd.h"
#include "import/site_registry.h"

#define ATTESTATIONS_FROM_TEXT                                                                                         \
	"a bundle file, store (the default), oci:DIR, oci-archive:FILE, docker-daemon:[SOCKET], containerd:[SOCKET] "  \
	"or docker://[HOST[:PORT][/PREFIX]]"

struct attestations_from {
	const char *from;            /* ATTESTATIONS_FROM_TEXT, but no Docker daemon; NULL for the store */
	const char *namespace;       /* of a containerd; NULL for the one that fits */
	struct origin_wanted origin; /* of a bundle */
	struct admission_wanted policies;
	const struct login *login;
	const struct endpoint_options *endpoints;
};

struct attestations_place {
	struct source *source; /* it answers at once */
	struct bundle *bundle;
	struct origin origin; /* of the bundle */
	struct admission admission;
	struct layout *layout;
	struct layout_survey survey;
	struct layout_images images; /* of the layout */
	struct containerd *containerd;
	struct site_registry site;
	struct source *repository; /* of the registry; source waits for it */
	struct reference ref;      /* what is asked for there */
};

/* True where from is the file of a bundle. */
bool attestations_from_bundle(const char *from);
/* Open the place; ref and name are the image's: of a registry its repository is opened. */
enum err_code attestations_place_open(const struct attestations_from *options, const struct reference *ref,
				      const char *name, struct attestations_place *p, struct err *err);
/* Walk the image into an initialised graph, and settle that; text is what the user calls it.  One out of a bundle,
 * a layout or the store must be accepted by the policies that count. */
enum err_code attestations_place_walk(struct attestations_place *p, const struct reference *ref, const char *name,
				      const char *text, struct graph *g, struct err *err);
/* A zeroed place is fine. */
void attestations_place_release(struct attestations_place *p);
#endif
