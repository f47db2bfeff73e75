/* identity.h - who a certificate of Fulcio must be for: an identity and the issuer that vouched for it.
 *
 * Lifecycle  trust_identity_init; match; trust_identity_release.
 * Grammar    A regular expression is POSIX extended and must match the whole text,
 *            as if it stood between ^( and )$.  What only Go and Perl know, (?…) and
 *            \d, is refused: POSIX would silently take it for something else.
 * Bounds     Patterns and texts of LIMIT_TEXT_BYTES; {m,n} may make a pattern longer by LIMIT_REGEX_COPIES characters,
 *            written out.
 * Errors     ERR_FORMAT (a pattern that is none), ERR_LIMIT, ERR_NOMEM; ERR_UNPROVED from match.
 * Source     cosign's --certificate-identity, --certificate-oidc-issuer and their -regexp forms.
 */
#ifndef TRUST_IDENTITY_H
#define TRUST_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct trust_text_rule; /* one text, exact or by pattern */

struct trust_identity {
	struct trust_text_rule *identity, *issuer; /* owned; NULL: anything, but a certificate names one all the same */
	bool email_only;                           /* no other kind of name will do */
};

/* Make a rule: of each pair at most one is not NULL. */
enum err_code trust_identity_init(const char *identity, const char *identity_regexp, const char *issuer,
				  const char *issuer_regexp, struct trust_identity *ret_rule, struct err *err);
/* Is this who the rule wants? names are the certificate's subject alternative names: one of them must match. */
enum err_code trust_identity_match(const struct trust_identity *rule, char *const *names, size_t names_len,
				   const char *issuer, struct err *err);
/* What the rule wants, for people: "IDENTITY by ISSUER". */
enum err_code trust_identity_text(const struct trust_identity *rule, char **ret_text, struct err *err);
/* A zeroed rule is fine. */
void trust_identity_release(struct trust_identity *rule);
#endif
