/* sigstore_mock_private.h - what the parts of the mock share. */
#ifndef TESTS_LIB_SIGSTORE_MOCK_PRIVATE_H
#define TESTS_LIB_SIGSTORE_MOCK_PRIVATE_H

#include <check.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/buf.h"
#include "tests/lib/sigstore_mock.h"

#define BIG ((size_t)1 << 20)
#define LOG_HOST "rekor.acme.example"

struct authority {
	EVP_PKEY *key;
	X509 *certificate;
	X509 *above; /* borrowed: goes into its timestamps where its own does; NULL: none */
};

struct mock {
	struct authority ca, other_ca, tsa_ca, tsa, other_tsa, tsa_between, far_tsa, ca_between, tls_between;
	EVP_PKEY *ctlog, *tlog1, *tlog2, *other_log, *signer;
};

#define mock_put(out, ...) ck_assert_int_eq(buf_printf(out, NULL, __VA_ARGS__), ERR_OK)

/* The caller's to free. */
char *mock_base64(const void *bytes, size_t len);
void mock_put_base64(struct buf *out, const void *bytes, size_t len);
void mock_add(struct buf *out, const void *bytes, size_t len);
void mock_add_number(struct buf *out, uint64_t value, size_t bytes);
void mock_sha256(const void *bytes, size_t len, unsigned char out[32]);

/* A signature by a key; its public half in DER. */
struct buf mock_signature(EVP_PKEY *key, const void *bytes, size_t len);
struct buf mock_spki(EVP_PKEY *key);
/* Who issues the signer's certificate. */
const struct authority *mock_issuer(const struct mock *m, const struct mock_wish *w);
/* An authority's certificate once more, with these limits; for X509_free. */
X509 *mock_limited(const struct authority *a, const struct authority *by, const struct mock_limits *limits);
/* The signer's certificate, with an SCT, and a timestamp over bytes. */
struct buf mock_leaf(struct mock *m, const struct mock_wish *w);
struct buf mock_timestamp(const struct authority *tsa, const struct buf *bytes, int64_t time, bool embedded);
#endif
