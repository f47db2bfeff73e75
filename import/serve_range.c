#include "import/serve_range.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define UNIT "bytes="
#define SPACE " \t"

/* Digits, of which there must be some; what does not fit is as good as the largest that does. */
static bool read_number(const char **at, uint64_t *ret_value)
{
	uint64_t value = 0;
	const char *p = *at;

	for (; isdigit((unsigned char)*p); p++) {
		unsigned digit = (unsigned)(*p - '0');

		value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
	}
	if (p == *at)
		return false;
	*at = p;
	*ret_value = value;
	return true;
}

static struct serve_range part(uint64_t from_bytes, uint64_t end_bytes)
{
	return (struct serve_range){ SERVE_RANGE_PART, from_bytes, end_bytes };
}

static bool at_end(const char *p)
{
	return p[strspn(p, SPACE)] == '\0';
}

/* The last n bytes, or all of them where there are fewer. */
static struct serve_range read_suffix(const char *p, uint64_t size_bytes)
{
	struct serve_range whole = { SERVE_RANGE_WHOLE, 0, size_bytes };
	uint64_t n;

	if (!read_number(&p, &n) || !at_end(p))
		return whole;
	if (n == 0)
		return (struct serve_range){ .kind = SERVE_RANGE_NONE };
	if (size_bytes == 0)
		return whole;
	return part(n < size_bytes ? size_bytes - n : 0, size_bytes);
}

struct serve_range serve_range_of(const char *range, uint64_t size_bytes)
{
	struct serve_range whole = { SERVE_RANGE_WHOLE, 0, size_bytes };
	uint64_t first, last = UINT64_MAX;
	const char *p;

	if (range == NULL || strncasecmp(range, UNIT, strlen(UNIT)) != 0)
		return whole;
	p = range + strlen(UNIT);
	p += strspn(p, SPACE);
	if (*p == '-')
		return read_suffix(p + 1, size_bytes);
	if (!read_number(&p, &first) || *p++ != '-')
		return whole;
	if (!at_end(p) && (!read_number(&p, &last) || !at_end(p) || last < first))
		return whole;
	if (first >= size_bytes)
		return (struct serve_range){ .kind = SERVE_RANGE_NONE };
	return part(first, last < size_bytes - 1 ? last + 1 : size_bytes);
}

struct serve_range serve_range_if(const char *range, const char *if_range, const char *etag, uint64_t size_bytes)
{
	if (if_range != NULL && strcmp(if_range, etag) != 0)
		range = NULL;
	return serve_range_of(range, size_bytes);
}

bool serve_range_unchanged(const char *if_none_match, const char *etag)
{
	const char *p = if_none_match != NULL ? if_none_match : "";
	size_t len = strlen(etag);

	for (p += strspn(p, SPACE ","); *p != '\0'; p += strspn(p, SPACE ",")) {
		const char *end;

		if (*p == '*')
			return true;
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		if (strncmp(p, etag, len) == 0)
			return true;
		/* To the end of a tag in quotes, in which there may be commas; what is no tag ends at the next comma.
		 */
		end = *p == '"' ? strchr(p + 1, '"') : strchr(p, ',');
		if (end == NULL)
			return false;
		p = end + 1;
	}
	return false;
}
