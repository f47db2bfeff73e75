/* ed25519ph.h - Ed25519 over a hash in place of the bytes themselves, which OpenSSL 3.0 does not have.
 *
 * Bounds  None: sizes are fixed.
 * Errors  ERR_UNPROVED, ERR_NOMEM.
 * Trust   Nothing here is secret: a signature is checked, and none is made.  The arithmetic is OpenSSL's, on whole
 *         numbers; the curve's is written here, and its tests hold it against OpenSSL's Ed25519, which has the same
 *         equation with another hash in it.
 * Source  RFC 8032, section 5.1: the equation without the cofactor, as OpenSSL and Go check it.
 */
#ifndef TRUST_ED25519PH_H
#define TRUST_ED25519PH_H

#include <stdbool.h>

#include "common/err.h"

#define ED25519_KEY_BYTES 32
#define ED25519_SIGNATURE_BYTES 64
#define ED25519_HASH_BYTES 64 /* SHA-512 */

/* Is this a signature by the key over the artifact with this SHA-512, in the form Ed25519ph without a context? */
enum err_code ed25519ph_check(const unsigned char key[ED25519_KEY_BYTES], const unsigned char hash[ED25519_HASH_BYTES],
			      const unsigned char signature[ED25519_SIGNATURE_BYTES], struct err *err);
/* Does [S]B = R + [k]A hold, where R and S are the signature's, A is the key's, and k is the hash of all that is
 * signed? */
enum err_code ed25519_equation(const unsigned char key[ED25519_KEY_BYTES], const unsigned char k[ED25519_HASH_BYTES],
			       const unsigned char signature[ED25519_SIGNATURE_BYTES], bool *ret_holds,
			       struct err *err);
#endif
