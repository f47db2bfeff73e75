/* Which requirements count for a name: the order of containers/image, docker/policyconfiguration/naming.go. */
#include <stdlib.h>
#include <string.h>

#include "common/reference.h"
#include "common/text.h"
#include "trust/policy_private.h"

/* Longer than any full name. */
#define NAME_ROOM (2 * REFERENCE_NAME_MAX + REFERENCE_TAG_MAX + DIGEST_TEXT_SIZE + 4)

static int compare_name(const void *name, const void *scope)
{
	return strcmp(name, ((const struct policy_scope *)scope)->name);
}

static const struct policy_scope *find(const struct policy *p, const char *name)
{
	return p->scopes_len == 0 ? NULL : bsearch(name, p->scopes, p->scopes_len, sizeof(*p->scopes), compare_name);
}

/* Cut the tag or digest off; a colon before the last slash is a port's. */
static void cut_to_repository(char *name)
{
	char *slash = strrchr(name, '/'), *colon;

	name[strcspn(name, "@")] = '\0';
	colon = strchr(slash != NULL ? slash : name, ':');
	if (colon != NULL)
		*colon = '\0';
}

/* The repository, then each leading part of it, down to the registry, which is what is left in name. */
static const struct policy_scope *find_above(const struct policy *p, char *name)
{
	const struct policy_scope *found;
	char *slash;

	for (;;) {
		found = find(p, name);
		slash = strrchr(name, '/');
		if (found != NULL || slash == NULL)
			return found;
		*slash = '\0';
	}
}

/* The registry's domains, longest first, as *.example.com; a port is not part of them. */
static const struct policy_scope *find_wildcard(const struct policy *p, char *host)
{
	const struct policy_scope *found = NULL;
	char *dot;

	host[strcspn(host, ":")] = '\0';
	for (dot = strchr(host, '.'); found == NULL && dot != NULL; dot = strchr(dot + 1, '.')) {
		char wildcard[NAME_ROOM] = "*";

		strcpy(wildcard + 1, dot);
		found = find(p, wildcard);
	}
	return found;
}

/* *.example.com takes a component with a port, and one without. */
static bool is_domain_of(const char *wildcard, const char *component)
{
	char host[REFERENCE_COMPONENT_MAX];
	char *dash = strrchr(strcpy(host, component), '-');

	if (text_ends(host, wildcard + 1))
		return true;
	if (dash == NULL || dash[1 + strspn(dash + 1, "0123456789")] != '\0')
		return false;
	*dash = '\0';
	return text_ends(host, wildcard + 1);
}

/* How specific a scope is for a name of this component and what follows it; 0 where it is not for it.
 * *.example.com:5000 is no pattern, and for nothing. */
static size_t alike_len(const char *scope, const char *component, const char *rest)
{
	size_t host_len = strcspn(scope, "/"), rest_len = strlen(scope + host_len);
	char own[REFERENCE_COMPONENT_MAX];

	reference_component(scope, host_len, own);
	if (text_starts(own, "*."))
		return strpbrk(scope, ":/@") == NULL && is_domain_of(own, component) ? host_len : 0;
	if (strcmp(own, component) != 0 || !text_starts(rest, scope + host_len))
		return 0;
	return strchr("/:@", rest[rest_len]) != NULL ? REFERENCE_COMPONENT_MAX + rest_len : 0;
}

const struct policy_scope *policy_scope_alike(const struct policy *p, const char *name)
{
	size_t host_len = strcspn(name, "/"), best_len = 0, i;
	const struct policy_scope *best = NULL;
	char component[REFERENCE_COMPONENT_MAX];

	reference_component(name, host_len, component);
	for (i = 0; i < p->scopes_len; i++) {
		size_t len = alike_len(p->scopes[i].name, component, name + host_len);

		if (len > best_len) {
			best = &p->scopes[i];
			best_len = len;
		}
	}
	return best;
}

const struct policy_scope *policy_scope_of(const struct policy *p, const char *name)
{
	char work[NAME_ROOM];
	const struct policy_scope *found = find(p, name);

	if (found == NULL && strlen(name) < sizeof(work)) {
		strcpy(work, name);
		cut_to_repository(work);
		found = find_above(p, work);
		if (found == NULL)
			found = find_wildcard(p, work);
	}
	if (found == NULL)
		found = find(p, "");
	return found != NULL ? found : &p->fallback;
}
