/* scope.h - the names for which somebody's word counts.
 *
 * Lifecycle  Zeroed, scope_add for every pattern, scope_covers, scope_release.
 * Bounds     SCOPE_PATTERNS_MAX patterns.
 * Ownership  A scope owns its patterns.
 * Errors     ERR_FORMAT for what is no pattern, ERR_LIMIT, ERR_NOMEM.
 * Format     A pattern is one of these, where (star) is an asterisk:
 *              (star)                             every name
 *              registry.acme.example/(star)       every name of a registry, at any depth
 *              registry.acme.example/base/(star)  every name below these whole path components
 *              docker.io/library/alpine           one repository, whatever tag or digest follows
 *            Names are full ones, so a pattern begins with a registry as they do: "alpine" covers nothing and is
 *            refused.
 */
#ifndef TRUST_SCOPE_H
#define TRUST_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

#define SCOPE_ALL "*"
#define SCOPE_PATTERNS_MAX ((size_t)1000)

struct scope {
	char **patterns; /* owned */
	size_t len, cap;
};

enum err_code scope_add(struct scope *s, const char *pattern, struct err *err);
/* Is a full normalised name within it?  Nothing is within an empty one. */
bool scope_covers(const struct scope *s, const char *name);
/* Append its patterns, with commas between them. */
enum err_code scope_text(const struct scope *s, struct buf *out, struct err *err);
/* A zeroed scope is fine. */
void scope_release(struct scope *s);
#endif
