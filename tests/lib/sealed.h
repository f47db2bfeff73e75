/* sealed.h - keys from PEM texts, and bundles that they have sealed.
 *
 * Ownership  Keys are the caller's, for seal_key_free.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_SEALED_H
#define TESTS_LIB_SEALED_H

#include <stdbool.h>

#include "bundles/reader.h"
#include "bundles/seal.h"

struct seal_key *sealed_key(const char *pem, bool is_private);
/* The text of a seal over the bundle's description. */
void sealed_text(const struct bundle *b, const char *pem, struct buf *out);
/* Seal the bundle in its place, and say in which slot. */
size_t sealed_by(const struct bundle *b, const char *pem);
#endif
