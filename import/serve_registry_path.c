#include "import/serve_registry_path.h"

#include <stdbool.h>
#include <string.h>

#include "common/mem.h"

#define ROOT "/v2/"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define ALNUM LOWER "0123456789"

static const struct {
	const char *text;
	enum serve_registry_ask ask;
} verbs[] = {
	{ "/manifests/", SERVE_ASK_MANIFEST },
	{ "/blobs/", SERVE_ASK_BLOB },
	{ "/referrers/", SERVE_ASK_REFERRERS },
};

/* What may stand between letters and digits: '.', '_', "__", dashes. */
static size_t separator(const char *p)
{
	if (*p == '.')
		return 1;
	if (*p == '_')
		return p[1] == '_' ? 2 : 1;
	return strspn(p, "-");
}

static bool is_component(const char *p, size_t len)
{
	const char *end = p + len;

	for (;;) {
		size_t n = strspn(p, ALNUM);

		if (n == 0)
			return false;
		p += n;
		if (p >= end)
			return p == end;
		n = separator(p);
		if (n == 0)
			return false;
		p += n;
	}
}

/* No more than what can be a host and a port; whether there is one is not decided here. */
static bool is_registry(const char *p, size_t len)
{
	return len > 0 && strspn(p, ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZ.:-[]") >= len && *p != '.' && *p != '-' &&
	       memmem(p, len, "..", 2) == NULL;
}

static bool is_name(const char *name)
{
	const char *p = name;

	for (;;) {
		size_t len = strcspn(p, "/");

		if (!is_component(p, len) && (p != name || p[len] == '\0' || !is_registry(p, len)))
			return false;
		if (p[len] == '\0')
			return true;
		p += len + 1;
	}
}

static void set_name(struct serve_registry_path *p, const char *from, size_t len)
{
	if (len > SERVE_NAME_MAX)
		return;
	memcpy(p->name, from, len);
	p->name[len] = '\0';
	if (!is_name(p->name))
		p->name[0] = '\0';
}

static void set_reference(struct serve_registry_path *p, const char *from)
{
	size_t len = strlen(from);

	if (len <= SERVE_REFERENCE_MAX)
		memcpy(p->reference, from, len + 1);
}

/* Where the last occurrence of part begins, NULL where there is none. */
static const char *find_last(const char *text, const char *part)
{
	const char *found = NULL, *p;

	for (p = text; (p = strstr(p, part)) != NULL; p++)
		found = p;
	return found;
}

static bool read_verb(const char *rest, struct serve_registry_path *ret_path)
{
	const char *last = strrchr(rest, '/');
	size_t i;

	for (i = 0; last != NULL && i < COUNT_OF(verbs); i++) {
		const char *at = find_last(rest, verbs[i].text);

		if (at == NULL || at + strlen(verbs[i].text) != last + 1)
			continue;
		ret_path->ask = verbs[i].ask;
		set_name(ret_path, rest, (size_t)(at - rest));
		set_reference(ret_path, last + 1);
		return true;
	}
	return false;
}

static bool read_end(const char *rest, const char *end, enum serve_registry_ask ask,
		     struct serve_registry_path *ret_path)
{
	size_t len = strlen(rest), end_len = strlen(end);

	if (len < end_len || strcmp(rest + len - end_len, end) != 0)
		return false;
	ret_path->ask = ask;
	set_name(ret_path, rest, len - end_len);
	return true;
}

struct serve_registry_path serve_registry_path_read(const char *path)
{
	struct serve_registry_path p = { 0 };
	const char *rest = path + strlen(ROOT), *upload;

	if (strcmp(path, ROOT) == 0 || strcmp(path, "/v2") == 0) {
		p.ask = SERVE_ASK_API;
	} else if (strncmp(path, ROOT, strlen(ROOT)) != 0) {
		return p;
	} else if (strcmp(rest, "_catalog") == 0) {
		p.ask = SERVE_ASK_CATALOG;
	} else if ((upload = find_last(rest, "/blobs/uploads/")) != NULL) {
		p.ask = SERVE_ASK_UPLOAD;
		set_name(&p, rest, (size_t)(upload - rest));
	} else if (!read_end(rest, "/tags/list", SERVE_ASK_TAGS, &p)) {
		read_verb(rest, &p);
	}
	return p;
}
