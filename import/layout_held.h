/* layout_held.h - what of a plan a layout has already, and whether the rest has room.
 *
 * Rule     What only has the name of a blob counts for nothing.  It is read and hashed, unless this program did so
 *          before and nobody has touched the file since, as common/layout_proved tells; then that proof counts.
 * Bounds   A thread for each processor, at most WORKERS_MAX; none beside this one where there is little to read.
 * Errors   None of layout_held_look: what cannot be read, or where memory is short, is not there, and is written anew.
 *          Those of bundles/room.h.
 */
#ifndef IMPORT_LAYOUT_HELD_H
#define IMPORT_LAYOUT_HELD_H

#include "common/layout.h"
#include "import/plan.h"

/* Set skip of every node of the plan's order; what is proved is noted. */
void layout_held_look(struct layout *l, struct plan *plan);
/* Before the first blob is written: whether all that the plan sends has room in a layout, or where one will be made. */
enum err_code layout_held_room(const char *path, const struct plan *plan, struct err *err);
#endif
