/* digest.h - OCI digests: the value, and the proof of a byte stream against it while it flows.
 *
 * Lifecycle  digest_stream: init, update any number of times, final once,
 *            release.  The bytes are unproven until final returns ERR_OK; until
 *            then the caller keeps them where nothing can use them.
 * Units      Sizes are bytes.  A digest is text: "sha256:" + 64 or "sha512:" +
 *            128 lowercase hex digits.
 * Bounds     Constant memory, whatever the length of the stream.
 * Ownership  The stream owns its hash state and keeps no caller pointer.
 * Errors     ERR_FORMAT (digest text), ERR_SIZE (too short or too long),
 *            ERR_DIGEST (content differs), ERR_NOMEM, ERR_CRYPTO.  A failed
 *            stream stays failed.
 * Source     OCI Image Specification 1.1, descriptor.md, "Digests".
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define DIGEST_TEXT_SIZE (7 + 128 + 1)

struct digest {
	char text[DIGEST_TEXT_SIZE]; /* validated; "" while unset */
};

/* The same in less than half of the room, for who keeps very many. */
struct digest_packed {
	unsigned char len; /* 0 while unset */
	unsigned char bytes[64];
};

struct digest_stream {
	struct evp_md_ctx_st *hash; /* owned; NULL outside init..final */
	uint64_t left_bytes;        /* declared, not yet seen */
	struct digest want;
	enum err_code failed; /* first failure; ERR_OK while healthy */
};

/* Read a digest; anything but a known algorithm and its exact count of lowercase hex digits is ERR_FORMAT. */
enum err_code digest_parse(const char *text, struct digest *ret_digest, struct err *err);
/* The part after "sha256:" or "sha512:"; "" while unset. */
const char *digest_hex(const struct digest *d);
/* The algorithm's name: "sha256" or "sha512"; "" while unset. */
const char *digest_algorithm(const struct digest *d);
/* True where both are set and the same. */
bool digest_equal(const struct digest *a, const struct digest *b);
void digest_pack(const struct digest *d, struct digest_packed *ret_packed);
struct digest digest_unpack(const struct digest_packed *p);
/* In the order of their texts. */
int digest_packed_compare(const struct digest_packed *a, const struct digest_packed *b);
/* The digest of bytes in memory, by the algorithm of like (sha256 where like is NULL). */
enum err_code digest_of(const void *bytes, size_t len, const struct digest *like, struct digest *ret_digest,
			struct err *err);
/* Prove bytes in memory. */
enum err_code digest_check(const void *bytes, size_t len, const struct digest *want, uint64_t size_bytes,
			   struct err *err);

/* Expect exactly size_bytes bytes whose digest is want. */
enum err_code digest_stream_init(struct digest_stream *d, const struct digest *want, uint64_t size_bytes,
				 struct err *err);
/* Hash the next len bytes; refuse them all if they overrun the declared size. */
enum err_code digest_stream_update(struct digest_stream *d, const void *chunk, size_t len, struct err *err);
/* The same in two steps, for who hashes in many small parts: so many bytes are due, or refused; and every one of them
 * is hashed.  A failure of that is told by final. */
enum err_code digest_stream_due(struct digest_stream *d, size_t len, struct err *err);
void digest_stream_hash(struct digest_stream *d, const void *chunk, size_t len);
/* Succeed only if the size is exact and the content matches. */
enum err_code digest_stream_final(struct digest_stream *d, struct err *err);
/* Free what init took.  A zeroed or already released stream is fine. */
void digest_stream_release(struct digest_stream *d);
#endif
