/* challenge.h - what a WWW-Authenticate header asks for.
 *
 * Bounds  Values longer than CHALLENGE_VALUE_MAX make the challenge count as none.
 * Source  RFC 9110 section 11; Docker Registry v2 token authentication.
 */
#ifndef COMMON_CHALLENGE_H
#define COMMON_CHALLENGE_H

#include <stdbool.h>

#define CHALLENGE_VALUE_MAX 2048

enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {
	enum challenge_scheme scheme;
	char realm[CHALLENGE_VALUE_MAX];
	char service[CHALLENGE_VALUE_MAX];
	char scope[CHALLENGE_VALUE_MAX];
};

/* Read one header, which may hold several challenges; a Bearer challenge counts before Basic, and none without its
 * realm. */
void challenge_parse(const char *header, struct challenge *ret_challenge);
/* True where both send to the same token service. */
bool challenge_alike(const struct challenge *c, const struct challenge *other);
/* Add the scopes of an earlier challenge that are not in this one behind its own, as far as there is room. */
void challenge_keep_scopes(struct challenge *c, const struct challenge *before);
#endif
