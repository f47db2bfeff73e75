#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/judged.h"
#include "tests/lib/test_main.h"
#include "trust/decision_private.h"

#define AMD64_ALONE ",\"platforms\":[\"linux/amd64\"]"
#define STATED ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") AMD64_ALONE)

/* What a thing says of itself decides whether it is looked at, and what was proved whether it counts. */
static const struct {
	const char *what, *requirements;
	struct thing things[3];
	size_t len, proved;
	const char *refusal; /* NULL: accepted */
} cases[] = {
	{ "a bundle that says it is an attestation is no signature",
	  DIGEST("a"),
	  { { CANDIDATE_BUNDLE, ROOT, SLSA, "a", NULL, SAYS(SIGN, "{}") } },
	  1,
	  0,
	  "no signature" },
	{ "one whose type is empty is neither",
	  DIGEST("a"),
	  { { CANDIDATE_BUNDLE, ROOT, "", "a", NULL, SAYS(SLSA, "{}") } },
	  1,
	  0,
	  "no signature" },
	{ "one that says nothing is looked at",
	  DIGEST("a"),
	  { { CANDIDATE_BUNDLE, ROOT, NULL, "a", NULL, NULL } },
	  1,
	  1,
	  "it is an attestation" },
	{ "an envelope is never a signature", DIGEST("a"), { DSSE(ROOT, "a", SIGN, "{}") }, 1, 0, "no signature" },
	{ "simple signing is never an attestation",
	  PROVENANCE("a"),
	  { { CANDIDATE_SIMPLE, ROOT, SLSA, "a", NULL, SAYS(SLSA, "{}") } },
	  1,
	  0,
	  "no attestation" },
	{ "a signature in a bundle attests to nothing",
	  ATTESTED("\"predicateType\":\"*\"," BY("a")),
	  { { CANDIDATE_BUNDLE, ROOT, NULL, "a", NULL, NULL } },
	  1,
	  1,
	  "it is a signature and says nothing else" },
	{ "once all are vouched for nothing more is proved",
	  DIGEST("a"),
	  { BUNDLE(ROOT, "a"), BUNDLE(ROOT, "a") },
	  2,
	  1,
	  NULL },
	{ "what is over one that is vouched for is not proved",
	  DIGEST("a"),
	  { BUNDLE(INNER, "a"), BUNDLE(S390X, "a"), BUNDLE(ROOT, "a") },
	  3,
	  2,
	  NULL },
	{ "one whose signature fails does not stop another",
	  DIGEST("a"),
	  { BUNDLE(ROOT, "b"), BUNDLE(ROOT, "a") },
	  2,
	  2,
	  NULL },

	{ "a statement, and its manifest is signed",
	  STATED,
	  { BUNDLE(BUILDKIT, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  1,
	  NULL },
	{ "a statement, and a platform is signed",
	  STATED,
	  { BUNDLE(AMD64, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  0,
	  "it is not signed, and no signature over what leads to it holds" },
	{ "a statement, and an index beside it is signed",
	  STATED,
	  { BUNDLE(INNER, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  1,
	  "it is not signed" },
	{ "a statement, and another has signed the index",
	  STATED,
	  { BUNDLE(ROOT, "b"), UNSIGNED(SLSA, "{}") },
	  2,
	  1,
	  "it is not signed" },
	{ "a statement, and the index is attested to",
	  STATED,
	  { DSSE(ROOT, "a", SPDX, "{}"), UNSIGNED(SLSA, "{}") },
	  2,
	  0,
	  "it is not signed" },
	{ "a statement of another type than it was said to be",
	  STATED,
	  { BUNDLE(ROOT, "a"), { CANDIDATE_STATEMENT, AMD64, SLSA, NULL, NULL, SAYS(SPDX, "{}") } },
	  2,
	  1,
	  "it is of type " SPDX ", and was said to be of another" },
	{ "signatures are proved once for all statements",
	  STATED,
	  { BUNDLE(ROOT, "b"), UNSIGNED(SLSA, "{}"), UNSIGNED(SLSA, "{}") },
	  3,
	  1,
	  "it is not signed" },
};

START_TEST(counts)
{
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(cases[_i].requirements);
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[3];
	struct candidates all = judged_gather(cases[_i].things, cases[_i].len, items);
	struct err err = { 0 };

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_msg(policy_decide(p, NAME, &all, &proofs, &d, &err) == ERR_OK, "%s: %s", cases[_i].what, err.msg);
	(void)decision_refusal(&d, &err);
	ck_assert_msg(d.accepted == (cases[_i].refusal == NULL), "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(d.accepted || strstr(err.msg, cases[_i].refusal) != NULL, "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(judged_proved() == cases[_i].proved, "%s: %zu proved", cases[_i].what, judged_proved());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decide_candidates");
	TCase *t = tcase_create("decide_candidates");

	tcase_add_checked_fixture(t, judged_setup, judged_teardown);
	tcase_add_loop_test(t, counts, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
