#include "import/serve_engine_platform.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/js.h"
#include "common/mem.h"
#include "common/text.h"

#define FAILED "failed to parse platform: "

/* What Go's decoder says of a text that does not begin as JSON does. */
static enum err_code bad_start(const char *text, struct err *err)
{
	while (*text != '\0' && strchr(" \t\r\n", *text) != NULL)
		text++;
	if (*text == '\0')
		return err_set(err, ERR_USAGE, FAILED "unexpected end of JSON input");
	if (*text == '\'')
		return err_set(err, ERR_USAGE, FAILED "invalid character '\\'' looking for beginning of value");
	if (strchr("{[\"-0123456789tfn", *text) == NULL)
		return err_set(err, ERR_USAGE, FAILED "invalid character '%c' looking for beginning of value", *text);
	if (*text == '[')
		return err_set(err, ERR_USAGE, FAILED "json: cannot unmarshal array into Go value of type v1.Platform");
	if (*text == '"')
		return err_set(err, ERR_USAGE,
			       FAILED "json: cannot unmarshal string into Go value of type v1.Platform");
	return *text == '{' ? ERR_OK : err_set(err, ERR_USAGE, FAILED "it is no JSON object");
}

static enum err_code take_part(const struct json_t *json, const char *key, char out[ENGINE_PART_MAX], struct err *err)
{
	const char *text = js_string(json, key);

	if (text == NULL && js_has(json, key))
		return err_set(err, ERR_USAGE, FAILED "\"%s\" is no string", key);
	snprintf(out, ENGINE_PART_MAX, "%s", text != NULL ? text : "");
	return ERR_OK;
}

static enum err_code take_parts(const struct json_t *json, struct engine_platform *p, struct err *err)
{
	enum err_code code = take_part(json, "os", p->os, err);

	if (code == ERR_OK)
		code = take_part(json, "architecture", p->architecture, err);
	if (code == ERR_OK)
		code = take_part(json, "variant", p->variant, err);
	return code == ERR_OK ? take_part(json, "os.version", p->os_version, err) : code;
}

/* A part that is as long as it may be was cut, or is no platform that anybody has. */
static bool fits(const char *part)
{
	return strlen(part) < ENGINE_PART_MAX - 1;
}

enum err_code engine_platform_read(const char *json, struct engine_platform *ret_platform, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *value = NULL;
	struct engine_platform p = { .os = "" };
	struct err why = { 0 };
	enum err_code code = bad_start(json, err);

	if (code != ERR_OK)
		return code;
	if (js_read(json, strlen(json), "it", &value, &why) != ERR_OK)
		return err_set(err, why.code == ERR_NOMEM ? ERR_NOMEM : ERR_USAGE, FAILED "%s", why.msg);
	code = take_parts(value, &p, err);
	if (code != ERR_OK)
		return code;
	if (p.os[0] == '\0' && p.architecture[0] == '\0' &&
	    (p.variant[0] != '\0' || p.os_version[0] != '\0' || js_len(js_array(value, "os.features")) > 0))
		return err_set(err, ERR_USAGE,
			       "optional platform fields provided, but OS and Architecture are missing");
	if (p.os[0] == '\0' || p.architecture[0] == '\0')
		return err_set(err, ERR_USAGE, "both OS and Architecture must be provided");
	p.known = fits(p.os) && fits(p.architecture) && fits(p.variant) && fits(p.os_version) &&
		  platform_set(&p.normal, p.os, p.architecture, p.variant, p.os_version, NULL) == ERR_OK;
	*ret_platform = p;
	return ERR_OK;
}

void engine_platform_of(const struct platform *host, struct engine_platform *ret_platform)
{
	struct engine_platform p = { .normal = *host, .known = true };

	snprintf(p.os, sizeof(p.os), "%s", host->os);
	snprintf(p.architecture, sizeof(p.architecture), "%s", host->architecture);
	snprintf(p.variant, sizeof(p.variant), "%s", host->variant);
	*ret_platform = p;
}

const char *engine_platform_text(const struct engine_platform *p, char out[ENGINE_PLATFORM_TEXT_MAX])
{
	snprintf(out, ENGINE_PLATFORM_TEXT_MAX, "%.60s%s%.60s%s/%.50s%s%.50s", p->os,
		 p->os_version[0] != '\0' ? "(" : "", p->os_version, p->os_version[0] != '\0' ? ")" : "",
		 p->architecture, p->variant[0] != '\0' ? "/" : "", p->variant);
	return out;
}

/* True where `have` is for this architecture and variant, on the system that is wanted. */
static bool is_for(const struct platform *have, const struct platform *wanted, const char *architecture,
		   const char *variant)
{
	struct platform p;

	return platform_set(&p, wanted->os, architecture, variant, wanted->os_version, NULL) == ERR_OK &&
	       platform_equal(&p, have);
}

/* Tries variants from `first` down to `last`, "v7", "v6"; counts them in *rank until one fits. */
static bool fits_down(const struct platform *have, const struct platform *wanted, const char *architecture, int first,
		      int last, unsigned *rank)
{
	char variant[16];

	for (; first >= last; first--, (*rank)++) {
		snprintf(variant, sizeof(variant), "v%d", first);
		if (is_for(have, wanted, architecture, variant))
			return true;
	}
	return false;
}

/* The same for "v8.5", "v8.4", … "v8". */
static bool fits_minor(const struct platform *have, const struct platform *wanted, int major, int minor, unsigned *rank)
{
	char variant[24];

	for (; minor >= 0; minor--, (*rank)++) {
		snprintf(variant, sizeof(variant), minor > 0 ? "v%d.%d" : "v%d", major, minor);
		if (is_for(have, wanted, "arm64", variant))
			return true;
	}
	return false;
}

/* "v8.3": 8 and 3; what else is said is taken for v8. */
static void read_variant(const char *text, int *ret_major, int *ret_minor)
{
	*ret_major = text[0] == 'v' && text[1] == '9' ? 9 : 8;
	*ret_minor = text[0] == 'v' && isdigit((unsigned char)text[1]) && text[2] == '.' &&
				     isdigit((unsigned char)text[3]) && text[4] == '\0'
			     ? text[3] - '0'
			     : 0;
}

/* arm64/v9.n has what arm64/v8.(n+5) has, and runs 32-bit programs. */
static bool fits_arm64(const struct platform *have, const struct platform *wanted, unsigned *rank)
{
	int major, minor;

	read_variant(wanted->variant, &major, &minor);
	if (fits_minor(have, wanted, major, minor, rank))
		return true;
	if (major == 9 && fits_minor(have, wanted, 8, minor + 5, rank))
		return true;
	return fits_down(have, wanted, "arm", 8, 5, rank);
}

/* "v7": 7; 0 for what is no such variant. */
static int number_of(const char *variant)
{
	return variant[0] == 'v' && strspn(variant + 1, "0123456789") == 1 ? variant[1] - '0' : 0;
}

unsigned engine_platform_rank(const struct platform *wanted, const struct platform *have)
{
	unsigned rank = 1;
	int number = number_of(wanted->variant);
	bool found = false;

	if (platform_match(wanted, have))
		return 0;
	if (strcmp(wanted->architecture, "amd64") == 0)
		found = fits_down(have, wanted, "amd64", number - 1, 1, &rank) || is_for(have, wanted, "386", "");
	else if (strcmp(wanted->architecture, "arm") == 0)
		found = fits_down(have, wanted, "arm", number - 1, 5, &rank);
	else if (strcmp(wanted->architecture, "arm64") == 0)
		found = fits_arm64(have, wanted, &rank);
	return found ? rank : ENGINE_NO_RANK;
}
