/* admission.h - may the images of a bundle be used?  What the site's policy and that of the command line say of each.
 *
 * Lifecycle  admission_load, after which it stays where it is; admission_check_bundle, or
 *            admission_judge for what is shown to people; admission_release.
 * Bounds     One image's candidates at a time (trust/candidate.h).
 * Ownership  An admission owns its policies; bundle, graph and rules for names are borrowed
 *            during calls.
 * Errors     ERR_UNPROVED names the image, the requirement that does not hold, and what was
 *            found; those of policy.h, trust/site.h and of the bundle; ERR_IO for a file that was
 *            replaced while it was opened.
 * Trust      The site's policy (trust/site.h) counts wherever it is there, and one of the
 *            command line counts besides: an image must be accepted by both.  So flags only
 *            tighten, but for insecure, which is written down.  An image is judged under
 *            the name that it has in the bundle and under the one that --map gives it; a
 *            registry that it goes to (--to docker://HOST) is where it lies, and no part of
 *            what it is called. What is judged are bytes that were proved by digests from
 *            the image's root on, so what is read from the same bundle afterwards is what
 *            was judged.
 */
#ifndef BUNDLES_ADMISSION_H
#define BUNDLES_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "bundles/reader.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/graph.h"
#include "common/mapping.h"
#include "common/source.h"
#include "trust/decision.h"
#include "trust/policy.h"
#include "trust/proofs.h"
#include "trust/revoked.h"

#define ADMISSION_POLICIES 2
#define ADMISSION_NAMES 2

/* Options of every command that uses images, into the members policy and insecure_policy. */
#define ADMISSION_OPTS(type)                                                                                           \
	{ "policy", '\0',                                                                                              \
	  "FILE",   "a policy that must accept the images, in the form of containers-policy.json",                     \
	  0,        OPT_SETS(type, policy) },                                                                          \
	{                                                                                                              \
		"insecure-policy", '\0', NULL, "do not ask the policy of this machine, /etc/bundle/policy.json", 0,    \
			OPT_SETS(type, insecure_policy)                                                                \
	}

struct admission_wanted {
	const char *policy; /* a file; NULL: only the site's counts */
	bool insecure;      /* the site's does not count, and that is known */
	bool given_only;    /* the site's does not count here: nothing comes in */
};

struct admission_policy {
	struct policy *policy; /* owned */
	struct digest digest;  /* of the file */
	bool is_site;
};

struct admission {
	struct admission_policy policies[ADMISSION_POLICIES];
	size_t len;
	bool bypassed; /* the site has a policy, which was not asked */
	struct revoked revoked;
	struct prover prover; /* for what is shown: no signature by a key that is revoked is proved */
	struct proofs proofs;
};

/* What was decided of one image: a decision for each policy and name. */
struct admission_answer {
	struct decision decisions[ADMISSION_POLICIES * ADMISSION_NAMES];
	size_t len;
};

enum err_code admission_load(const struct admission_wanted *wanted, struct admission *a, struct err *err);
/* May all images of a settled graph be used, whose content comes from a source that answers at once?  names gave them
 * their names; NULL where they have those that they came with.  Without a policy everything may. */
enum err_code admission_check(struct admission *a, const struct graph *g, struct source *source,
			      const struct mapping *names, struct err *err);
/* The same of a bundle's. */
enum err_code admission_check_bundle(struct admission *a, const struct bundle *b, const struct graph *g,
				     const struct mapping *names, struct err *err);
/* The same of all images of the bundle at path, which was opened before and must still have this digest. */
enum err_code admission_check_file(struct admission *a, const char *path, const struct digest *digest, struct err *err);
/* Judge one image by what was gathered of it, under these names. */
enum err_code admission_judge(struct admission *a, const struct candidates *all, const char *const *names,
			      size_t names_len, struct admission_answer *ret_answer, struct err *err);
/* ERR_UNPROVED for the first decision that refuses. */
enum err_code admission_refusal(const struct admission_answer *answer, struct err *err);
void admission_answer_release(struct admission_answer *answer);
/* Put the policies as an array of {"file":…,"digest":…,"site":…}. */
void admission_put(struct js_out *out, const struct admission *a);
/* A zeroed one is fine. */
void admission_release(struct admission *a);
#endif
