#include "trust/protojson.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base64.h"
#include "common/limits.h"
#include "common/mem.h"

enum err_code protojson_decode(const char *text, struct buf *out, struct err *err)
{
	size_t len = strlen(text), padded = (len + 3) / 4 * 4, i;
	CLEANUP(free_ptr) char *plain = NULL;
	bool has_padding = strchr(text, '=') != NULL;

	if (strpbrk(text, "-_") == NULL && len % 4 == 0)
		return base64_decode(text, out, err);
	plain = malloc(padded + 1);
	if (plain == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++)
		plain[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	if (has_padding)
		padded = len;
	memset(plain + len, '=', padded - len);
	plain[padded] = '\0';
	return base64_decode(plain, out, err);
}

enum err_code protojson_bytes(const struct json_t *object, const char *key, struct buf *out, struct err *err)
{
	const char *text = js_string(object, key);
	enum err_code code;

	if (text == NULL)
		return err_set(err, ERR_FORMAT, "no %s", key);
	code = protojson_decode(text, out, err);
	return code == ERR_OK ? code : err_add(err, "%s", key);
}

static bool parse_uint(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (value > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return *text == '\0';
}

enum err_code protojson_uint(const struct json_t *object, const char *key, uint64_t *ret_value, struct err *err)
{
	const char *text = js_string(object, key);
	uint64_t value = 0;

	if (js_has(object, key) && !(text != NULL ? parse_uint(text, &value) : js_uint(object, key, &value)))
		return err_set(err, ERR_FORMAT, "%s is no number from 0 to 2^63-1", key);
	*ret_value = value;
	return ERR_OK;
}

/* So many digits, and what stands behind them; *at goes behind both. */
static bool take_digits(const char **at, size_t digits, char behind, int max, int *ret_value)
{
	int value = 0;

	for (; digits > 0; digits--, ++*at) {
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (**at - '0');
	}
	if (behind != '\0' && *(*at)++ != behind)
		return false;
	*ret_value = value;
	return value <= max;
}

/* "Z", or how far a local time is ahead: "+02:00". */
static bool parse_offset(const char *text, int *ret_seconds)
{
	int sign = *text == '-' ? -1 : 1, hours = 0, minutes = 0;

	*ret_seconds = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	text++;
	if (!take_digits(&text, 2, ':', 23, &hours) || !take_digits(&text, 2, '\0', 59, &minutes) || *text != '\0')
		return false;
	*ret_seconds = sign * (hours * 60 + minutes) * 60;
	return true;
}

/* "2022-12-31T23:59:59.999Z" */
static bool parse_time(const char *text, int64_t *ret_time)
{
	struct tm tm = { 0 };
	int ahead = 0;

	if (!take_digits(&text, 4, '-', 9999, &tm.tm_year) || !take_digits(&text, 2, '-', 12, &tm.tm_mon) ||
	    !take_digits(&text, 2, 'T', 31, &tm.tm_mday) || !take_digits(&text, 2, ':', 23, &tm.tm_hour) ||
	    !take_digits(&text, 2, ':', 59, &tm.tm_min) || !take_digits(&text, 2, '\0', 60, &tm.tm_sec))
		return false;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (!parse_offset(text, &ahead) || tm.tm_mon == 0 || tm.tm_mday == 0)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret_time = (int64_t)timegm(&tm) - ahead;
	return true;
}

enum err_code protojson_time(const struct json_t *object, const char *key, int64_t fallback, int64_t *ret_time,
			     struct err *err)
{
	const char *text = js_string(object, key);

	if (!js_has(object, key)) {
		*ret_time = fallback;
		return ERR_OK;
	}
	if (text == NULL || !parse_time(text, ret_time))
		return err_set(err, ERR_FORMAT, "%s is no time as 2026-01-31T12:00:00Z", key);
	return ERR_OK;
}

enum err_code protojson_text(const struct json_t *object, const char *key, char **ret_text, struct err *err)
{
	const char *text = js_string(object, key);

	if (text == NULL || *text == '\0')
		return err_set(err, ERR_FORMAT, "no %s", key);
	if (strlen(text) > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_LIMIT, "%s of more than %d bytes", key, LIMIT_TEXT_BYTES);
	return str_copy(text, ret_text, err);
}

enum err_code protojson_object(const struct json_t *object, const char *key, const struct json_t **ret_object,
			       struct err *err)
{
	*ret_object = js_object(object, key);
	return *ret_object == NULL && js_has(object, key) ? err_set(err, ERR_FORMAT, "%s is no object", key) : ERR_OK;
}

enum err_code protojson_array(const struct json_t *object, const char *key, const struct json_t **ret_array,
			      struct err *err)
{
	*ret_array = js_array(object, key);
	return *ret_array == NULL && js_has(object, key) ? err_set(err, ERR_FORMAT, "%s is no list", key) : ERR_OK;
}
