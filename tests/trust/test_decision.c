#include "trust/decision.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/lib/judged.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/fingerprint.h"
#include "trust/revoked.h"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *what, *requirements;
	struct thing things[4];
	size_t len;
	const char *refusal; /* NULL: accepted; else a part of what is said */
} cases[] = {
	{ "anything", "{\"type\":\"insecureAcceptAnything\"}", { { 0 } }, 0, NULL },
	{ "reject", "{\"type\":\"reject\"}", { { 0 } }, 0, "it takes no image" },
	{ "anything, and reject",
	  "{\"type\":\"insecureAcceptAnything\"},{\"type\":\"reject\"}",
	  { { 0 } },
	  0,
	  "/transports/docker/r.example/1" },
	{ "GPG",
	  "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"x\"}",
	  { SIMPLE(ROOT, "a", NAME) },
	  1,
	  "signatures by GPG (signedBy) are not verified here" },
	{ "pki", SIGNED("\"pki\":{}"), { SIMPLE(ROOT, "a", NAME) }, 1, "(pki) are not verified here" },

	{ "nothing there", SIGNED(BY("a")), { { 0 } }, 0, "found: no signature" },
	{ "signed for this tag", SIGNED(BY("a")), { SIMPLE(ROOT, "a", NAME) }, 1, NULL },
	{ "signed for another tag",
	  SIGNED(BY("a")),
	  { SIMPLE(ROOT, "a", "r.example/team/app:2") },
	  1,
	  "was made for \"r.example/team/app:2\", which is not what matchRepoDigestOrExact asks for" },
	{ "signed for the repository, as cosign does",
	  SIGNED(BY("a")),
	  { SIMPLE(ROOT, "a", "r.example/team/app") },
	  1,
	  "was made for \"r.example/team/app\" without a tag, which signedIdentity matchRepository takes, and "
	  "matchRepoDigestOrExact does not" },
	{ "signed for another repository without a tag",
	  SIGNED(BY("a")),
	  { SIMPLE(ROOT, "a", "r.example/team/other") },
	  1,
	  "was made for \"r.example/team/other\", which is not what" },
	{ "and that suffices", REPOSITORY("a"), { SIMPLE(ROOT, "a", "r.example/team/app") }, 1, NULL },
	{ "another repository",
	  REPOSITORY("a"),
	  { SIMPLE(ROOT, "a", "r.example/team/other") },
	  1,
	  "r.example/team/other" },
	{ "another key", REPOSITORY("b"), { SIMPLE(ROOT, "a", "r.example/team/app") }, 1, "it is not by this key" },
	{ "the second signature is right",
	  REPOSITORY("b"),
	  { SIMPLE(ROOT, "a", "r.example/team/app"), SIMPLE(ROOT, "b", "r.example/team/app") },
	  2,
	  NULL },
	{ "any of two keys", SIGNED("\"keyPaths\":[\"a.pub\",\"b.pub\"]"), { SIMPLE(ROOT, "b", NAME) }, 1, NULL },
	{ "both keys, and one is missing",
	  REPOSITORY("a") "," REPOSITORY("b"),
	  { SIMPLE(ROOT, "a", NAME) },
	  1,
	  "/transports/docker/r.example/1" },
	{ "both keys",
	  REPOSITORY("a") "," REPOSITORY("b"),
	  { SIMPLE(ROOT, "a", NAME), SIMPLE(ROOT, "b", NAME) },
	  2,
	  NULL },
	{ "a bundle names no image",
	  REPOSITORY("a"),
	  { BUNDLE(ROOT, "a") },
	  1,
	  "names no image, which only signedIdentity matchDigest takes" },
	{ "and need not", DIGEST("a"), { BUNDLE(ROOT, "a") }, 1, NULL },
	{ "an attestation is no signature", DIGEST("a"), { DSSE(ROOT, "a", SLSA, "{}") }, 1, "found: no signature" },
	{ "one that says nothing of itself neither",
	  DIGEST("a"),
	  { { CANDIDATE_BUNDLE, ROOT, NULL, "a", NULL, SAYS(SLSA, "{}") } },
	  1,
	  "it is an attestation" },
	{ "each platform, and the attestation",
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(S390X, "a"), BUNDLE(BUILDKIT, "a") },
	  4,
	  NULL },
	{ "each platform, and not the attestation",
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(S390X, "a"), BUNDLE(BUILDKIT, "b") },
	  4,
	  "an attestation sha256:" },
	{ "all but one", DIGEST("a"), { BUNDLE(AMD64, "a"), BUNDLE(S390X, "a") }, 2, "linux/arm64: no signature" },
	{ "an inner index is its platforms'",
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(INNER, "a"), BUNDLE(BUILDKIT, "a") },
	  4,
	  NULL },
	{ "but not its brothers'", DIGEST("a"), { BUNDLE(INNER, "a") }, 1, "linux/amd64: no signature" },
	{ "a signature on what is beside counts for nothing",
	  DIGEST("a"),
	  { BUNDLE(BUILDKIT, "a") },
	  1,
	  "no signature" },
	{ "one platform by another key",
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "b"), BUNDLE(S390X, "a") },
	  3,
	  "linux/arm64: it is not by this key" },

	{ "no attestation", PROVENANCE("a"), { SIMPLE(ROOT, "a", NAME) }, 1, "found: no attestation of this type" },
	{ "only another type",
	  PROVENANCE("a"),
	  { DSSE(ROOT, "a", SPDX, "{}") },
	  1,
	  "no attestation of this type, only https://spdx.dev/Document" },
	{ "attested at the index", PROVENANCE("a"), { DSSE(ROOT, "a", SLSA, "{}") }, 1, NULL },
	{ "attested by somebody else", PROVENANCE("b"), { DSSE(ROOT, "a", SLSA, "{}") }, 1, "it is not by this key" },
	{ "attested for each platform",
	  PROVENANCE("a"),
	  { DSSE(AMD64, "a", SLSA, "{}"), DSSE(ARM64, "a", SLSA, "{}"), DSSE(S390X, "a", SLSA, "{}"),
	    DSSE(BUILDKIT, "a", SLSA, "{}") },
	  4,
	  NULL },
	{ "attested for two",
	  PROVENANCE("a"),
	  { DSSE(AMD64, "a", SLSA, "{}"), DSSE(S390X, "a", SLSA, "{}") },
	  2,
	  "linux/arm64: no attestation of this type" },
	{ "of the third another thing is attested",
	  PROVENANCE("a"),
	  { DSSE(AMD64, "a", SLSA, "{}"), DSSE(S390X, "a", SLSA, "{}"), DSSE(ARM64, "a", SPDX, "{}") },
	  3,
	  "linux/arm64: no attestation of this type, only https://spdx.dev/Document" },
	{ "two are enough for these platforms",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\",\"linux/s390x\"]"),
	  { DSSE(AMD64, "a", SLSA, "{}"), DSSE(S390X, "a", SLSA, "{}") },
	  2,
	  NULL },
	{ "a variant of a platform is that platform",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/s390x\"]"),
	  { DSSE(AMD64, "a", SLSA, "{}") },
	  1,
	  "no attestation of this type" },
	{ "and no other variant is another",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/arm64/v9\"]"),
	  { DSSE(AMD64, "a", SLSA, "{}") },
	  1,
	  "no attestation of this type" },
	{ "an architecture that begins as another",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/arm/v7\",\"linux/s390\"]"),
	  { { 0 } },
	  0,
	  NULL },
	{ "a platform that is not here",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"windows/amd64\"]"),
	  { { 0 } },
	  0,
	  NULL },
	{ "one type of several",
	  ATTESTED("\"predicateTypes\":[\"https://cyclonedx.org/bom*\",\"https://spdx.dev/*\"]," BY("a")),
	  { DSSE(ROOT, "a", SPDX, "{}") },
	  1,
	  NULL },
	{ "it says another type than it is",
	  PROVENANCE("a"),
	  { { CANDIDATE_DSSE, ROOT, SLSA, "a", NULL, SAYS(SPDX, "{}") } },
	  1,
	  "it is of type " SPDX ", and was said to be of another" },
	{ "a requirement that is longer than a line",
	  ATTESTED("\"predicateType\":\"" X64 X64 X64 X64 "\"," BY("a")),
	  { { 0 } },
	  0,
	  "xxx…; found: no attestation of this type" },
	{ "it does not say that it is another type",
	  PROVENANCE("a"),
	  { { CANDIDATE_BUNDLE, ROOT, NULL, "a", NULL, SAYS(SPDX, "{}") } },
	  1,
	  "found: it is of type " SPDX },
	{ "it does not say its type",
	  PROVENANCE("a"),
	  { { CANDIDATE_BUNDLE, ROOT, NULL, "a", NULL, SAYS(SLSA, "{}") } },
	  1,
	  NULL },
	{ "a condition", LEVEL(3), { DSSE(ROOT, "a", SLSA, "{\"level\":3}") }, 1, NULL },
	{ "a condition that fails",
	  LEVEL(3),
	  { DSSE(ROOT, "a", SLSA, "{\"level\":2}") },
	  1,
	  "/transports/docker/r.example/0/conditions/0 does not hold: /predicate/level must be 3 or more, and is 2" },
	{ "the second statement holds",
	  LEVEL(3),
	  { DSSE(ROOT, "a", SLSA, "{\"level\":2}"), DSSE(ROOT, "a", SLSA, "{\"level\":4}") },
	  2,
	  NULL },
	{ "conditions of somebody else",
	  LEVEL(3),
	  { DSSE(ROOT, "b", SLSA, "{\"level\":3}") },
	  1,
	  "it is not by this key" },

	{ "BuildKit's, and nobody signed",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { UNSIGNED(SLSA, "{}") },
	  1,
	  "it is not signed, and no signature over what leads to it holds" },
	{ "who signed the index has signed it",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(ROOT, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  NULL },
	{ "who signed its manifest has, too",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(BUILDKIT, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  NULL },
	{ "who signed the platform has not",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(AMD64, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  "it is not signed, and no signature over what leads to it holds" },
	{ "who attested to the index has not",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { DSSE(ROOT, "a", SPDX, "{}"), UNSIGNED(SLSA, "{}") },
	  2,
	  "it is not signed" },
	{ "somebody else signed the index",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("b") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(ROOT, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  "it is not signed" },
	{ "signed, and about another image",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(ROOT, "a"), { CANDIDATE_STATEMENT, AMD64, SLSA, NULL, NULL, NULL } },
	  2,
	  "it is about another image" },
};

static enum err_code decide(const struct policy *p, const char *name, const struct candidates *all,
			    struct proofs *proofs, struct decision *d, struct err *err)
{
	enum err_code code = policy_decide(p, name, all, proofs, d, err);

	ck_assert_int_eq(code, err->code);
	return code;
}

START_TEST(verdicts)
{
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(cases[_i].requirements);
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[4];
	struct candidates all = judged_gather(cases[_i].things, cases[_i].len, items);
	struct err err = { 0 };

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_msg(decide(p, NAME, &all, &proofs, &d, &err) == ERR_OK, "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(d.accepted == (cases[_i].refusal == NULL), "%s", cases[_i].what);
	ck_assert_int_eq(decision_refusal(&d, &err), d.accepted ? ERR_OK : ERR_UNPROVED);
	if (cases[_i].refusal == NULL)
		return;
	ck_assert_msg(strstr(err.msg, cases[_i].refusal) != NULL, "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(text_starts(err.msg, NAME ": refused by "), "%s", err.msg);
}
END_TEST

/* Another name is another scope, whatever is attached. */
START_TEST(other_name)
{
	static const struct thing list[] = { SIMPLE(ROOT, "a", NAME) };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(SIGNED(BY("a")));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1];
	struct candidates all = judged_gather(list, 1, items);
	struct err err = { 0 };

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(decide(p, "other.example/team/app:1", &all, &proofs, &d, &err), ERR_OK);
	ck_assert(!d.accepted);
	ck_assert_str_eq(d.steps[0].text, "default");
	ck_assert_str_eq(d.steps[0].pointer, "/default");
	ck_assert_int_eq(decision_refusal(&d, &err), ERR_UNPROVED);
	ck_assert_msg(strstr(err.msg, "/default/0") != NULL, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, "no scope of the policy is for this name") != NULL, "%s", err.msg);
}
END_TEST

/* The same signature under two names, by two requirements: proved once for each set of signers. */
START_TEST(proved_once)
{
	static const struct thing list[] = { SIMPLE(ROOT, "b", "r.example/team/app"), DSSE(ROOT, "a", SLSA, "{}") };
	CLEANUP(policy_free_ptr)
	struct policy *p = judged_parse(REPOSITORY("b") "," REPOSITORY("b") "," PROVENANCE("a") "," ATTESTED(
		"\"predicateTypes\":[\"x\",\"" SLSA "\"]," BY("a")));
	CLEANUP(decision_release) struct decision first = { 0 }, second = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[2];
	struct candidates all = judged_gather(list, 2, items);
	struct err err = { 0 };

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &first, &err), ERR_OK);
	ck_assert_int_eq(decide(p, "r.example/team/app:2", &all, &proofs, &second, &err), ERR_OK);
	ck_assert(first.accepted && second.accepted);
	ck_assert_uint_eq(judged_proved(), 2);
}
END_TEST

/* A key that is revoked counts for nobody. */
START_TEST(revoked_key)
{
	static const struct thing list[] = { SIMPLE(ROOT, "a", NAME) };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(SIGNED(BY("a")));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1];
	struct candidates all = judged_gather(list, 1, items);
	struct revoked_entry entry = { .is_key = true, .file = "old.pub" };
	struct revoked revoked = { .entries = &entry, .len = 1 };
	struct err err = { 0 };

	ck_assert_int_eq(fingerprint_of_pem(key_p256_pub, "a.pub", &entry.digest, NULL), ERR_OK);
	proofs_init(&proofs, &judged_prover, &revoked);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &d, &err), ERR_OK);
	ck_assert_int_eq(decision_refusal(&d, &err), ERR_UNPROVED);
	ck_assert_msg(strstr(err.msg, "is revoked here (old.pub)") != NULL, "%s", err.msg);
}
END_TEST

/* A machine that fails is no refusal. */
START_TEST(machine_fails)
{
	static const struct thing list[] = { SIMPLE(ROOT, "!", NAME) };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(SIGNED(BY("a")));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1];
	struct candidates all = judged_gather(list, 1, items);
	struct err err = { 0 };

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &d, &err), ERR_IO);
	ck_assert_ptr_null(d.steps);
}
END_TEST

static const char tree_text[] =
	NAME ": refused by FOLDER/policy.json\n"
	     "  counts: scope \"r.example\" of docker\n"
	     "    FAIL sigstoreSigned by key FOLDER/a.pub, matchDigest  "
	     "(/transports/docker/r.example/0): linux/arm64: it is not "
	     "by this key\n"
	     "      ok   signature BLOB0 of linux/amd64: by key FOLDER/a.pub\n"
	     "      FAIL signature BLOB1 of linux/arm64: it is not by this key\n"
	     "      FAIL linux/arm64 ARM64: it is not by this key\n"
	     "      FAIL linux/s390x/z15 S390X: no signature\n"
	     "    ok   insecureAcceptAnything  (/transports/docker/r.example/1)\n"
	     "    FAIL something that vouches for all that an index lists, whether it comes "
	     "along or not  (/transports/docker/r.example): an attestation BUILDKIT, which Docker "
	     "runs where it is asked to, and nothing that is asked for vouches for it; have the "
	     "index signed\n"
	     "      FAIL an attestation BUILDKIT\n";

static void replace_all(char **text, const char *from, const char *to)
{
	char *at, *next;

	while ((at = strstr(*text, from)) != NULL) {
		ck_assert_int_eq(str_format(&next, NULL, "%.*s%s%s", (int)(at - *text), *text, to, at + strlen(from)),
				 ERR_OK);
		free(*text);
		*text = next;
	}
}

START_TEST(printed)
{
	static const struct thing list[] = { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "b") };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(DIGEST("a") ",{\"type\":\"insecureAcceptAnything\"}");
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	CLEANUP(buf_release) struct buf text = { .max = 10000 };
	CLEANUP(free_ptr) char *want = strdup(tree_text);
	struct candidate items[2];
	struct candidates all = judged_gather(list, 2, items);
	struct buf_stage stage;
	struct err err = { 0 };

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &d, &err), ERR_OK);
	buf_stage_init(&stage, &text);
	ck_assert_int_eq(decision_print(&d, &stage.out, &err), ERR_OK);
	replace_all(&want, "FOLDER", judged_folder());
	replace_all(&want, "BLOB0", judged_nodes[BLOBS + 1].digest.text);
	replace_all(&want, "BLOB1", judged_nodes[BLOBS + 3].digest.text);
	replace_all(&want, "ARM64", judged_nodes[ARM64].digest.text);
	replace_all(&want, "S390X", judged_nodes[S390X].digest.text);
	replace_all(&want, "BUILDKIT", judged_nodes[BUILDKIT].digest.text);
	ck_assert_str_eq(buf_text(&text), want);
}
END_TEST

START_TEST(machine_readable)
{
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse("{\"type\":\"reject\"}");
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	CLEANUP(buf_release) struct buf text = { .max = 10000 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct candidates all = judged_gather(NULL, 0, NULL);
	const struct json_t *step;
	struct buf_stage stage;
	struct js_out o;
	struct err err = { 0 };

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &d, &err), ERR_OK);
	buf_stage_init(&stage, &text);
	js_out_init(&o, &stage.out, true);
	decision_json(&d, &o);
	ck_assert_int_eq(js_end_document(&o, &err), ERR_OK);
	json = judged_json(buf_text(&text));
	ck_assert_str_eq(js_string(json, "image"), NAME);
	ck_assert(js_get(json, "accepted") != NULL && !js_true(json, "accepted"));
	ck_assert_uint_eq(js_len(js_array(json, "steps")), 2);
	step = js_at(js_array(json, "steps"), 1);
	ck_assert_str_eq(js_string(step, "kind"), "requirement");
	ck_assert_str_eq(js_string(step, "pointer"), "/transports/docker/r.example/0");
	ck_assert_str_eq(js_string(step, "text"), "reject");
	ck_assert_str_eq(js_string(step, "found"), "it takes no image");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decision");
	TCase *t = tcase_create("decision");

	tcase_add_checked_fixture(t, judged_setup, judged_teardown);
	tcase_add_loop_test(t, verdicts, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, other_name);
	tcase_add_test(t, proved_once);
	tcase_add_test(t, revoked_key);
	tcase_add_test(t, machine_fails);
	tcase_add_test(t, printed);
	tcase_add_test(t, machine_readable);
	suite_add_tcase(s, t);
	return test_run(s);
}
