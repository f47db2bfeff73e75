/* policy.h - what a site asks for before an image is taken: containers-policy.json(5), and attestations.
 *
 * Lifecycle  policy_read, look and decide (decision.h) any number of times, policy_free.
 * Bounds     LIMIT_POLICY_BYTES for the file; LIMIT_POLICY_FILES keys, roots and
 *            certificates that it names, LIMIT_POLICY_FILE_BYTES each.
 * Ownership  A policy owns everything that was read for it, and never changes.
 * Errors     ERR_FORMAT with the file, a JSON Pointer to what is wrong, and what
 *            would be right; ERR_NOT_FOUND, ERR_IO for a file that it names;
 *            ERR_LIMIT, ERR_NOMEM.
 * Source     containers-policy.json(5); containers/image signature/policy_config.go,
 *            policy_eval.go, docker/policyconfiguration/naming.go; docs/bundle-policy.5.
 */
#ifndef TRUST_POLICY_H
#define TRUST_POLICY_H

#include <stddef.h>

#include "common/err.h"

struct policy;

struct policy_counts {
	size_t scopes, requirements; /* of images in registries, and the default's */
	size_t files;                /* that were read for it */
};

/* Read a policy and everything that it names; relative paths are below the policy's own folder. */
enum err_code policy_read(const char *path, struct policy **ret_policy, struct err *err);
/* The same of bytes that stand for the file at path. */
enum err_code policy_parse(const void *bytes, size_t len, const char *path, struct policy **ret_policy,
			   struct err *err);
/* The same of the site's own (site.h): what it names must be as safe from others as itself; ERR_UNPROVED where it is
 * not.
 */
enum err_code policy_parse_site(const void *bytes, size_t len, const char *path, struct policy **ret_policy,
				struct err *err);
/* Where it was read. */
const char *policy_path(const struct policy *p);
/* How much there is in it. */
struct policy_counts policy_count(const struct policy *p);
/* What is well formed and will hardly do what was meant, one line each; NULL behind the last. */
const char *policy_note(const struct policy *p, size_t i);
void policy_free(struct policy *p);
/* Cleanup handler. */
void policy_free_ptr(struct policy **p);
#endif
