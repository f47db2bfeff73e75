/* bytes.h - numbers on disk: little endian, field by field, at any alignment.
 *
 * Source  RFC 8878 section 1.2: every number in the zstd format is little endian; ours follow it.
 */
#ifndef BUNDLES_BYTES_H
#define BUNDLES_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Write the lowest len bytes of value to out. */
static inline void put_le(unsigned char *out, size_t len, uint64_t value)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (unsigned char)(value >> (8 * i));
}

/* Read a number of len bytes, at most 8. */
static inline uint64_t get_le(const unsigned char *bytes, size_t len)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < len; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}
#endif
