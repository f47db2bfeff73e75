#include "trust/scope.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/reference.h"
#include "common/text.h"

#define BELOW "/*"

/* True where name goes on after part with this byte. */
static bool goes_on(const char *part, size_t len, const char *name, const char *with)
{
	return strncmp(name, part, len) == 0 && name[len] != '\0' && strchr(with, name[len]) != NULL;
}

static bool covers(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (strcmp(pattern, SCOPE_ALL) == 0)
		return true;
	if (text_ends(pattern, BELOW))
		return goes_on(pattern, len - strlen(BELOW), name, "/");
	return strcmp(pattern, name) == 0 || goes_on(pattern, len, name, ":@");
}

/* A pattern is right where a name that it covers is, and is normal already. */
static bool is_right(const char *pattern, const char *sample)
{
	CLEANUP(reference_release) struct reference ref = { 0 };

	return reference_parse_repository(sample, &ref, NULL) == ERR_OK &&
	       goes_on(ref.domain, strlen(ref.domain), sample, "/") &&
	       (text_ends(pattern, BELOW) || strcmp(sample + strlen(ref.domain) + 1, ref.path) == 0);
}

static enum err_code check(const char *pattern, struct err *err)
{
	CLEANUP(free_ptr) char *sample = NULL;
	bool below = text_ends(pattern, BELOW);
	enum err_code code;

	if (strcmp(pattern, SCOPE_ALL) == 0)
		return ERR_OK;
	code = str_format(&sample, err, "%.*s%s", (int)(strlen(pattern) - (below ? 1 : 0)), pattern, below ? "x" : "");
	if (code != ERR_OK || is_right(pattern, sample))
		return code;
	return err_set(err, ERR_FORMAT,
		       "\"%.300s\" is no scope: write * for every name, registry.example.com/* or "
		       "registry.example.com/base/* for those below, or a whole repository as in "
		       "docker.io/library/alpine",
		       pattern);
}

enum err_code scope_add(struct scope *s, const char *pattern, struct err *err)
{
	enum err_code code = check(pattern, err);

	if (code == ERR_OK)
		code = vec_grow(&s->patterns, &s->cap, s->len + 1, sizeof(*s->patterns), SCOPE_PATTERNS_MAX, err);
	if (code == ERR_OK)
		code = str_copy(pattern, &s->patterns[s->len], err);
	s->len += code == ERR_OK;
	return code;
}

bool scope_covers(const struct scope *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->len; i++) {
		if (covers(s->patterns[i], name))
			return true;
	}
	return false;
}

enum err_code scope_text(const struct scope *s, struct buf *out, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < s->len; i++)
		code = buf_printf(out, err, "%s%s", i > 0 ? ", " : "", s->patterns[i]);
	return code;
}

void scope_release(struct scope *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		free(s->patterns[i]);
	free(s->patterns);
	*s = (struct scope){ 0 };
}
