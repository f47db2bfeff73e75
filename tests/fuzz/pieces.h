/* pieces.h - a few blobs in one text, that name each other: what a fuzzer may change without breaking every digest.
 *
 * Lifecycle  pieces_read; look; pieces_release.
 * Bounds     PIECES_MAX pieces, PIECES_BYTES in all once they are written out.
 * Format     Pieces stand between lines "---".  The first byte says what a piece is, the rest is its content:
 *              b  a blob; the first one is called a, then b, up to z
 *              other letters are for the target
 *            In any piece "@x" stands for the digest of blob x, if that came before, and "#x" for its size.
 */
#ifndef TESTS_FUZZ_PIECES_H
#define TESTS_FUZZ_PIECES_H

#include <stddef.h>

#include "common/buf.h"
#include "common/digest.h"

#define PIECES_MAX 64
#define PIECES_BLOBS 26
#define PIECES_BYTES (1 << 20)

struct piece {
	char kind;
	const char *bytes; /* NUL-terminated */
	size_t len;
	struct digest digest; /* of a blob */
};

struct pieces {
	struct piece items[PIECES_MAX];
	size_t len;
	size_t blobs[PIECES_BLOBS]; /* places in items[] */
	size_t blobs_len;
	struct buf text[PIECES_MAX]; /* what bytes points to */
};

/* Read what there is; what is too much is left out. */
void pieces_read(struct pieces *p, const void *bytes, size_t len);
/* The blob of a digest, NULL if there is none. */
const struct piece *pieces_find(const struct pieces *p, const struct digest *digest);
void pieces_release(struct pieces *p);
#endif
