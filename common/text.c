#include "common/text.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_tail(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Unicode 15, table 3-7. */
size_t text_utf8_len(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (p[0] < 0x80)
		return p[0] != '\0';
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return is_tail(p[1]) ? 2 : 0;
	if ((p[0] & 0xf0) == 0xe0) {
		if (!is_tail(p[1]) || !is_tail(p[2]))
			return 0;
		return (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ? 0 : 3;
	}
	if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		if (!is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3]))
			return 0;
		return (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ? 0 : 4;
	}
	return 0;
}

/* Controls, C1 controls too, and what reorders or breaks the text around it: U+200E and U+200F, U+2028 to U+202E,
 * U+2066 to U+2069.  Unicode 15, chapter 23.2. */
static bool is_control(const unsigned char *p, size_t len)
{
	if (len == 1)
		return p[0] < 0x20 || p[0] == 0x7f;
	if (len == 2)
		return p[0] == 0xc2 && p[1] < 0xa0;
	if (len != 3 || p[0] != 0xe2)
		return false;
	if (p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae);
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

bool text_is_control(const char *text)
{
	return is_control((const unsigned char *)text, text_utf8_len(text));
}

void text_clean(char *text)
{
	while (*text != '\0') {
		size_t len = text_utf8_len(text);

		if (len == 0 || is_control((const unsigned char *)text, len)) {
			*text = '?';
			len = 1;
		}
		text += len;
	}
}

const char *text_shown(const char *text, char out[TEXT_SHOWN_MAX])
{
	snprintf(out, TEXT_SHOWN_MAX, "%s", text);
	text_clean(out);
	return out;
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

size_t text_hash(const char *text)
{
	uint64_t h = 14695981039346656037u;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
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

const char *text_time(int64_t seconds, char out[TEXT_TIME_MAX])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL || tm.tm_year < 1000 - 1900 ||
	    strftime(out, TEXT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
	return out;
}
