#include "common/challenge.h"

#include <string.h>
#include <strings.h>

/* RFC 9110 section 5.6.2. */
static size_t token_len(const char *p)
{
	return strspn(p, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

static const char *skip_blank(const char *p)
{
	return p + strspn(p, " \t,");
}

/* A token or quoted string at p into out; NULL where it is malformed or too long. */
static const char *read_value(const char *p, char out[CHALLENGE_VALUE_MAX])
{
	size_t len = 0;

	if (*p != '"') {
		len = token_len(p);
		if (len == 0 || len >= CHALLENGE_VALUE_MAX)
			return NULL;
		memcpy(out, p, len);
		out[len] = '\0';
		return p + len;
	}
	for (p++; *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		if (*p == '\0' || len + 1 >= CHALLENGE_VALUE_MAX)
			return NULL;
		out[len++] = *p;
	}
	out[len] = '\0';
	return p + 1;
}

static void keep(struct challenge *c, const char *key, size_t key_len, const char *value)
{
	const struct {
		const char *key;
		char *to;
	} fields[] = { { "realm", c->realm }, { "service", c->service }, { "scope", c->scope } };
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (key_len == strlen(fields[i].key) && strncasecmp(key, fields[i].key, key_len) == 0)
			memcpy(fields[i].to, value, strlen(value) + 1);
	}
}

/* RFC 9110 section 11.2: where parameters may stand, some schemes have one token68. */
static const char *skip_token68(const char *p)
{
	const char *start = p + strspn(p, " \t");
	size_t len = strspn(start, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
	const char *end = start + len + strspn(start + len, "=");

	end += strspn(end, " \t");
	return len > 0 && (*end == ',' || *end == '\0') ? end : p;
}

/* The parameters of one challenge; stops at the next scheme.  NULL where the header is malformed. */
static const char *read_parameters(const char *p, struct challenge *c)
{
	char value[CHALLENGE_VALUE_MAX];

	p = skip_token68(p);
	for (;;) {
		const char *key = skip_blank(p);
		size_t key_len = token_len(key);
		const char *equals = key + key_len + strspn(key + key_len, " \t");

		if (key_len == 0 || *equals != '=')
			return key; /* the end, or the name of another scheme */
		p = read_value(equals + 1 + strspn(equals + 1, " \t"), value);
		if (p == NULL)
			return NULL;
		keep(c, key, key_len, value);
	}
}

static enum challenge_scheme scheme_of(const char *name, size_t len)
{
	if (len == 6 && strncasecmp(name, "bearer", len) == 0)
		return CHALLENGE_BEARER;
	if (len == 5 && strncasecmp(name, "basic", len) == 0)
		return CHALLENGE_BASIC;
	return CHALLENGE_NONE;
}

/* A token service that is not named cannot be asked. */
static bool is_complete(const struct challenge *c)
{
	return c->scheme != CHALLENGE_BEARER || c->realm[0] != '\0';
}

void challenge_parse(const char *header, struct challenge *ret_challenge)
{
	const char *p = skip_blank(header);

	*ret_challenge = (struct challenge){ 0 };
	while (p != NULL && token_len(p) > 0) {
		struct challenge c = { .scheme = scheme_of(p, token_len(p)) };

		p = read_parameters(p + token_len(p), &c);
		if (p != NULL && c.scheme > ret_challenge->scheme && is_complete(&c))
			*ret_challenge = c;
	}
}

bool challenge_alike(const struct challenge *c, const struct challenge *other)
{
	return c->scheme == CHALLENGE_BEARER && other->scheme == CHALLENGE_BEARER &&
	       strcmp(c->realm, other->realm) == 0 && strcmp(c->service, other->service) == 0;
}

static bool has_scope(const char *scopes, const char *scope, size_t len)
{
	size_t one;

	for (scopes += strspn(scopes, " "); *scopes != '\0'; scopes += strspn(scopes, " ")) {
		one = strcspn(scopes, " ");
		if (one == len && memcmp(scopes, scope, len) == 0)
			return true;
		scopes += one;
	}
	return false;
}

void challenge_keep_scopes(struct challenge *c, const struct challenge *before)
{
	const char *scope = before->scope;
	size_t at = strlen(c->scope), len;

	for (scope += strspn(scope, " "); *scope != '\0'; scope += len + strspn(scope + len, " ")) {
		len = strcspn(scope, " ");
		if (has_scope(c->scope, scope, len) || at + 1 + len >= sizeof(c->scope))
			continue;
		if (at > 0)
			c->scope[at++] = ' ';
		memcpy(c->scope + at, scope, len);
		at += len;
		c->scope[at] = '\0';
	}
}
