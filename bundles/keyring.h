/* keyring.h - the public keys that count: those of the command line, and those of this machine.
 *
 * Lifecycle  keyring_load, look, keyring_release.
 * Bounds     KEYRING_MAX keys.
 * Ownership  The ring owns its keys.
 * Errors     Those of seal_key.h and trust/site.h: a key that cannot be read is never passed over.  ERR_UNPROVED where
 *            a machine has keys and the command line names none of them. ERR_FORMAT (a line beside a key that is none
 *            of those below, a folder without keys that holds one under another name), ERR_CONFLICT (a key that is
 *            there twice).
 * Format     The machine's keys are *.pem and *.pub in the keys.d of its trust
 *            (trust/site.h).  In front of a key there may be lines "Scope: PATTERN"
 *            (trust/scope.h), comments that begin with #, and blank lines, and nothing
 *            else, and behind it only such comments and lines: a word that was mistaken,
 *            or stands in the wrong place, must not make a scope wider.  Where none counts,
 *            a file of another name must not hold a public key, nor be one that
 *            cannot be read.
 * Trust      Where the machine has any key, only its keys count: those of the command
 *            line then choose among them, and the scope is the machine's.  A key of the
 *            command line alone has every name in its scope, and so has one of the
 *            machine without a Scope line.
 */
#ifndef BUNDLES_KEYRING_H
#define BUNDLES_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

#include "bundles/seal_key.h"
#include "common/err.h"
#include "common/opt.h"
#include "trust/scope.h"

#define KEYRING_MAX ((size_t)1024)

struct keyring_key {
	struct seal_key *key; /* owned */
	struct scope scope;
};

struct keyring {
	struct keyring_key *keys; /* owned; each key once, under however many names it was found */
	size_t len, cap;
};

/* Load the keys that count, given the files that the command line names. */
enum err_code keyring_load(const struct opt_list *files, struct keyring *ret_ring, struct err *err);
/* Only those of the machine. */
enum err_code keyring_load_machine(struct keyring *ret_ring, struct err *err);
/* Is this the name of a file in keys.d that counts? */
bool keyring_is_key(const char *name);
/* A key as it lies in keys.d; path names it in messages. */
enum err_code keyring_key_parse(const struct buf *pem, const char *path, struct keyring_key *ret_key, struct err *err);
/* Zeroed ones are fine. */
void keyring_key_release(struct keyring_key *k);
void keyring_release(struct keyring *ring);
#endif
