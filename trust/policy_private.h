/* policy_private.h - what a policy is made of; for the modules that read and judge by it.
 *
 * Ownership  A policy owns its document, from which texts and values are borrowed, and its signers, which
 *            requirements borrow: the same keys in a thousand scopes are one set of signers, read once.
 */
#ifndef TRUST_POLICY_PRIVATE_H
#define TRUST_POLICY_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/js.h"
#include "common/platform.h"
#include "trust/condition.h"
#include "trust/identity.h"
#include "trust/key.h"
#include "trust/policy.h"
#include "trust/root.h"
#include "trust/signed_identity.h"
#include "trust/sigstore.h"
#include "trust/strict.h"

/* Who may have signed: any of these keys, or any of these identities as a root vouches for them. */
struct policy_signers {
	char *source; /* owned: the members of the requirement that name them, as JSON: what tells sets apart */
	char *text;   /* owned: for people, "by key release.pub" */
	struct trust_key **keys; /* owned */
	size_t keys_len;
	struct trust_root *root;           /* owned; NULL: none */
	struct trust_identity *identities; /* owned */
	size_t identities_len;
	struct trust_material material; /* the same as trust_verify wants it */
	struct trust_wanted wanted;
};

enum requirement_kind {
	REQUIRE_ANYTHING,    /* insecureAcceptAnything */
	REQUIRE_REJECT,      /* reject */
	REQUIRE_GPG,         /* signedBy, which never holds here */
	REQUIRE_SIGNATURE,   /* sigstoreSigned */
	REQUIRE_ATTESTATION, /* attestation */
};

struct policy_requirement {
	enum requirement_kind kind;
	char *place;             /* owned: where it stands, a JSON Pointer */
	const char *unsupported; /* why it never holds: a form that is not verified here; NULL */
	const struct policy_signers
		*signers;                /* borrowed; NULL where it needs none, and in transports that are not judged */
	struct signed_identity identity; /* of a signature */
	const char **types; /* owned; of an attestation: patterns of its predicate's type, one of which must match */
	size_t types_len;
	struct platform *platforms; /* owned: for which it must be there; none: for all */
	size_t platforms_len;
	struct condition conditions;
};

/* What counts for the names of one scope. */
struct policy_scope {
	const char *name;                        /* "" for the default of the transport; NULL for that of the policy */
	char *place;                             /* owned */
	struct policy_requirement *requirements; /* owned */
	size_t len;
};

struct policy {
	char *path, *folder;     /* owned: of its file, and what goes before relative paths: "/etc/bundle/", or "" */
	struct json_t *document; /* owned */
	struct policy_scope fallback;
	struct policy_scope *scopes; /* owned: of the transport docker, by name */
	size_t scopes_len;
	struct policy_signers **signers; /* owned */
	size_t signers_len, signers_cap;
	size_t files; /* how many were read */
	bool is_site; /* the site's own, which believes no file that others can write to */
	char **notes; /* owned */
	size_t notes_len, notes_cap;
};

/* Read the requirements that stand here.  Where load is false they are checked, but the files that they name are not
 * read. */
enum err_code policy_read_scope(struct policy *p, struct strict *s, const struct json_t *array, bool load,
				struct policy_scope *ret_scope, struct err *err);
void policy_scope_release(struct policy_scope *scope);
/* Who must have signed, by the members of a requirement; the policy has it once. */
enum err_code policy_read_signers(struct policy *p, struct strict *s, const struct json_t *requirement, bool load,
				  struct policy_requirement *r, struct err *err);
void policy_signers_free(struct policy_signers *s);
/* Remember something that a person should know. */
enum err_code policy_add_note(struct policy *p, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The scope that counts for a full normalised name: the most specific one that matches. */
const struct policy_scope *policy_scope_of(const struct policy *p, const char *name);
/* The most specific one that matches a name whose registry is the same as a component of a path (reference_component):
 * there one is given for the other.  NULL where there is none; it may be the same as that of the name. */
const struct policy_scope *policy_scope_alike(const struct policy *p, const char *name);
#endif
