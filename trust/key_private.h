/* key_private.h - what a key is, for the parts of trust/key. */
#ifndef TRUST_KEY_PRIVATE_H
#define TRUST_KEY_PRIVATE_H

#include <openssl/evp.h>

#include "trust/key.h"

/* What RSA's signatures look like. */
enum padding { PADDING_ANY, PADDING_V15, PADDING_PSS };

struct trust_key {
	EVP_PKEY *pkey;        /* owned */
	OSSL_LIB_CTX *context; /* of OpenSSL, where pkey is at home; NULL: the usual one */
	/* Owned: what checks, of which each check has a copy and which never changes. */
	EVP_PKEY_CTX *over_hashes; /* NULL: Ed25519 */
	EVP_MD_CTX *over_bytes;    /* Ed25519 alone */
	char *name;                /* owned */
	int kind;                  /* EVP_PKEY_EC, EVP_PKEY_RSA, EVP_PKEY_RSA_PSS, EVP_PKEY_ED25519 */
	enum padding padding;
	enum trust_hash only;   /* the one hash that the details allow; TRUST_HASHES: any, and of Ed25519 none too */
	enum trust_hash common; /* the one that goes with such a key */
	unsigned char hash[TRUST_HASH_MAX];
	char id[TRUST_KEY_ID_SIZE];
};
#endif
