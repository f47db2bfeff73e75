#include "common/text.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Characters that reorder or break the text around them: U+200E and U+200F, U+2028 to U+202E, U+2066 to U+2069.
 * They are e2, then these two bytes.  Unicode 15, chapter 23.2. */
static bool drives_layout(unsigned char second, unsigned char third)
{
	if (second == 0x80)
		return third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae);
	return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

/* Length of the UTF-8 sequence at p, 0 if there is none.  Unicode 15, table 3-7; C1 controls count as none. */
static size_t utf8_len(const unsigned char *p)
{
	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f ? 1 : 0;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return (p[1] & 0xc0) == 0x80 && !(p[0] == 0xc2 && p[1] < 0xa0) ? 2 : 0;
	if ((p[0] & 0xf0) == 0xe0) {
		if ((p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
			return 0;
		if (p[0] == 0xe2 && drives_layout(p[1], p[2]))
			return 0;
		return (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ? 0 : 3;
	}
	if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		if ((p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 || (p[3] & 0xc0) != 0x80)
			return 0;
		return (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ? 0 : 4;
	}
	return 0;
}

void text_clean(char *text)
{
	unsigned char *p = (unsigned char *)text;

	while (*p != '\0') {
		size_t len = utf8_len(p);

		if (len == 0)
			*p = '?';
		p += len == 0 ? 1 : len;
	}
}

bool text_glob(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

bool text_starts(const char *text, const char *part)
{
	return strncmp(text, part, strlen(part)) == 0;
}

bool text_ends(const char *text, const char *part)
{
	size_t text_len = strlen(text), part_len = strlen(part);

	return text_len >= part_len && memcmp(text + text_len - part_len, part, part_len) == 0;
}

const char *text_size(uint64_t size_bytes, char out[TEXT_SIZE_MAX])
{
	static const char units[][3] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)size_bytes / 1000;
	size_t unit = 0;
	unsigned tenths;

	if (size_bytes < 1000) {
		snprintf(out, TEXT_SIZE_MAX, "%" PRIu64 " B", size_bytes);
		return out;
	}
	for (; value >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		value /= 1000;
	tenths = (unsigned)(value * 10 + 0.5);
	snprintf(out, TEXT_SIZE_MAX, "%u.%u %s", tenths / 10, tenths % 10, units[unit]);
	return out;
}
