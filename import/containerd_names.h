/* containerd_names.h - the records of images in a containerd: one under the name, and one under repository@digest, by
 * which pods find an image that they ask for by digest; not in Docker's namespace, since Docker finds it anyway.
 *
 * Errors  Those of containerd.h.  names_read: ERR_PARTIAL for a record that does not say what it should.
 */
#ifndef IMPORT_CONTAINERD_NAMES_H
#define IMPORT_CONTAINERD_NAMES_H

#include "import/containerd.h"
#include "import/plan.h"

/* Fill in images[].was and runs.  In *ret_right: every record is there as it should be, and pinned where pin says so.
 */
enum err_code names_look(struct containerd *c, struct plan *plan, bool pin, bool *ret_right, struct err *err);
/* Give all names.  An image that loses its name stays under its digest; in Docker's namespace it is one without a name
 * then.  A record that says already what it should stays as it is. */
enum err_code names_give(struct containerd *c, struct plan *plan, bool pin, struct err *err);
/* Fill in images[image].is; target names the containerd in messages. */
enum err_code names_read(struct containerd *c, struct plan *plan, size_t image, const char *target, struct err *err);
#endif
