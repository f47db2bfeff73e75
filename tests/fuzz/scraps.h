/* scraps.h - a few blobs in one text, that name each other: what a fuzzer may change without breaking every digest.
 *
 * Lifecycle  scraps_read; look; scraps_release.
 * Bounds     SCRAPS_MAX scraps, SCRAPS_BYTES in all once they are written out.
 * Format     Scraps stand between lines "---".  The first byte says what a scrap is, the rest is its content:
 *              b  a blob; the first one is called a, then b, up to z
 *              other letters are for the target
 *            In any scrap "@x" stands for the digest of blob x, if that came before, and "#x" for its size.
 */
#ifndef TESTS_FUZZ_SCRAPS_H
#define TESTS_FUZZ_SCRAPS_H

#include <stddef.h>

#include "common/buf.h"
#include "common/digest.h"

#define SCRAPS_MAX 64
#define SCRAPS_BLOBS 26
#define SCRAPS_BYTES (1 << 20)

struct scrap {
	char kind;
	const char *bytes; /* NUL-terminated */
	size_t len;
	struct digest digest; /* of a blob */
};

struct scraps {
	struct scrap items[SCRAPS_MAX];
	size_t len;
	size_t blobs[SCRAPS_BLOBS]; /* places in items[] */
	size_t blobs_len;
	struct buf text[SCRAPS_MAX]; /* what bytes points to */
};

/* Read what there is; what is too much is left out. */
void scraps_read(struct scraps *p, const void *bytes, size_t len);
/* The blob of a digest, NULL if there is none. */
const struct scrap *scraps_find(const struct scraps *p, const struct digest *digest);
void scraps_release(struct scraps *p);
#endif
