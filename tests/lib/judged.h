/* judged.h - an image with platforms, what came with it, and who is said to have signed that: for tests of decisions.
 *
 * Lifecycle  judged_setup; judged_gather for a list of things, judged_parse for requirements; judged_teardown.
 * Ownership  The list and the candidates are the caller's; the graph is here, and may be changed until the next setup.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_JUDGED_H
#define TESTS_LIB_JUDGED_H

#include "trust/decision.h"

#define SLSA "https://slsa.dev/provenance/v1"
#define SPDX "https://spdx.dev/Document"
#define SIGN "https://sigstore.dev/cosign/sign/v1"
#define NAME "r.example/team/app:1"

/*
 * root -- amd64
 *      |- arm64
 *      |- attestation of amd64 (BuildKit's)
 *      `- inner index -- s390x
 */
enum { ROOT, AMD64, ARM64, BUILDKIT, INNER, S390X, SUBJECTS, BLOBS = SUBJECTS };

/* Of these the first are the image's manifests, and the others what carries things, and these: two for each. */
extern struct node judged_nodes[64];
extern struct candidate_subject judged_subjects[SUBJECTS];

/* One thing that came with the image: by whose key it holds, and what it is. */
struct thing {
	enum candidate_form form;
	size_t subject;
	const char *says;      /* of which type it says that it is */
	const char *by;        /* "a" or "b"; NULL: nobody's; "!": the machine fails when it is proved */
	const char *reference; /* the name that was signed */
	const char *statement; /* NULL: none */
};

void judged_setup(void);
void judged_teardown(void);
/* The folder of the policy, with a.pub and b.pub in it. */
const char *judged_folder(void);
/* How many things were proved since the setup. */
size_t judged_proved(void);
/* Proves a thing by the key that it is by. */
extern const struct prover judged_prover;
/* The candidates of the image to which these things are attached, each a manifest with one blob; BuildKit's statements
 * lie in their attestation manifest. */
struct candidates judged_gather(const struct thing *list, size_t len, struct candidate *items);
/* A policy that asks for these requirements in the scope r.example, and takes nothing else. */
struct policy *judged_parse(const char *requirements);
struct json_t *judged_json(const char *text);

#define BY(key) "\"keyPath\":\"" key ".pub\""
#define SIGNED(rest) "{\"type\":\"sigstoreSigned\"," rest "}"
#define REPOSITORY(key) SIGNED(BY(key) ",\"signedIdentity\":{\"type\":\"matchRepository\"}")
#define DIGEST(key) SIGNED(BY(key) ",\"signedIdentity\":{\"type\":\"matchDigest\"}")
#define ATTESTED(rest) "{\"type\":\"attestation\"," rest "}"
#define PROVENANCE(key) ATTESTED("\"predicateType\":\"" SLSA "\"," BY(key))
#define SAYS(type, predicate) "{\"predicateType\":\"" type "\",\"predicate\":" predicate "}"
#define LEVEL(n)                                                                                                       \
	ATTESTED("\"predicateType\":\"" SLSA                                                                           \
		 "\"," BY("a") ",\"conditions\":[{\"pointer\":\"/predicate/level\",\"minimum\":" #n "}]")

#define SIMPLE(subject, by, reference)                                                                                 \
	{                                                                                                              \
		CANDIDATE_SIMPLE, subject, NULL, by, reference, NULL                                                   \
	}
#define BUNDLE(subject, by)                                                                                            \
	{                                                                                                              \
		CANDIDATE_BUNDLE, subject, SIGN, by, NULL, SAYS(SIGN, "{}")                                            \
	}
#define DSSE(subject, by, type, predicate)                                                                             \
	{                                                                                                              \
		CANDIDATE_DSSE, subject, type, by, NULL, SAYS(type, predicate)                                         \
	}
#define UNSIGNED(type, predicate)                                                                                      \
	{                                                                                                              \
		CANDIDATE_STATEMENT, AMD64, type, NULL, NULL, SAYS(type, predicate)                                    \
	}
#endif
