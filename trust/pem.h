/* pem.h - a text in PEM that holds one key, and nothing else in PEM.
 *
 * Bounds     The caller's: a text has been read already.  What stands behind a NUL does not count.
 * Ownership  The key is the caller's, for EVP_PKEY_free.
 * Errors     ERR_FORMAT (no key, more than one thing, a private key where a public one is wanted), ERR_NOMEM;
 *            messages begin with name.
 * Source     RFC 7468; cosign's own form is that of cosign.key.
 */
#ifndef TRUST_PEM_H
#define TRUST_PEM_H

#include <stdbool.h>

#include "common/err.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "

struct evp_pkey_st;

/* One thing in a text: which of several was meant, nobody could say.  what is wanted, "public" or "private". */
enum err_code pem_check_single(const char *text, const char *what, const char *name, struct err *err);
/* A private key that only cosign opens? */
bool pem_is_cosigns(const char *text);
/* For OpenSSL, which asks on the terminal else: what is public has no passphrase. */
int pem_no_passphrase(char *out, int out_size, int writing, void *ctx);
/* Read the one public key. */
enum err_code pem_read_public(const char *text, const char *name, struct evp_pkey_st **ret_key, struct err *err);
#endif
