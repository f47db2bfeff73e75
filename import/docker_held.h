/* docker_held.h - which manifests a Docker daemon has, whatever image brought them.
 *
 * Ways       The daemon's content store, where it can be asked (docker_content.h); else what the daemon says of each of
 *            its images, one after the other.  Of what no image leads to that tells nothing: the daemon collects it.
 * Bounds     LIMIT_DESCRIPTION_BYTES for the list of images, LIMIT_MANIFEST_BYTES for each.
 * Errors     Those of docker.h; ERR_FORMAT for a list that is none.
 * Source     Docker Engine API 1.48, ImageList and ImageInspect.
 */
#ifndef IMPORT_DOCKER_HELD_H
#define IMPORT_DOCKER_HELD_H

#include "import/docker.h"
#include "import/docker_content.h"
#include "import/target.h"

enum err_code docker_held_look(struct docker *d, const struct docker_content *content, const struct plan *plan,
			       struct target_question *questions, size_t len, struct err *err);
#endif
