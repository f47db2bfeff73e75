#include "bundles/checksum.h"

#include <endian.h>
#include <string.h>

#define TURN_BYTES ((size_t)128)

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

/* The lanes do not wait for each other, and stand in registers meanwhile. */
static void add_stripes(struct checksum *c, const unsigned char *p, size_t stripes)
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

/* SHA-256 waits for its own results most of the time.  Where its turns are short enough for the processor to look past
 * them, all of this is done meanwhile; calls in between would be too long already, so whole stripes are added here. */
enum err_code checksum_add_proved(struct checksum *c, struct digest_stream *proof, const void *bytes, size_t len,
				  struct err *err)
{
	const unsigned char *p = bytes;
	enum err_code code = ERR_OK;

	if (proof == NULL) {
		checksum_add(c, bytes, len);
		return ERR_OK;
	}
	for (; code == ERR_OK && len >= TURN_BYTES && c->len_bytes % CHECKSUM_STRIPE_BYTES == 0; len -= TURN_BYTES) {
		code = digest_stream_update(proof, p, TURN_BYTES, err);
		add_stripes(c, p, TURN_BYTES / CHECKSUM_STRIPE_BYTES);
		c->len_bytes += TURN_BYTES;
		p += TURN_BYTES;
	}
	if (code == ERR_OK)
		code = digest_stream_update(proof, p, len, err);
	checksum_add(c, p, len);
	return code;
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
