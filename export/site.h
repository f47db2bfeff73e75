/* site.h - what a site has already, by an earlier bundle, by inventories and by a list of what an import lacked.
 *
 * Lifecycle  site_open; site_leave_out once the images are known; site_release
 *            after the graph's last use.
 * Ownership  The marks in the graph borrow their strings from here.  What is
 *            wanted is borrowed.
 * Errors     ERR_USAGE (an image that is wanted and not exported); those of since.h, common/holdings.h and the sources.
 * Rules      Only layers are left out: manifests, configs, statements and
 *            referrers always travel.  What the site itself says counts before
 *            what it should have from an earlier bundle, and a layer that an
 *            import found missing always travels.
 *            Of an inventory that names manifests and no layers, as a daemon's
 *            does, those manifests are asked for that belong to a repository
 *            from which something is exported; layers of others travel.
 */
#ifndef EXPORT_SITE_H
#define EXPORT_SITE_H

#include "common/opt.h"
#include "export/gather.h"
#include "export/since.h"

struct site_options {
	const char *since;           /* an earlier bundle, or its description; NULL for none */
	struct opt_list have;        /* inventories */
	const struct holdings *want; /* what an import lacked; NULL for nothing */
	const char *want_file;       /* where that is written */
};

struct site_question;

struct site {
	const struct holdings *want;
	const char *want_file;
	struct since since;
	struct holdings *haves;
	size_t haves_len;
	struct holdings learned; /* layers of manifests that inventories name */
	struct site_question *questions;
};

enum err_code site_open(const struct site_options *options, struct site *s, struct err *err);
/* Every image that an import wanted is in the settled graph of what is exported, under its name and by its digest. */
enum err_code site_check_want(const struct site *s, const struct graph *g, struct err *err);
/* Mark in the settled graph of what is exported the layers that the site has; sources may be asked meanwhile. */
enum err_code site_leave_out(struct site *s, struct gather *g, struct err *err);
/* A zeroed one is fine. */
void site_release(struct site *s);
#endif
