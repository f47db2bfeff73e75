/* tls.h - what a TLS connection trusts beside the system's certificates, and who it says is asking.
 *
 * Lifecycle  tls_init, fill it in, tls_release.
 * Bounds     LIMIT_ANSWER_BYTES of certificates.
 * Ownership  The settings own their texts.
 */
#ifndef COMMON_TLS_H
#define COMMON_TLS_H

#include <stdbool.h>

#include "common/buf.h"

struct tls {
	struct buf ca;    /* PEM: trusted beside the system's */
	bool ca_alone;    /* in place of the system's */
	char *cert, *key; /* owned: files in PEM; NULL for none.  key is cert where one file holds both */
	bool skip_verify; /* whoever answers is believed to be the one */
};

void tls_init(struct tls *t);
void tls_release(struct tls *t);
#endif
