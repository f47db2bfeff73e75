#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/judged.h"
#include "tests/lib/test_main.h"
#include "trust/policy_private.h"

/* What a requirement is once it was read. */
static const struct {
	const char *text;
	enum requirement_kind kind;
	bool signers, unsupported;
	size_t types, platforms;
	enum signed_identity_kind identity;
} cases[] = {
	{ "{\"type\":\"insecureAcceptAnything\"}", REQUIRE_ANYTHING, false, false, 0, 0, 0 },
	{ "{\"type\":\"reject\"}", REQUIRE_REJECT, false, false, 0, 0, 0 },
	{ "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"gone\"}", REQUIRE_GPG, false, true, 0, 0,
	  IDENTITY_MATCH_REPO_DIGEST_OR_EXACT },
	{ "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyData\":\"!\",\"signedIdentity\":{\"type\":"
	  "\"matchExact\"}}",
	  REQUIRE_GPG, false, true, 0, 0, IDENTITY_MATCH_EXACT },
	{ SIGNED(BY("a")), REQUIRE_SIGNATURE, true, false, 0, 0, IDENTITY_MATCH_REPO_DIGEST_OR_EXACT },
	{ REPOSITORY("a"), REQUIRE_SIGNATURE, true, false, 0, 0, IDENTITY_MATCH_REPOSITORY },
	{ DIGEST("a"), REQUIRE_SIGNATURE, true, false, 0, 0, IDENTITY_MATCH_DIGEST },
	{ SIGNED("\"pki\":{}"), REQUIRE_SIGNATURE, false, true, 0, 0, IDENTITY_MATCH_REPO_DIGEST_OR_EXACT },
	{ PROVENANCE("a"), REQUIRE_ATTESTATION, true, false, 1, 0, 0 },
	{ ATTESTED("\"predicateTypes\":[\"a\",\"b\"]," BY("a") ",\"platforms\":[\"linux/x86_64\",\"linux/arm/v7\"]"),
	  REQUIRE_ATTESTATION, true, false, 2, 2, 0 },
	{ ATTESTED("\"predicateType\":\"a\",\"pki\":{}"), REQUIRE_ATTESTATION, false, true, 1, 0, 0 },
};

START_TEST(reads)
{
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(cases[_i].text);
	const struct policy_requirement *r = &p->scopes[0].requirements[0];

	ck_assert_uint_eq(p->scopes[0].len, 1);
	ck_assert_int_eq(r->kind, cases[_i].kind);
	ck_assert_str_eq(r->place, "/transports/docker/r.example/0");
	ck_assert((r->signers != NULL) == cases[_i].signers);
	ck_assert((r->unsupported != NULL) == cases[_i].unsupported);
	ck_assert((policy_note(p, 0) != NULL) == cases[_i].unsupported);
	ck_assert_uint_eq(r->types_len, cases[_i].types);
	ck_assert_uint_eq(r->platforms_len, cases[_i].platforms);
	ck_assert(r->platforms_len == 0 || strcmp(r->platforms[0].architecture, "amd64") == 0);
	ck_assert(r->kind == REQUIRE_ATTESTATION || r->identity.kind == cases[_i].identity);
}
END_TEST

/* What is asked for twice is asked for twice, and what stands behind a rejection is read as well. */
START_TEST(keeps_all)
{
	CLEANUP(policy_free_ptr)
	struct policy *p = judged_parse("{\"type\":\"reject\"}," PROVENANCE("a") "," PROVENANCE("a"));

	ck_assert_uint_eq(p->scopes[0].len, 3);
	ck_assert_str_eq(p->scopes[0].requirements[2].place, "/transports/docker/r.example/2");
	ck_assert_ptr_eq(p->scopes[0].requirements[1].signers, p->scopes[0].requirements[2].signers);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy_requirement");
	TCase *t = tcase_create("policy_requirement");

	tcase_add_checked_fixture(t, judged_setup, judged_teardown);
	tcase_add_loop_test(t, reads, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, keeps_all);
	suite_add_tcase(s, t);
	return test_run(s);
}
