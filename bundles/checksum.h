/* checksum.h - the checksum of zstd frames: the lowest four bytes of an XXH64.
 *
 * Lifecycle  checksum_reset, checksum_add any number of times, checksum_value.
 * Bounds     None; nothing is allocated.
 * Errors     None.
 * Source     xxHash fast digest algorithm 0.1.1, XXH64, with seed 0; RFC 8878,
 *            3.1.1.
 */
#ifndef BUNDLES_CHECKSUM_H
#define BUNDLES_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"

#define CHECKSUM_LANES 4
#define CHECKSUM_STRIPE_BYTES ((size_t)32)

struct checksum {
	uint64_t lanes[CHECKSUM_LANES]; /* of whole stripes */
	uint64_t len_bytes;
	unsigned char held[CHECKSUM_STRIPE_BYTES]; /* of the stripe under way */
};

void checksum_reset(struct checksum *c);
void checksum_add(struct checksum *c, const void *bytes, size_t len);
/* The same, and the bytes are hashed, which are due there: in less time than one after the other. */
void checksum_add_hashed(struct checksum *c, struct digest_stream *d, const void *bytes, size_t len);

/* Bytes that go to a checksum and to a digest. */
struct checksum_turn {
	struct checksum *sum;         /* borrowed */
	struct digest_stream *digest; /* borrowed */
	const unsigned char *bytes;
	size_t len;
};
/* The same for two at once: in less time than for one after the other. */
void checksum_add_both(struct checksum_turn *a, struct checksum_turn *b);
/* Of what was added so far; more may be added. */
uint32_t checksum_value(const struct checksum *c);
/* The checksum of some bytes. */
uint32_t checksum_of(const void *bytes, size_t len);
#endif
