/* store.h - the embedded store: an OCI layout in a folder of its own, for sites without a daemon.
 *
 * Source  docs/architecture.md, "The embedded store".
 */
#ifndef IMPORT_STORE_H
#define IMPORT_STORE_H

#include "import/target.h"

/* For help. */
#define STORE_PLACE_TEXT                                                                                               \
	"The store is $BUNDLE_STORE, else /var/lib/bundle/store for root and ~/.local/share/bundle/store for others."

/* Where it is: $BUNDLE_STORE, else for root /var/lib/bundle/store, else $XDG_DATA_HOME/bundle/store, else
 * ~/.local/share/bundle/store. */
enum err_code store_path(char **ret_path, struct err *err);
/* Make the folder that holds the store, for its owner alone: what is in it may come from where few may look.  One that
 * is there stays as it is, and so does what holds a store that BUNDLE_STORE names.  A failure is left to whoever needs
 * the folder. */
void store_make_place(void);
/* Where imports are written down: journal.jsonl in the folder that holds the store; STORE.journal.jsonl where
 * BUNDLE_STORE names it, since that folder may be anybody's. */
enum err_code store_journal_path(char **ret_path, struct err *err);
/* The layout at path as a target; it is made where it is missing, but not before write. */
enum err_code target_store_new(const char *path, struct target **ret_target, struct err *err);
#endif
