/* target_layout.h - an OCI image layout in a folder as a target: the embedded store, or one that others write to.
 *
 * Bounds     Those of common/layout.h.
 * Errors     Those of target.h, common/layout.h and bundles/profile.h.
 * Names      As entries have them: io.containerd.image.name, else ref.name.  An image that a name stood for before
 *            stays listed by its digest in a layout that others write to, as they leave it themselves.
 * Tags       A tag of cosign's that stands for another manifest moves where the new one has all that it has: cosign
 *            adds signatures so.  Else it is a name like others; in the store it moves.
 * Source     docs/architecture.md, "The embedded store"; bundles/profile.h.
 */
#ifndef IMPORT_TARGET_LAYOUT_H
#define IMPORT_TARGET_LAYOUT_H

#include "import/target.h"

/* Whose it is: every tool reads both. */
enum layout_owner {
	LAYOUT_OURS,   /* the store: what no image leads to any more is waste */
	LAYOUT_SHARED, /* others may keep images there */
};

/* The layout at path, called name in messages; it is made where it is missing, but not before write. */
enum err_code target_layout_new(const char *path, const char *name, enum layout_owner owner, struct target **ret_target,
				struct err *err);
#endif
