#include "common/hex.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

void hex_encode(char *out, const unsigned char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

int hex_value(char digit)
{
	const char *at = digit > ' ' ? strchr(digits, digit | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}
