#include "common/reference.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN "index.docker.io"
#define OFFICIAL_PATH "library/"

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A reference cut into its parts, which point into one working copy; NULL for what is not there. */
struct parts {
	char *domain, *path, *tag, *digest;
};

/* How long the separator at p is: one dot, one or two underscores, any number of dashes; 0 where there is none. */
static size_t separator_len(const char *p)
{
	if (*p == '.')
		return 1;
	if (*p == '_')
		return p[1] == '_' ? 2 : 1;
	return strspn(p, "-");
}

/* How long the path component at p is, 0 where there is none. */
static size_t component_len(const char *p)
{
	size_t len = strspn(p, LOWER DIGITS);

	while (len > 0) {
		size_t gap = separator_len(p + len), more = strspn(p + len + gap, LOWER DIGITS);

		if (gap == 0 || more == 0)
			break;
		len += gap + more;
	}
	return len;
}

static bool path_is_valid(const char *path)
{
	for (;;) {
		size_t len = component_len(path);

		if (len == 0)
			return false;
		path += len;
		if (*path == '\0')
			return true;
		if (*path++ != '/')
			return false;
	}
}

/* How long the host name at p is: letters, digits and inner dashes, joined by dots. */
static size_t host_len(const char *p)
{
	size_t len = 0;

	for (;;) {
		size_t more = strspn(p + len, LOWER UPPER DIGITS "-");

		if (more == 0 || p[len] == '-' || p[len + more - 1] == '-')
			return 0;
		len += more;
		if (p[len] != '.')
			return len;
		len++;
	}
}

/* How long the IPv6 address in brackets at p is. */
static size_t ipv6_len(const char *p)
{
	size_t inner = strspn(p + 1, DIGITS "abcdefABCDEF:");

	return inner > 0 && p[1 + inner] == ']' ? inner + 2 : 0;
}

static bool domain_is_valid(const char *domain)
{
	size_t len = *domain == '[' ? ipv6_len(domain) : host_len(domain), digits;

	if (len == 0 || domain[len] == '\0')
		return len > 0;
	digits = strspn(domain + len + 1, DIGITS);
	return domain[len] == ':' && digits > 0 && domain[len + 1 + digits] == '\0';
}

/* Whether the first component of a name is meant as a domain, right or wrong. */
static bool means_domain(const char *component)
{
	return strpbrk(component, ".:" UPPER) != NULL || strcmp(component, "localhost") == 0;
}

static char *cut_at(char *text, char separator)
{
	char *at = strchr(text, separator);

	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + 1;
}

static void split(char *work, struct parts *ret_parts)
{
	struct parts p = { .path = work };
	char *rest;

	p.digest = cut_at(work, '@');
	rest = cut_at(work, '/');
	if (rest != NULL && means_domain(work)) {
		p.domain = work;
		p.path = rest;
	} else if (rest != NULL) {
		rest[-1] = '/';
	}
	p.tag = cut_at(p.path, ':');
	*ret_parts = p;
}

/* What people write instead of a reference, and is better answered than by the grammar. */
static enum err_code check_shape(const char *text, struct err *err)
{
	const char *scheme = strstr(text, "://");

	if (text[0] == '\0')
		return err_set(err, ERR_FORMAT, "it is empty; write it as registry.example.com/team/app:1.2");
	if (scheme != NULL && strspn(text, LOWER UPPER DIGITS "+-.") == (size_t)(scheme - text))
		return err_set(err, ERR_FORMAT, "a reference has no \"%.*s://\"; write \"%.200s\"",
			       (int)(scheme - text), text, scheme + 3);
	if (strlen(text) == 64 && strspn(text, DIGITS "abcdef") == 64)
		return err_set(err, ERR_FORMAT,
			       "64 hex digits alone are an image ID and no name; write app@sha256:%.200s", text);
	return ERR_OK;
}

static enum err_code check_domain(const char *domain, struct err *err)
{
	if (strlen(domain) > REFERENCE_NAME_MAX)
		return err_set(err, ERR_FORMAT, "its registry has %zu characters, and %d are the most", strlen(domain),
			       REFERENCE_NAME_MAX);
	if (!domain_is_valid(domain))
		return err_set(err, ERR_FORMAT,
			       "\"%.200s\" is no registry; write host, host:port or [IPv6]:port, as in "
			       "registry.example.com:5000/team/app",
			       domain);
	return ERR_OK;
}

static enum err_code check_path(const char *path, struct err *err)
{
	char lower[REFERENCE_NAME_MAX + 1] = "";
	size_t len = strlen(path), i;

	if (len > REFERENCE_NAME_MAX)
		return err_set(err, ERR_FORMAT, "its repository has %zu characters, and %d are the most", len,
			       REFERENCE_NAME_MAX);
	if (path_is_valid(path))
		return ERR_OK;
	for (i = 0; i < len; i++)
		lower[i] = (char)tolower((unsigned char)path[i]);
	if (path_is_valid(lower))
		return err_set(err, ERR_FORMAT, "a repository has no upper-case letters; write its path \"%s\"", lower);
	return err_set(
		err, ERR_FORMAT,
		"\"%s\" is no repository; write lower-case letters and digits, with one \".\" or \"_\", \"__\" or "
		"dashes between them and \"/\" between components, as in team/my-app",
		path);
}

bool reference_is_tag(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= REFERENCE_TAG_MAX && text[0] != '.' && text[0] != '-' &&
	       strspn(text, LOWER UPPER DIGITS "_.-") == len;
}

static enum err_code check_tag(const char *tag, struct err *err)
{
	size_t len = strlen(tag);

	if (len > REFERENCE_TAG_MAX)
		return err_set(err, ERR_FORMAT, "its tag has %zu characters, and %d are the most", len,
			       REFERENCE_TAG_MAX);
	if (!reference_is_tag(tag))
		return err_set(err, ERR_FORMAT,
			       "\"%s\" is no tag; write letters, digits, \"_\", \".\" and \"-\", the first no \".\" "
			       "or \"-\", as in app:1.2-rc1",
			       tag);
	return ERR_OK;
}

/* The parts as the reference they stand for, once each of them is proved right. */
static enum err_code settle(const struct parts *p, struct reference *ref, struct err *err)
{
	const char *domain = p->domain == NULL || strcmp(p->domain, LEGACY_DOMAIN) == 0 ? DEFAULT_DOMAIN : p->domain;
	bool official = strcmp(domain, DEFAULT_DOMAIN) == 0 && strchr(p->path, '/') == NULL;
	enum err_code code = str_format(&ref->path, err, "%s%s", official ? OFFICIAL_PATH : "", p->path);

	if (code == ERR_OK)
		code = check_path(ref->path, err);
	if (code == ERR_OK)
		code = str_copy(domain, &ref->domain, err);
	if (code == ERR_OK)
		code = str_copy(p->tag == NULL && p->digest == NULL ? "latest" : p->tag, &ref->tag, err);
	return code;
}

static enum err_code parse_parts(const struct parts *p, struct reference *ref, struct err *err)
{
	enum err_code code = p->domain != NULL ? check_domain(p->domain, err) : ERR_OK;

	if (code == ERR_OK)
		code = check_path(p->path, err); /* as it was written: "library/" comes later */
	if (code == ERR_OK && p->tag != NULL)
		code = check_tag(p->tag, err);
	if (code == ERR_OK && p->digest != NULL)
		code = digest_parse(p->digest, &ref->digest, err);
	return code == ERR_OK ? settle(p, ref, err) : code;
}

enum err_code reference_parse(const char *text, struct reference *ret_ref, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *work = NULL;
	struct parts parts;
	enum err_code code = check_shape(text, err);

	if (code == ERR_OK)
		code = str_copy(text, &work, err);
	if (code == ERR_OK) {
		split(work, &parts);
		code = parse_parts(&parts, &ref, err);
	}
	if (code == ERR_FORMAT)
		err_add(err, "\"%.300s\" is no image reference", text);
	if (code != ERR_OK)
		return code;
	*ret_ref = ref;
	ref = (struct reference){ 0 };
	return ERR_OK;
}

enum err_code reference_parse_repository(const char *text, struct reference *ret_ref, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	enum err_code code = reference_parse(text, &ref, err);
	const char *slash = strrchr(text, '/');

	if (code != ERR_OK)
		return code;
	if (strchr(text, '@') != NULL || strchr(slash != NULL ? slash : text, ':') != NULL)
		return err_set(err, ERR_FORMAT, "\"%.300s\" is an image; write its repository, %.255s/%.255s", text,
			       ref.domain, ref.path);
	free(take_ptr(&ref.tag)); /* the one that an image would have */
	*ret_ref = ref;
	ref = (struct reference){ 0 };
	return ERR_OK;
}

/* Ten thousand names are checked where a description is read, so the strings of a reference are not made for it. */
bool reference_is_name(const char *text)
{
	char work[2 * REFERENCE_NAME_MAX + 2 + DIGEST_TEXT_SIZE];
	struct digest digest;
	struct parts p;

	if (strlen(text) >= sizeof(work))
		return false;
	strcpy(work, text);
	split(work, &p);
	if (p.domain == NULL || strcmp(p.domain, LEGACY_DOMAIN) == 0 || check_domain(p.domain, NULL) != ERR_OK ||
	    check_path(p.path, NULL) != ERR_OK)
		return false;
	if (strcmp(p.domain, DEFAULT_DOMAIN) == 0 && strchr(p.path, '/') == NULL)
		return false;
	return p.tag != NULL ? p.digest == NULL && reference_is_tag(p.tag)
			     : p.digest != NULL && digest_parse(p.digest, &digest, NULL) == ERR_OK;
}

enum err_code reference_name(const struct reference *ref, char **ret_name, struct err *err)
{
	bool tagged = ref->tag != NULL;

	return str_format(ret_name, err, "%s/%s%s%s", ref->domain, ref->path, tagged ? ":" : "@",
			  tagged ? ref->tag : ref->digest.text);
}

enum err_code reference_asked(const char *text, char **ret_name, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	enum err_code code = reference_parse(text, &ref, err);

	if (code == ERR_FORMAT)
		return err_recode(err, ERR_USAGE);
	return code == ERR_OK ? reference_name(&ref, ret_name, err) : code;
}

enum err_code reference_text(const struct reference *ref, char **ret_text, struct err *err)
{
	bool tagged = ref->tag != NULL, pinned = ref->digest.text[0] != '\0';

	return str_format(ret_text, err, "%s/%s%s%s%s%s", ref->domain, ref->path, tagged ? ":" : "",
			  tagged ? ref->tag : "", pinned ? "@" : "", ref->digest.text);
}

enum err_code reference_repository(const struct reference *ref, char **ret_repository, struct err *err)
{
	return str_format(ret_repository, err, "%s/%s", ref->domain, ref->path);
}

const char *reference_familiar(const char *name)
{
	if (!text_starts(name, "docker.io/"))
		return name;
	name += strlen("docker.io/");
	return text_starts(name, "library/") && strchr(name + 8, '/') == NULL ? name + 8 : name;
}

/* A component begins and ends with a letter or digit, and so does an address where a zero stands for what "::" leaves
 * out. */
const char *reference_component(const char *registry, size_t len, char out[REFERENCE_COMPONENT_MAX])
{
	size_t at = 0, i;

	for (i = 0; i < len && i < REFERENCE_NAME_MAX; i++) {
		char c = registry[i];

		if (c == '[' || c == ']') {
			if (c == '[' ? i + 1 < len && registry[i + 1] == ':' : i > 0 && registry[i - 1] == ':')
				out[at++] = '0';
			continue;
		}
		out[at++] = c == ':' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
	}
	out[at] = '\0';
	return out;
}

enum err_code reference_copy(const struct reference *ref, struct reference *ret_copy, struct err *err)
{
	struct reference copy = { .digest = ref->digest };
	enum err_code code = str_copy(ref->domain, &copy.domain, err);

	if (code == ERR_OK)
		code = str_copy(ref->path, &copy.path, err);
	if (code == ERR_OK)
		code = str_copy(ref->tag, &copy.tag, err);
	if (code != ERR_OK) {
		reference_release(&copy);
		return code;
	}
	*ret_copy = copy;
	return ERR_OK;
}

void reference_release(struct reference *ref)
{
	free(ref->domain);
	free(ref->path);
	free(ref->tag);
	*ref = (struct reference){ 0 };
}
