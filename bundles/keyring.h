/* keyring.h - the public keys that count: those of the command line, and those of this machine.
 *
 * Lifecycle  keyring_load, look, keyring_release.
 * Bounds     KEYRING_MAX keys.
 * Ownership  The ring owns its keys.
 * Errors     Those of seal_key.h: a key that cannot be read is never passed over.
 *            ERR_UNPROVED where a machine has keys and the command line names
 *            none of them.
 * Source     The machine's keys are *.pem and *.pub in $BUNDLE_KEYS_D, which must be
 *            there, else in KEYS_FOLDER, which need not.  Where it has any, only
 *            they count: keys of the command line then choose among them.
 */
#ifndef BUNDLES_KEYRING_H
#define BUNDLES_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

#include "bundles/seal_key.h"
#include "common/err.h"
#include "common/opt.h"

#define KEYS_FOLDER "/etc/bundle/keys.d"
#define KEYRING_MAX ((size_t)1024)

struct keyring {
	struct seal_key **keys; /* owned */
	size_t len, cap;
};

/* Load the keys that count, given the files that the command line names. */
enum err_code keyring_load(const struct opt_list *files, struct keyring *ret_ring, struct err *err);
/* A zeroed ring is fine. */
void keyring_release(struct keyring *ring);
#endif
