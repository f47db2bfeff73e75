/* target_layout_private.h - what the files of target_layout.h share: the target, and what probe and write both look at. */
#ifndef IMPORT_TARGET_LAYOUT_PRIVATE_H
#define IMPORT_TARGET_LAYOUT_PRIVATE_H

#include "common/layout.h"
#include "import/target_layout.h"

struct target_layout {
	struct target target;
	enum layout_owner owner;
	char *path;
	struct layout *layout; /* NULL while there is none */
	bool moves_tags;       /* tags of cosign's move to less than they stand for, and may */
};

/* What names and cosign's tags stand for now, and what of that can be run there: before plan_check. */
enum err_code target_layout_look_at_names(struct target_layout *t, struct plan *plan, struct err *err);
/* Everything under one image, as the store now gives it. */
enum err_code target_layout_walk(struct source *stored, const struct image *image, struct graph *g, struct err *err);
#endif
