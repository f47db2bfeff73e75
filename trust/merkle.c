#include "trust/merkle.h"

#include <openssl/evp.h>
#include <string.h>

#define HASH_BYTES 32

static bool hash_of(unsigned char prefix, const void *left, size_t left_len, const void *right, size_t right_len,
		    unsigned char out[HASH_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context != NULL && EVP_DigestInit_ex(context, trust_hash_md(TRUST_SHA256), NULL) == 1 &&
		    EVP_DigestUpdate(context, &prefix, 1) == 1 && EVP_DigestUpdate(context, left, left_len) == 1 &&
		    EVP_DigestUpdate(context, right, right_len) == 1 && EVP_DigestFinal_ex(context, out, NULL) == 1;

	EVP_MD_CTX_free(context);
	return done;
}

static bool node_of(const unsigned char *left, const unsigned char *right, unsigned char out[HASH_BYTES])
{
	return hash_of(1, left, HASH_BYTES, right, HASH_BYTES, out);
}

enum err_code merkle_check(const struct sigstore_inclusion *proof, const struct buf *body, struct err *err)
{
	uint64_t at = proof->index, last = proof->tree_size - 1;
	unsigned char hash[HASH_BYTES];
	bool done = hash_of(0, buf_text(body), body->len, NULL, 0, hash);
	size_t i;

	if (proof->index >= proof->tree_size)
		return err_set(err, ERR_UNPROVED, "the inclusion proof is for a place outside of the log");
	for (i = 0; done && i < proof->hashes_len && last > 0; i++) {
		if ((at & 1) != 0 || at == last) {
			done = node_of(proof->hashes[i], hash, hash);
			for (; (at & 1) == 0 && at != 0; at >>= 1)
				last >>= 1;
		} else {
			done = node_of(hash, proof->hashes[i], hash);
		}
		at >>= 1;
		last >>= 1;
	}
	if (!done)
		return err_set(err, ERR_CRYPTO, "SHA-256 is not available");
	if (i != proof->hashes_len || last != 0 || memcmp(hash, proof->root_hash, HASH_BYTES) != 0)
		return err_set(err, ERR_UNPROVED, "the inclusion proof does not lead to the root of the log");
	return ERR_OK;
}
