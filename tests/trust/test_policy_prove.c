#include "trust/policy_prove.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/judged.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *what, *requirements, *name;
	const char *by; /* whose key it is */
	enum err_code want;
	size_t tried;
	const char *says;
} cases[] = {
	{ "by the one", REPOSITORY("a"), NAME, "a", ERR_OK, 1, "a.pub" },
	{ "by the second", REPOSITORY("a") "," PROVENANCE("b"), NAME, "b", ERR_OK, 2, "b.pub" },
	{ "by the first, and no other is asked", REPOSITORY("a") "," PROVENANCE("b"), NAME, "a", ERR_OK, 1, "a.pub" },
	{ "by nobody", REPOSITORY("a") "," PROVENANCE("b"), NAME, NULL, ERR_UNPROVED, 2, "it is not by this key" },
	{ "nobody is asked for", "{\"type\":\"insecureAcceptAnything\"}", NAME, "a", ERR_UNPROVED, 0,
	  "the policy asks for nobody" },
	{ "of another name", REPOSITORY("a"), "other.example/app:1", "a", ERR_UNPROVED, 0,
	  "the policy asks for nobody" },
	{ "the machine fails, and that is no verdict", REPOSITORY("a") "," PROVENANCE("b"), NAME, "!", ERR_IO, 1, "" },
	{ "GPG is nobody", "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"x\"}," REPOSITORY("a"), NAME,
	  "a", ERR_OK, 1, "a.pub" },
};

START_TEST(proves)
{
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(cases[_i].requirements);
	const struct thing list[] = { SIMPLE(ROOT, cases[_i].by, NAME) };
	struct candidate items[1];
	struct candidates all = judged_gather(list, 1, items);
	struct candidate_proof proof = { 0 };
	struct err err = { 0 };
	enum err_code code = policy_prove(p, cases[_i].name, &judged_prover, &all, &items[0], &proof, &err);

	ck_assert_msg(code == cases[_i].want, "%s: %d %s", cases[_i].what, code, err.msg);
	ck_assert_msg(judged_proved() == cases[_i].tried, "%s: %zu", cases[_i].what, judged_proved());
	ck_assert_ptr_nonnull(strstr(code == ERR_OK ? trust_key_name(proof.signer.key) : err.msg, cases[_i].says));
	candidate_proof_release(&proof);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy_prove");
	TCase *t = tcase_create("policy_prove");

	tcase_add_checked_fixture(t, judged_setup, judged_teardown);
	tcase_add_loop_test(t, proves, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
