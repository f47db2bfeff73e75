/* target_layout.h - an OCI image layout in a folder as a target: the embedded store, or one that other tools read.
 *
 * Bounds     Those of common/layout.h.
 * Errors     Those of target.h, common/layout.h and bundles/profile.h.
 * Names      As entries have them: io.containerd.image.name, else ref.name.  An image that a name stood for before
 *            stays listed by its digest in a layout that other tools read, as they leave it themselves.
 * Tags       A tag of cosign's that stands for another manifest moves where the new one has all that it has: cosign
 *            adds signatures so.  Else it is a name like others.
 * Source     docs/architecture.md, "The embedded store"; bundles/profile.h.
 */
#ifndef IMPORT_TARGET_LAYOUT_H
#define IMPORT_TARGET_LAYOUT_H

#include "import/target.h"

enum layout_style {
	LAYOUT_STORE,   /* bundles/index.h: images by their full names, and referrers by their subjects */
	LAYOUT_GENERIC, /* bundles/profile.h: what every tool looks for */
};

/* The layout at path, called name in messages; it is made where it is missing, but not before write. */
enum err_code target_layout_new(const char *path, const char *name, enum layout_style style, struct target **ret_target,
				struct err *err);
#endif
