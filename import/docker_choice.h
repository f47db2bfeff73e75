/* docker_choice.h - which part of a plan a Docker daemon is sent, and under which names.
 *
 * Lifecycle  docker_choice_init; docker_choice_see for each image; then
 *            docker_choice_make, once; look; docker_choice_release.
 * Bounds     Five bytes a node and two an image.
 * Ownership  The plan is borrowed; its skip[], lost[] and lost_referrers are filled in.
 * Errors     ERR_UNSUPPORTED (sha512: the daemon takes it and then does not find
 *            it again), ERR_NOMEM.
 * Rules      An image that is there whole, under its name, is not sent again: a
 *            repeated load leaves an untagged twin behind in the daemon.  One
 *            without its layers is, and so are referrers, since no answer of
 *            the daemon tells whether it has them; unless its content store can
 *            be asked, has all of it, and keeps each part by a label on what it
 *            belongs to.  A layer is not sent where the daemon says that an image
 *            manifest that lists it is available.
 *            Referrers are sent where the daemon keeps them and their chain of
 *            subjects is there; it takes none that is an index.  It walks
 *            without looking back, so that a circle would bring it down: a
 *            referrer that lists manifests is not sent, and one that was found
 *            before its subject is not tied to it.
 * Source     moby daemon/containerd/image_exporter.go and image_pull.go
 *            (referrersList): an index entry that is an inline attestation
 *            pushes aside what was known of its subject before.
 */
#ifndef IMPORT_DOCKER_CHOICE_H
#define IMPORT_DOCKER_CHOICE_H

#include "import/containerd.h"
#include "import/docker_image.h"
#include "import/plan.h"

struct docker_choice {
	struct plan *plan;        /* borrowed */
	bool referrers;           /* the daemon keeps them */
	struct containerd *store; /* the daemon's content, borrowed; NULL where it cannot be asked */
	uint32_t *place;          /* by node: where it was found among what the daemon may keep, from 1; 0 for never */
	bool *send;               /* by node: belongs to what is sent, though its bytes may be there */
	bool *there;              /* by image: whole at the daemon, under its name */
	bool *sends;              /* by image: has a place in the index that is sent */
	bool any;                 /* there is something to send */
};

enum err_code docker_choice_init(struct docker_choice *c, struct plan *plan, bool referrers, struct err *err);
/* Take in what the daemon knows of some image: layers of its available manifests need not be sent. */
void docker_choice_see(struct docker_choice *c, const struct docker_image *got);
enum err_code docker_choice_make(struct docker_choice *c, struct err *err);
/* True where the name points to the image already: the index must not name it again. */
bool docker_choice_named(const struct docker_choice *c, size_t image);
/* True for a link that is sent: referrer and subject are, and this daemon keeps it. */
bool docker_choice_ties(const struct docker_choice *c, const struct link *link);
/* Write the index that the daemon reads.  extra[] gets the indexes that it lists beside the plan's own: at most
 * DOCKER_EXTRA of them, whose blobs must be sent too. */
#define DOCKER_EXTRA 2
enum err_code docker_index_write(const struct docker_choice *c, struct buf extra[DOCKER_EXTRA], struct outstream *out,
				 struct err *err);
/* A zeroed choice is fine. */
void docker_choice_release(struct docker_choice *c);
#endif
