/* docker_content.h - which layers a Docker daemon has, asked of its content store.
 *
 * The daemon's answers about images give no layer's digest: that an image is whole is all they tell.  So a layer that
 * another image has too, or an interrupted load left, would be sent again.  The content store knows each by its digest.
 *
 * Ways       The daemon's own socket, for reading only, since Docker 29.2; before that its containerd's, where this
 *            process may open it: root's, on the same machine.  A daemon that is reached by TCP is asked nothing.
 * Lifecycle  docker_content_open; docker_content_look; docker_content_keep before anything is sent;
 *            docker_content_close once the import is over.
 * Errors     ERR_NOMEM.  A store that cannot be asked is no error: nothing is known of it then, and more is sent.
 * Trust      Whoever says that a layer is there is believed: without it the image is not whole, and reading back shows
 *            it.
 * Source     containerd api/services/content/v1; moby, daemon/server, "grpc".
 */
#ifndef IMPORT_DOCKER_CONTENT_H
#define IMPORT_DOCKER_CONTENT_H

#include "import/containerd.h"
#include "import/docker.h"
#include "import/plan.h"

struct docker_content {
	struct containerd *store; /* NULL where nobody can be asked */
	bool leases;              /* it lets us keep what is there */
	bool *found;              /* by node of the plan: a layer that was seen there */
};

enum err_code docker_content_open(struct docker *d, struct docker_content *ret_content, struct err *err);
/* Mark in plan->skip the layers that are there, those too that the bundle leaves out. */
enum err_code docker_content_look(struct docker_content *content, struct plan *plan, struct err *err);
/* Keep what was seen from being collected until docker_content_close, where the store lets us; of what is gone by now
 * plan->skip is taken back. */
enum err_code docker_content_keep(struct docker_content *content, struct plan *plan, struct err *err);
/* A zeroed one is fine. */
void docker_content_close(struct docker_content *content);
#endif
