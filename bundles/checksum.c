#include "bundles/checksum.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define TURN_BYTES ((size_t)128)
#define TURN_OF_BOTH_BYTES ((size_t)64)

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t turn(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static uint64_t read_8(const unsigned char *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return le64toh(value);
}

static uint32_t read_4(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return le32toh(value);
}

static uint64_t round_of(uint64_t lane, uint64_t input)
{
	return turn(lane + input * PRIME_2, 31) * PRIME_1;
}

/* The lanes do not wait for each other, and stand in registers meanwhile.  No call: see
 * checksum_add_hashed. */
__attribute__((always_inline)) static inline void add_stripes(struct checksum *c, const unsigned char *p,
							      size_t stripes)
{
	uint64_t a = c->lanes[0], b = c->lanes[1], d = c->lanes[2], e = c->lanes[3];

	for (; stripes > 0; stripes--, p += CHECKSUM_STRIPE_BYTES) {
		a = round_of(a, read_8(p));
		b = round_of(b, read_8(p + 8));
		d = round_of(d, read_8(p + 16));
		e = round_of(e, read_8(p + 24));
	}
	c->lanes[0] = a;
	c->lanes[1] = b;
	c->lanes[2] = d;
	c->lanes[3] = e;
}

void checksum_reset(struct checksum *c)
{
	c->len_bytes = 0;
	c->lanes[0] = PRIME_1 + PRIME_2;
	c->lanes[1] = PRIME_2;
	c->lanes[2] = 0;
	c->lanes[3] = 0 - PRIME_1;
}

void checksum_add(struct checksum *c, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t held = c->len_bytes % CHECKSUM_STRIPE_BYTES;

	c->len_bytes += len;
	if (held > 0) {
		size_t part = CHECKSUM_STRIPE_BYTES - held;

		part = part < len ? part : len;
		memcpy(c->held + held, p, part);
		p += part;
		len -= part;
		if (held + part < CHECKSUM_STRIPE_BYTES)
			return;
		add_stripes(c, c->held, 1);
	}
	add_stripes(c, p, len / CHECKSUM_STRIPE_BYTES);
	if (len % CHECKSUM_STRIPE_BYTES > 0)
		memcpy(c->held, p + (len - len % CHECKSUM_STRIPE_BYTES), len % CHECKSUM_STRIPE_BYTES);
}

static bool has_turn(const struct checksum_turn *t, size_t turn)
{
	return t->len >= turn && t->sum->len_bytes % CHECKSUM_STRIPE_BYTES == 0;
}

/* No call in between: see checksum_add_hashed. */
__attribute__((always_inline)) static inline void add_turn(struct checksum_turn *t, size_t turn)
{
	add_stripes(t->sum, t->bytes, turn / CHECKSUM_STRIPE_BYTES);
	t->sum->len_bytes += turn;
}

static void hash_turn(struct checksum_turn *t, size_t turn)
{
	digest_stream_hash(t->digest, t->bytes, turn);
	t->bytes += turn;
	t->len -= turn;
}

/* SHA-256 waits for its own results most of the time.  Where its turns are short enough for the processor to look past
 * them, all of the checksum is done meanwhile; with more calls in between they would be too long already. */
void checksum_add_hashed(struct checksum *c, struct digest_stream *d, const void *bytes, size_t len)
{
	struct checksum_turn t = { .sum = c, .digest = d, .bytes = bytes, .len = len };

	while (has_turn(&t, TURN_BYTES)) {
		add_turn(&t, TURN_BYTES);
		hash_turn(&t, TURN_BYTES);
	}
	checksum_add(c, t.bytes, t.len);
	digest_stream_hash(d, t.bytes, t.len);
}

/* While one digest waits for its own results, the other one works too: with turns of one block each, both are within
 * what the processor looks at. */
void checksum_add_both(struct checksum_turn *a, struct checksum_turn *b)
{
	while (has_turn(a, TURN_OF_BOTH_BYTES) && has_turn(b, TURN_OF_BOTH_BYTES)) {
		add_turn(a, TURN_OF_BOTH_BYTES);
		add_turn(b, TURN_OF_BOTH_BYTES);
		hash_turn(a, TURN_OF_BOTH_BYTES);
		hash_turn(b, TURN_OF_BOTH_BYTES);
	}
	checksum_add_hashed(a->sum, a->digest, a->bytes, a->len);
	checksum_add_hashed(b->sum, b->digest, b->bytes, b->len);
}

/* What the lanes have come to, or what stands for them where there was no whole stripe. */
static uint64_t join(const struct checksum *c)
{
	const uint64_t *l = c->lanes;
	uint64_t sum;
	size_t i;

	if (c->len_bytes < CHECKSUM_STRIPE_BYTES)
		return PRIME_5;
	sum = turn(l[0], 1) + turn(l[1], 7) + turn(l[2], 12) + turn(l[3], 18);
	for (i = 0; i < CHECKSUM_LANES; i++)
		sum = (sum ^ round_of(0, l[i])) * PRIME_1 + PRIME_4;
	return sum;
}

static uint64_t add_rest(uint64_t sum, const unsigned char *p, size_t len)
{
	for (; len >= 8; len -= 8, p += 8)
		sum = turn(sum ^ round_of(0, read_8(p)), 27) * PRIME_1 + PRIME_4;
	for (; len >= 4; len -= 4, p += 4)
		sum = turn(sum ^ read_4(p) * PRIME_1, 23) * PRIME_2 + PRIME_3;
	for (; len > 0; len--, p++)
		sum = turn(sum ^ *p * PRIME_5, 11) * PRIME_1;
	return sum;
}

uint32_t checksum_value(const struct checksum *c)
{
	uint64_t sum = add_rest(join(c) + c->len_bytes, c->held, c->len_bytes % CHECKSUM_STRIPE_BYTES);

	sum = (sum ^ sum >> 33) * PRIME_2;
	sum = (sum ^ sum >> 29) * PRIME_3;
	return (uint32_t)(sum ^ sum >> 32);
}

uint32_t checksum_of(const void *bytes, size_t len)
{
	struct checksum c;

	checksum_reset(&c);
	checksum_add(&c, bytes, len);
	return checksum_value(&c);
}
