#include "trust/proofs.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/judged.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/fingerprint.h"
#include "trust/policy_private.h"
#include "trust/revoked.h"

/* What one proof is told apart by: where any of these is another, it is another signature, or by others. */
enum { SAME, BLOB, MANIFEST, SUBJECT, LAYER, SIGNERS, WAYS };

static const struct thing signature[] = { SIMPLE(ROOT, "a", NAME) };

static const struct policy_signers *signers_of(const struct policy *p, size_t i)
{
	return p->scopes[0].requirements[i].signers;
}

START_TEST(told_apart)
{
	CLEANUP(policy_free_ptr)
	struct policy *p = judged_parse(REPOSITORY("a") "," SIGNED("\"keyPaths\":[\"a.pub\",\"b.pub\"]"));
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1], other;
	struct candidates all = judged_gather(signature, 1, items);
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	const struct verdict *v = NULL;

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(proofs_get(&proofs, &all, items, signers_of(p, 0), &v, &payload, NULL), ERR_OK);
	other = items[0];
	other.blob += _i == BLOB ? 2 : 0;
	other.manifest += _i == MANIFEST ? 2 : 0;
	other.subject = _i == SUBJECT ? AMD64 : other.subject;
	other.layer += _i == LAYER;
	items[0] = other;
	ck_assert_int_eq(proofs_get(&proofs, &all, items, signers_of(p, _i == SIGNERS), &v, &payload, NULL), ERR_OK);
	ck_assert_uint_eq(judged_proved(), _i == SAME ? 1 : 2);
	ck_assert(v->holds && v->is_signature);
	ck_assert_str_eq(v->docker_reference, NAME);
	ck_assert_ptr_nonnull(strstr(v->who, "a.pub"));
}
END_TEST

/* What does not hold is remembered too; what could not be tried is not. */
START_TEST(remembers_verdicts)
{
	static const struct thing list[] = { SIMPLE(ROOT, "b", NAME), SIMPLE(ROOT, "!", NAME) };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(REPOSITORY("a"));
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[2];
	struct candidates all = judged_gather(list, 2, items);
	struct json_t *payload = NULL;
	const struct verdict *v = NULL;
	struct err err = { 0 };
	size_t i;

	proofs_init(&proofs, &judged_prover, NULL);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(proofs_get(&proofs, &all, &items[0], signers_of(p, 0), &v, &payload, &err), ERR_OK);
		ck_assert(!v->holds && v->who == NULL);
		ck_assert_str_eq(v->why, "it is not by this key");
		ck_assert_int_eq(proofs_get(&proofs, &all, &items[1], signers_of(p, 0), &v, &payload, &err), ERR_IO);
	}
	ck_assert_uint_eq(proofs.len, 1);
	ck_assert_uint_eq(judged_proved(), 3);
}
END_TEST

/* The statement is the caller's, once; later it is read again by whoever wants it. */
START_TEST(gives_the_payload_once)
{
	static const struct thing list[] = { DSSE(ROOT, "a", SLSA, "{}") };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(PROVENANCE("a"));
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1];
	struct candidates all = judged_gather(list, 1, items);
	CLEANUP(js_free_ptr) struct json_t *first = NULL;
	struct json_t *second = NULL;
	const struct verdict *v = NULL;

	proofs_init(&proofs, &judged_prover, NULL);
	ck_assert_int_eq(proofs_get(&proofs, &all, items, signers_of(p, 0), &v, &first, NULL), ERR_OK);
	ck_assert_str_eq(js_string(first, "predicateType"), SLSA);
	ck_assert_int_eq(proofs_get(&proofs, &all, items, signers_of(p, 0), &v, &second, NULL), ERR_OK);
	ck_assert_ptr_null(second);
	ck_assert(v->holds && !v->is_signature);
	ck_assert_str_eq(v->predicate_type, SLSA);
}
END_TEST

/* A key that is revoked proves nothing, and another one still does. */
START_TEST(revoked)
{
	struct revoked_entry entry = { .is_key = true, .file = "old.pub" };
	struct revoked r = { .entries = &entry, .len = 1 };
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(REPOSITORY("a"));
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1];
	struct candidates all = judged_gather(signature, 1, items);
	struct json_t *payload = NULL;
	const struct verdict *v = NULL;

	ck_assert_int_eq(fingerprint_of_pem(_i == 0 ? key_p256_pub : key_ed25519_pub, "x", &entry.digest, NULL),
			 ERR_OK);
	proofs_init(&proofs, &judged_prover, &r);
	ck_assert_int_eq(proofs_get(&proofs, &all, items, signers_of(p, 0), &v, &payload, NULL), ERR_OK);
	ck_assert(v->holds == (_i == 1));
	ck_assert(_i == 1 || strstr(v->why, "is revoked here (old.pub)") != NULL);
}
END_TEST

/* The plain prover is candidate.h's: what can never be proved is not, and what is there is read. */
START_TEST(plain)
{
	struct candidate items[1];
	struct candidates all = judged_gather(signature, 1, items);
	const struct trust_material m = { 0 };
	const struct trust_wanted wanted = { 0 };
	struct candidate_proof proof;
	struct json_t *payload = NULL;
	struct err err = { 0 };

	items[0].why = "it was absent at the source";
	ck_assert_int_eq(prover_plain.prove(prover_plain.ctx, &all, items, &m, &wanted, &proof, &err), ERR_UNPROVED);
	ck_assert_str_eq(err.msg, "it was absent at the source");
	ck_assert_int_eq(prover_plain.payload(prover_plain.ctx, &all, items, &payload, &err), ERR_UNPROVED);
	ck_assert_ptr_null(payload);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proofs");
	TCase *t = tcase_create("proofs");

	tcase_add_checked_fixture(t, judged_setup, judged_teardown);
	tcase_add_loop_test(t, told_apart, 0, WAYS);
	tcase_add_test(t, remembers_verdicts);
	tcase_add_test(t, gives_the_payload_once);
	tcase_add_loop_test(t, revoked, 0, 2);
	tcase_add_test(t, plain);
	suite_add_tcase(s, t);
	return test_run(s);
}
