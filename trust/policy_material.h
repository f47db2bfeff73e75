/* policy_material.h - the keys, certificates and roots that a policy names: from a file beside it, or as base64 in it.
 *
 * Lifecycle  A struct material_reading for each set of signers that is read.
 * Bounds     LIMIT_POLICY_FILES, LIMIT_POLICY_FILE_BYTES.
 * Ownership  What is read is the signers'.
 * Errors     Those of policy.h.
 */
#ifndef TRUST_POLICY_MATERIAL_H
#define TRUST_POLICY_MATERIAL_H

#include "trust/policy_private.h"

/* One set of signers that is being read. */
struct material_reading {
	struct policy *policy;
	struct strict *strict;
	const struct json_t *from; /* the requirement */
	bool load;                 /* else files are not read, only what stands in the policy */
	struct policy_signers *signers;
};

/* What one member brings, and what it is called. */
typedef enum err_code material_fn(struct material_reading *g, const struct buf *content, const char *name,
				  struct err *err);

/* A public key in PEM; Rekor's; certificates of Fulcio in PEM; a trusted_root.json. */
material_fn material_key, material_log, material_authority, material_root;
/* Use what a member names, where there is one: a path or base64. */
enum err_code material_member(struct material_reading *g, const struct json_t *object, const char *key, bool is_path,
			      material_fn *use, struct err *err);
/* The same of each item of a member of the requirement that is an array. */
enum err_code material_members(struct material_reading *g, const char *key, bool is_path, material_fn *use,
			       struct err *err);
/* One who may have signed: of each pair one is NULL. */
enum err_code material_identity(struct material_reading *g, const char *subject, const char *subject_regexp,
				const char *issuer, const char *issuer_regexp, struct err *err);
#endif
