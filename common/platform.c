#include "common/platform.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/mem.h"

#define PART_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

/* Other names of an architecture; some say the variant too, whatever else is said of it. */
static const struct {
	const char *name, *architecture, *variant; /* NULL: the variant stays */
} aliases[] = {
	{ "x86_64", "amd64", NULL },  { "x86-64", "amd64", NULL }, { "i386", "386", "" },
	{ "aarch64", "arm64", NULL }, { "armhf", "arm", "v7" },    { "armel", "arm", "v6" },
};

/* Other names of a variant, and variants that go without saying. */
static const struct {
	const char *architecture, *name, *variant;
} variants[] = {
	{ "amd64", "v1", "" }, { "arm64", "8", "" }, { "arm64", "v8", "" }, { "arm", "", "v7" },
	{ "arm", "5", "v5" },  { "arm", "6", "v6" }, { "arm", "7", "v7" },  { "arm", "8", "v8" },
};

/* What uname calls machines that the table above does not know. */
static const struct {
	const char *machine, *architecture, *variant;
} machines[] = {
	{ "i486", "386", "" },
	{ "i586", "386", "" },
	{ "i686", "386", "" },
	{ "armv5tel", "arm", "v5" },
	{ "armv6l", "arm", "v6" },
	{ "armv7l", "arm", "v7" },
	{ "armv8l", "arm", "v7" }, /* a 32-bit process on a 64-bit kernel: images for it are published as v7 */
	{ "loongarch64", "loong64", "" },
};

/* Put one part, in lower case, where it belongs. */
static enum err_code set_part(char *part, size_t size, const char *text, const char *what, struct err *err)
{
	size_t len = strlen(text), i;

	if (len >= size || strspn(text, PART_CHARACTERS) != len)
		return err_set(err, ERR_FORMAT,
			       "\"%.100s\" is no %s of a platform: it takes at most %zu letters, digits, \"_\", "
			       "\".\" and \"-\"",
			       text, what, size - 1);
	for (i = 0; i < len; i++)
		part[i] = (char)tolower((unsigned char)text[i]);
	part[len] = '\0';
	return ERR_OK;
}

static void normalise(struct platform *p)
{
	size_t i;

	if (strcmp(p->os, "macos") == 0)
		strcpy(p->os, "darwin");
	for (i = 0; i < COUNT_OF(aliases); i++) {
		if (strcmp(p->architecture, aliases[i].name) != 0)
			continue;
		strcpy(p->architecture, aliases[i].architecture);
		if (aliases[i].variant != NULL)
			strcpy(p->variant, aliases[i].variant);
		break;
	}
	for (i = 0; i < COUNT_OF(variants); i++) {
		if (strcmp(p->architecture, variants[i].architecture) != 0 || strcmp(p->variant, variants[i].name) != 0)
			continue;
		strcpy(p->variant, variants[i].variant);
		break;
	}
}

enum err_code platform_set(struct platform *ret_platform, const char *os, const char *architecture, const char *variant,
			   const char *os_version, struct err *err)
{
	struct platform p = { .os = "" };
	enum err_code code = set_part(p.os, sizeof(p.os), os, "operating system", err);

	if (code == ERR_OK)
		code = set_part(p.architecture, sizeof(p.architecture), architecture, "architecture", err);
	if (code == ERR_OK && variant != NULL)
		code = set_part(p.variant, sizeof(p.variant), variant, "variant", err);
	if (code == ERR_OK && os_version != NULL)
		code = set_part(p.os_version, sizeof(p.os_version), os_version, "OS version", err);
	if (code != ERR_OK)
		return code;
	if (p.os[0] == '\0' || p.architecture[0] == '\0')
		return err_set(err, ERR_FORMAT, "a platform needs an operating system and an architecture");
	normalise(&p);
	*ret_platform = p;
	return ERR_OK;
}

/* amd64, s390x, armhf: each has a digit or begins with arm.  linux, windows, host and all have none. */
static bool is_architecture(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 32 && strspn(text, PART_CHARACTERS) == len &&
	       (strpbrk(text, "0123456789") != NULL || strncmp(text, "arm", 3) == 0);
}

static enum err_code bad_text(const char *text, struct err *err)
{
	if (is_architecture(text))
		return err_set(err, ERR_FORMAT, "\"%s\" is no platform: write os/architecture, as in linux/%s", text,
			       text);
	return err_set(err, ERR_FORMAT,
		       "\"%.100s\" is no platform: write os/architecture or os/architecture/variant, as in "
		       "linux/amd64 or linux/arm/v7",
		       text);
}

static char *cut_at_slash(char *text)
{
	char *at = text != NULL ? strchr(text, '/') : NULL;

	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + 1;
}

enum err_code platform_parse(const char *text, struct platform *ret_platform, struct err *err)
{
	char os[PLATFORM_TEXT_MAX], *architecture, *variant;

	if (strchr(text, ',') != NULL)
		return err_set(err, ERR_FORMAT, "\"%.100s\" is a list, and one platform at a time is meant", text);
	if (strlen(text) >= sizeof(os))
		return bad_text(text, err);
	strcpy(os, text);
	architecture = cut_at_slash(os);
	variant = cut_at_slash(architecture);
	if (architecture == NULL || os[0] == '\0' || architecture[0] == '\0' || (variant != NULL && variant[0] == '\0'))
		return bad_text(text, err);
	return platform_set(ret_platform, os, architecture, variant, NULL, err);
}

const char *platform_format(const struct platform *p, char out[PLATFORM_TEXT_MAX])
{
	snprintf(out, PLATFORM_TEXT_MAX, "%s/%s%s%s", p->os, p->architecture, p->variant[0] != '\0' ? "/" : "",
		 p->variant);
	return out;
}

bool platform_equal(const struct platform *a, const struct platform *b)
{
	bool versions = a->os_version[0] != '\0' && b->os_version[0] != '\0';

	return strcmp(a->os, b->os) == 0 && strcmp(a->architecture, b->architecture) == 0 &&
	       strcmp(a->variant, b->variant) == 0 && (!versions || strcmp(a->os_version, b->os_version) == 0);
}

bool platform_match(const struct platform *wanted, const struct platform *have)
{
	return platform_equal(wanted, have);
}

enum err_code platform_host(struct platform *ret_platform, struct err *err)
{
	struct utsname name;
	size_t i;

	if (uname(&name) != 0)
		return err_errno(err, "uname");
	for (i = 0; i < COUNT_OF(machines); i++) {
		if (strcmp(name.machine, machines[i].machine) == 0)
			return platform_set(ret_platform, name.sysname, machines[i].architecture, machines[i].variant,
					    NULL, err);
	}
	return platform_set(ret_platform, name.sysname, name.machine, NULL, NULL, err);
}
