#include "bundles/tar.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 100
#define SIZE_LIMIT ((uint64_t)1 << 33) /* eleven octal digits end below 8 GiB */
#define CHECKSUM_AT 148

size_t tar_padding_bytes(uint64_t size_bytes)
{
	return (size_t)((TAR_BLOCK - size_bytes % TAR_BLOCK) % TAR_BLOCK);
}

size_t tar_header_bytes(const char *name, uint64_t size_bytes)
{
	return strlen(name) > NAME_BYTES || size_bytes >= SIZE_LIMIT ? TAR_HEADER_MAX : TAR_BLOCK;
}

static void ustar(unsigned char out[TAR_BLOCK], const char *name, uint64_t size_bytes, char type)
{
	char octal[16];
	unsigned sum = 0;
	size_t i;

	memset(out, 0, TAR_BLOCK);
	memcpy(out, name, strnlen(name, NAME_BYTES));
	memcpy(out + 100, "0000644\0000000000\0000000000", 24); /* mode, uid, gid */
	snprintf(octal, sizeof(octal), "%011" PRIo64, size_bytes);
	memcpy(out + 124, octal, 12);
	memcpy(out + 136, "00000000000\0        ", 20); /* time; the sum counts itself as spaces */
	out[156] = (unsigned char)type;
	memcpy(out + 257, "ustar\00000", 8);
	memcpy(out + 329, "0000000\0000000000", 16); /* device */
	for (i = 0; i < TAR_BLOCK; i++)
		sum += out[i];
	snprintf(octal, sizeof(octal), "%06o", sum);
	memcpy(out + CHECKSUM_AT, octal, 7);
}

/* "LEN key=value\n", where LEN counts itself. */
static size_t pax_record(char *out, size_t cap, const char *key, const char *value)
{
	size_t bare = strlen(key) + strlen(value) + 3, len = bare + 1;

	while (len != bare + (size_t)snprintf(NULL, 0, "%zu", len))
		len++;
	return (size_t)snprintf(out, cap, "%zu %s=%s\n", len, key, value);
}

size_t tar_header(const char *name, uint64_t size_bytes, unsigned char out[TAR_HEADER_MAX])
{
	char records[TAR_BLOCK + 1], digits[24];
	size_t len = 0;

	assert(strlen(name) <= TAR_NAME_MAX);
	if (tar_header_bytes(name, size_bytes) == TAR_BLOCK) {
		ustar(out, name, size_bytes, '0');
		return TAR_BLOCK;
	}
	snprintf(digits, sizeof(digits), "%" PRIu64, size_bytes);
	if (strlen(name) > NAME_BYTES)
		len += pax_record(records, sizeof(records), "path", name);
	if (size_bytes >= SIZE_LIMIT)
		len += pax_record(records + len, sizeof(records) - len, "size", digits);
	ustar(out, "PaxHeader", len, 'x');
	memset(out + TAR_BLOCK, 0, TAR_BLOCK);
	memcpy(out + TAR_BLOCK, records, len);
	ustar(out + 2 * (size_t)TAR_BLOCK, name, size_bytes < SIZE_LIMIT ? size_bytes : 0, '0');
	return TAR_HEADER_MAX;
}
