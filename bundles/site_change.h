/* site_change.h - keys, a policy and revocations put into a site's trust, and taken out of it.
 *
 * Lifecycle  One of the verbs below; each holds the site's lock while it looks and changes.
 * Ownership  What a verb says that it did is the caller's, for site_done_release.
 * Errors     ERR_USAGE (no name, no scope), ERR_CONFLICT (something else is there under this name, or the key under
 *            another), ERR_NOT_FOUND; those of keyring.h, trust/revoked.h and trust/site_edit.h.  After an error what
 *            was there counts as before, unless the last sync failed: then the new state does.
 */
#ifndef BUNDLES_SITE_CHANGE_H
#define BUNDLES_SITE_CHANGE_H

#include <stdbool.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/opt.h"

/* What is wanted of a key. */
struct site_wish {
	const char *name;              /* NULL: that of the file, without its end */
	const struct opt_list *scopes; /* none: those that stand in front of the key in its file, else all names */
	bool replace;                  /* another scope, or another key under the name */
};

struct site_done {
	char *path;           /* owned: the file that is there now, or no more */
	char *scope;          /* owned: of a key that was added */
	struct digest digest; /* what was revoked, or the fingerprint of a key; "" where it was not looked at */
	bool is_key;
	char *notes;    /* owned: what of a policy will hardly do what was meant, a line each; NULL for nothing */
	bool was_so;    /* nothing had to be changed */
	size_t is_left; /* how many keys the site has now */
};

enum err_code site_add_key(const char *file, const struct site_wish *wish, struct site_done *ret_done, struct err *err);
/* By its name, that of its file, or its fingerprint. */
enum err_code site_remove_key(const char *key, struct site_done *ret_done, struct err *err);
/* A policy that every image must pass, whatever options say.  What it names by relative paths must lie below the site's
 * folder. */
enum err_code site_add_policy(const char *file, bool replace, struct site_done *ret_done, struct err *err);
enum err_code site_remove_policy(struct site_done *ret_done, struct err *err);
/* A digest, a fingerprint, a file with a public key, or the name of one of the site's keys. */
enum err_code site_revoke(const char *what, const char *name, struct site_done *ret_done, struct err *err);
/* Take a revocation back, by its name or that of its file. */
enum err_code site_unrevoke(const char *name, struct site_done *ret_done, struct err *err);
/* A zeroed one is fine. */
void site_done_release(struct site_done *done);
#endif
