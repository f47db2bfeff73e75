/* store_place.h - where this machine keeps what was imported, and writes down what was done.
 *
 * Ownership  Paths are the caller's.
 * Errors     ERR_USAGE (nothing says where), ERR_NOMEM.
 */
#ifndef BUNDLES_STORE_PLACE_H
#define BUNDLES_STORE_PLACE_H

#include "common/err.h"

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
#endif
