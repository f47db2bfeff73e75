/* seal_passphrase.h - the passphrase of an encrypted key, from a person or from a file descriptor.
 *
 * Bounds     A passphrase has at most PASSPHRASE_MAX bytes.
 * Ownership  Nothing is kept: it goes into the memory of whoever asked.
 * Errors     ERR_USAGE (a word that is no descriptor).  In why: ERR_DENIED (nobody to ask), ERR_IO, ERR_LIMIT.
 */
#ifndef BUNDLES_SEAL_PASSPHRASE_H
#define BUNDLES_SEAL_PASSPHRASE_H

#include <stdbool.h>

#include "common/err.h"

#define PASSPHRASE_MAX 1000

struct passphrase {
	int fd;           /* whose first line it is; negative: ask on the terminal */
	const char *name; /* of the key, for the question */
	bool asked;       /* it was needed */
	struct err why;   /* why there was none */
};

/* For OpenSSL's PEM reader: arg is a struct passphrase.  Returns its length, or -1. */
int passphrase_ask(char *out, int cap, int rwflag, void *arg);
/* Read the text of --passphrase-fd: a number; NULL is the terminal. */
enum err_code passphrase_fd(const char *text, int *ret_fd, struct err *err);
#endif
