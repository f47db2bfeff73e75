/* target.h - where images go: a daemon, a layout, a registry.
 *
 * Lifecycle  A target is made by its own function; then probe, write, read_back
 *            once each, in this order, or inventory alone; room between probe and write, or not; free at any time.
 * Ownership  The plan is borrowed throughout.
 * Errors     probe refuses before anything is written: ERR_UNSUPPORTED (this
 *            target cannot keep such images), ERR_CONFLICT (a name points
 *            elsewhere and replace was not asked for), ERR_NETWORK (nobody
 *            answers), ERR_MISSING.  write publishes a name only when everything
 *            under it is in place and proved.  read_back fills in what the
 *            target itself now answers; what differs from the plan is
 *            ERR_PARTIAL, described.
 */
#ifndef IMPORT_TARGET_H
#define IMPORT_TARGET_H

#include "common/holdings.h"
#include "import/plan.h"

struct target {
	/* Look at what is there: fills plan->images[].was and plan->skip[]. */
	enum err_code (*probe)(struct target *t, struct plan *plan, struct err *err);
	/* Whether all that is to be written has room, as write asks first; NULL where only the target knows. */
	enum err_code (*room)(struct target *t, const struct plan *plan, struct err *err);
	enum err_code (*write)(struct target *t, struct plan *plan, struct err *err);
	enum err_code (*read_back)(struct target *t, struct plan *plan, struct err *err);
	/* What is there, in place of all the above: added to h, which the caller sorts. */
	enum err_code (*inventory)(struct target *t, struct holdings *h, struct err *err);
	void (*free)(struct target *t);
	const char *place; /* names go below this, as in common/mapping.h; NULL where they stay as they are */
	bool keep_host;    /* likewise */
	char *name;        /* owned: "docker-daemon:/var/run/docker.sock (Docker 28.5.2)", for messages and reports */
};
#endif
