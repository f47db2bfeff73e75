#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/judged.h"
#include "tests/lib/test_main.h"
#include "trust/decision_private.h"

/* What was absent or left out counts for what it is listed as, and what of it vouches for it may come without it. */
static const struct {
	const char *what;
	size_t absent[3], left_out[2]; /* ROOT ends a list */
	const char *requirements;
	struct thing things[4];
	size_t len;
	const char *refusal; /* NULL: accepted */
} cases[] = {
	{ "all are here",
	  { 0 },
	  { 0 },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a") },
	  2,
	  "linux/s390x/z15: no signature" },
	{ "one is absent",
	  { S390X },
	  { 0 },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(BUILDKIT, "a") },
	  3,
	  "which was absent at the source, and nothing that is asked for vouches for it; have the index signed" },
	{ "one is left out",
	  { 0 },
	  { ARM64 },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(INNER, "a") },
	  2,
	  "vouches for it; have the index signed, or bring all of the image" },
	{ "the index is signed", { 0 }, { ARM64 }, DIGEST("a"), { BUNDLE(ROOT, "a") }, 1, NULL },
	{ "it is signed itself",
	  { 0 },
	  { ARM64 },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(INNER, "a"), BUNDLE(BUILDKIT, "a") },
	  4,
	  NULL },
	{ "it is signed by another",
	  { 0 },
	  { ARM64 },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "b"), BUNDLE(INNER, "a") },
	  3,
	  "linux/arm64 sha256:" },
	{ "nobody knows what an index lists that is left out",
	  { S390X },
	  { INNER },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(S390X, "a"), BUNDLE(BUILDKIT, "a") },
	  4,
	  "the index sha256:" },
	{ "that index is signed",
	  { S390X },
	  { INNER },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(INNER, "a"), BUNDLE(BUILDKIT, "a") },
	  4,
	  NULL },
	{ "an attestation is here, which runs as its config says",
	  { 0 },
	  { 0 },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(INNER, "a") },
	  3,
	  ", which Docker runs where it is asked to, and nothing that is asked for vouches for it; have the index "
	  "signed" },
	{ "that attestation is signed",
	  { 0 },
	  { 0 },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(INNER, "a"), BUNDLE(BUILDKIT, "a") },
	  4,
	  NULL },
	{ "a statement in it counts because it is signed",
	  { S390X },
	  { 0 },
	  PROVENANCE("a"),
	  { UNSIGNED(SLSA, "{}"), BUNDLE(BUILDKIT, "a"), DSSE(ARM64, "a", SLSA, "{}"), DSSE(INNER, "a", SLSA, "{}") },
	  4,
	  NULL },
	{ "nobody attests to an attestation",
	  { S390X },
	  { 0 },
	  DIGEST("a") "," PROVENANCE("b"),
	  { BUNDLE(ROOT, "a"), DSSE(AMD64, "b", SLSA, "{}"), DSSE(ARM64, "b", SLSA, "{}") },
	  3,
	  NULL },
	{ "nobody knows what lies in an attestation that is absent",
	  { BUILDKIT },
	  { 0 },
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(INNER, "a") },
	  3,
	  "an attestation sha256:" },
	{ "that attestation is signed with the index",
	  { BUILDKIT },
	  { 0 },
	  DIGEST("a"),
	  { BUNDLE(ROOT, "a") },
	  1,
	  NULL },
	{ "for another platform nothing is asked",
	  { BUILDKIT },
	  { ARM64 },
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { DSSE(AMD64, "a", SLSA, "{}") },
	  1,
	  NULL },
	{ "an index that is left out leads to any platform",
	  { 0 },
	  { INNER },
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { DSSE(AMD64, "a", SLSA, "{}") },
	  1,
	  "the index sha256:" },
	{ "statements of what comes along, and one signature over all",
	  { S390X },
	  { ARM64 },
	  DIGEST("a") "," PROVENANCE("b"),
	  { BUNDLE(ROOT, "a"), DSSE(AMD64, "b", SLSA, "{}") },
	  2,
	  NULL },
	{ "the same, and all is here",
	  { S390X },
	  { 0 },
	  DIGEST("a") "," PROVENANCE("b"),
	  { BUNDLE(ROOT, "a"), DSSE(AMD64, "b", SLSA, "{}") },
	  2,
	  "linux/arm64: no attestation of this type" },
	{ "statements of what comes along alone",
	  { S390X },
	  { ARM64 },
	  PROVENANCE("b"),
	  { DSSE(AMD64, "b", SLSA, "{}") },
	  1,
	  "linux/arm64 sha256:" },
	{ "the index is signed, and nobody asks for that",
	  { S390X },
	  { ARM64 },
	  PROVENANCE("b"),
	  { DSSE(AMD64, "b", SLSA, "{}"), BUNDLE(ROOT, "b") },
	  2,
	  "have the index attested, or signed and ask for that too (sigstoreSigned), or bring all of the image" },
	{ "statements of one kind about all",
	  { S390X },
	  { ARM64 },
	  PROVENANCE("b") "," ATTESTED("\"predicateType\":\"" SPDX "\"," BY("a")),
	  { DSSE(ROOT, "b", SLSA, "{}"), DSSE(AMD64, "a", SPDX, "{}") },
	  2,
	  NULL },
	{ "what one of them asks of no other platform another one does",
	  { S390X },
	  { ARM64 },
	  PROVENANCE("b") "," ATTESTED("\"predicateType\":\"" SPDX "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { DSSE(AMD64, "b", SLSA, "{}"), DSSE(AMD64, "a", SPDX, "{}") },
	  2,
	  "linux/arm64 sha256:" },
	{ "who takes anything asks nothing",
	  { S390X },
	  { ARM64 },
	  "{\"type\":\"insecureAcceptAnything\"}",
	  { { 0 } },
	  0,
	  NULL },
	{ "nothing is here but an index", { AMD64, ARM64, S390X }, { 0 }, DIGEST("a"), { { 0 } }, 0, "no signature" },
	{ "and that is signed", { AMD64, ARM64, S390X }, { 0 }, DIGEST("a"), { BUNDLE(ROOT, "a") }, 1, NULL },
};

static void mark(const size_t *list, size_t len, bool *ret_flags)
{
	size_t i;

	for (i = 0; i < len && list[i] != ROOT; i++)
		ret_flags[list[i]] = true;
}

START_TEST(units)
{
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(cases[_i].requirements);
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	bool absent[64] = { 0 }, left_out[64] = { 0 };
	struct candidate items[4];
	struct candidates all = judged_gather(cases[_i].things, cases[_i].len, items);
	struct err err = { 0 };
	size_t i;

	mark(cases[_i].absent, 3, absent);
	mark(cases[_i].left_out, 2, left_out);
	for (i = 0; i < SUBJECTS; i++) {
		judged_nodes[i].absent = absent[i];
		judged_nodes[i].left_out = left_out[i];
	}
	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_msg(policy_decide(p, NAME, &all, &proofs, &d, &err) == ERR_OK, "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(d.accepted == (cases[_i].refusal == NULL), "%s", cases[_i].what);
	(void)decision_refusal(&d, &err);
	ck_assert_msg(d.accepted || strstr(err.msg, cases[_i].refusal) != NULL, "%s: %s", cases[_i].what, err.msg);
}
END_TEST

/* What a machine of the platform that is named takes where there is nothing better, nobody attests to: in place of
 * arm64. */
static const struct {
	const char *there, *named;
	bool is_asked;
} machines[] = {
	{ "linux/amd64", "linux/amd64", true },     { "linux/amd64/v2", "linux/amd64", true },
	{ "linux/amd64", "linux/amd64/v2", true },  { "linux/386", "linux/amd64", true },
	{ "linux/386", "linux/amd64/v3", true },    { "linux/amd64", "linux/386", false },
	{ "linux/386", "linux/386", true },         { "windows/386", "linux/amd64", false },
	{ "linux/3860", "linux/amd64", false },     { "linux/arm64", "linux/amd64", false },
	{ "linux/arm", "linux/arm64", true },       { "linux/arm/v5", "linux/arm64", true },
	{ "linux/arm/v8", "linux/arm64/v8", true }, { "linux/arm64", "linux/arm/v7", false },
	{ "linux/arm64/v9", "linux/arm64", true },  { "linux/386", "linux/arm64", false },
	{ "linux/arm/v7", "linux/amd64", false },   { "linux/arm64be", "linux/arm64", false },
};

START_TEST(machine)
{
	CLEANUP(free_ptr) char *requirement = NULL;
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	static const struct thing list[] = { DSSE(AMD64, "a", SLSA, "{}"), DSSE(INNER, "a", SLSA, "{}") };
	struct candidate items[2];
	struct candidates all = judged_gather(list, 2, items);

	ck_assert_int_eq(str_format(&requirement, NULL,
				    ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"%s\"]"),
				    machines[_i].named),
			 ERR_OK);
	p = judged_parse(requirement);
	judged_nodes[ARM64].platform = machines[_i].there;
	judged_subjects[ARM64].platform = machines[_i].there;
	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(policy_decide(p, NAME, &all, &proofs, &d, NULL), ERR_OK);
	ck_assert_msg(d.accepted != machines[_i].is_asked, "%s for %s", machines[_i].there, machines[_i].named);
}
END_TEST

/* Who reads that a requirement holds must not think that somebody attested to something. */
START_TEST(asked_of_none)
{
	CLEANUP(policy_free_ptr)
	struct policy *p =
		judged_parse(ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"windows/amd64\"]"));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidates all = judged_gather(NULL, 0, NULL);

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(policy_decide(p, NAME, &all, &proofs, &d, NULL), ERR_OK);
	ck_assert(d.accepted);
	ck_assert_int_eq(d.steps[1].kind, STEP_REQUIREMENT);
	ck_assert_str_eq(d.steps[1].found, "it is asked of no platform that comes along");
}
END_TEST

/* One place says that it is for arm64, and another says nothing. */
START_TEST(says_nothing_elsewhere)
{
	CLEANUP(policy_free_ptr)
	struct policy *p =
		judged_parse(ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	static const struct thing list[] = { DSSE(AMD64, "a", SLSA, "{}") };
	struct candidate items[1];
	struct candidates all = judged_gather(list, 1, items);

	judged_subjects[ARM64].anywhere = _i == 1;
	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(policy_decide(p, NAME, &all, &proofs, &d, NULL), ERR_OK);
	ck_assert(d.accepted == (_i == 0));
}
END_TEST

/* Of many reasons some are told, each once, and how many there are besides. */
START_TEST(reasons)
{
	static const char *const others[] = { "r.example/b:1", "r.example/c:1", "r.example/d:1",
					      "r.example/d:1", "r.example/e:1", "r.example/f:1" };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(REPOSITORY("a"));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct thing list[COUNT_OF(others)];
	struct candidate items[COUNT_OF(others)];
	struct candidates all;
	struct err err = { 0 };
	size_t i;

	for (i = 0; i < COUNT_OF(others); i++)
		list[i] = (struct thing)SIMPLE(ROOT, "a", others[i]);
	all = judged_gather(list, COUNT_OF(others), items);
	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(policy_decide(p, NAME, &all, &proofs, &d, &err), ERR_OK);
	ck_assert_int_eq(decision_refusal(&d, &err), ERR_UNPROVED);
	ck_assert_msg(strstr(err.msg, "r.example/d:1") != NULL && strstr(err.msg, "r.example/e:1") == NULL &&
			      strstr(err.msg, "; and 2 more") != NULL,
		      "%s", err.msg);
}
END_TEST

/* What outsiders call their types is told, some of it, and never as more than text. */
START_TEST(types)
{
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(PROVENANCE("a"));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	static const struct thing list[] = { DSSE(ROOT, "a", "x\033[31m", "{}"), DSSE(ROOT, "a", SPDX, "{}"),
					     DSSE(ROOT, "a", SPDX, "{}"), DSSE(ROOT, "a", "third", "{}"),
					     DSSE(ROOT, "a", "fourth", "{}") };
	struct candidate items[5];
	struct candidates all = judged_gather(list, 5, items);
	struct err err = { 0 };

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(policy_decide(p, NAME, &all, &proofs, &d, &err), ERR_OK);
	ck_assert_uint_eq(judged_proved(), 0);
	(void)decision_refusal(&d, &err);
	ck_assert_ptr_null(strchr(err.msg, '\033'));
	ck_assert_msg(strstr(err.msg, SPDX ", third") != NULL && strstr(err.msg, "fourth") == NULL, "%s", err.msg);
}
END_TEST

/* However many of those that do not come along nothing vouches for, a decision names no more than people read. */
START_TEST(many_lacking)
{
	static struct node nodes[3 * PLATFORMS_SHOWN];
	static struct candidate_subject subjects[COUNT_OF(nodes)];
	const struct graph g = { .nodes = nodes, .nodes_len = COUNT_OF(nodes) };
	const struct candidates all = { .graph = &g, .subjects = subjects, .subjects_len = COUNT_OF(nodes) };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(DIGEST("a"));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	size_t platforms = 0, i;

	for (i = 0; i < COUNT_OF(nodes); i++) {
		nodes[i].left_out = true;
		subjects[i] = (struct candidate_subject){ .node = (uint32_t)i,
							  .digest = &nodes[i].digest,
							  .role = ROLE_MANIFEST };
	}
	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(policy_decide(p, NAME, &all, &proofs, &d, NULL), ERR_OK);
	ck_assert(!d.accepted);
	for (i = 0; i < d.len; i++)
		platforms += d.steps[i].kind == STEP_PLATFORM;
	ck_assert_uint_eq(platforms, PLATFORMS_SHOWN);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decide");
	TCase *t = tcase_create("decide");

	tcase_add_checked_fixture(t, judged_setup, judged_teardown);
	tcase_add_loop_test(t, units, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, asked_of_none);
	tcase_add_loop_test(t, machine, 0, (int)COUNT_OF(machines));
	tcase_add_loop_test(t, says_nothing_elsewhere, 0, 2);
	tcase_add_test(t, reasons);
	tcase_add_test(t, types);
	tcase_add_test(t, many_lacking);
	suite_add_tcase(s, t);
	return test_run(s);
}
