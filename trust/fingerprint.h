/* fingerprint.h - what identifies a public key: the SHA-256 of its one form in DER.
 *
 * Errors  Those of pem.h; ERR_FORMAT for a text that is none, and for a key without a form.
 * Format  A digest, "sha256:" and 64 digits; or for people and in seals the same 32 bytes in base64.  One key has one
 *         fingerprint, however its file writes it: a curve by its name, a point uncompressed, as everybody writes them.
 * Source  RFC 5280, SubjectPublicKeyInfo; the hint of cosign's bundles is the same value.
 */
#ifndef TRUST_FINGERPRINT_H
#define TRUST_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/digest.h"
#include "common/err.h"

#define FINGERPRINT_TEXT_MAX 45 /* base64 of 32 bytes, and the NUL */

struct evp_pkey_st;

enum err_code fingerprint_of(struct evp_pkey_st *key, struct digest *ret_fingerprint, struct err *err);
/* Are these bytes in DER, which OpenSSL has read as a key, in that one form already?  Of the kinds alone that most
 * certificates have: ECDSA on P-256, P-384 and P-521, and Ed25519. */
bool fingerprint_is_form(const void *der, size_t len);
/* Of the one public key in a text (pem.h). */
enum err_code fingerprint_of_pem(const char *text, const char *name, struct digest *ret_fingerprint, struct err *err);
/* In base64. */
enum err_code fingerprint_text(const struct digest *fingerprint, char out[FINGERPRINT_TEXT_MAX], struct err *err);
/* Read it from base64; ERR_FORMAT for anything else. */
enum err_code fingerprint_parse(const char *text, struct digest *ret_fingerprint, struct err *err);
#endif
