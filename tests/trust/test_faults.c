/* Memory that runs out at each of our allocations in turn: nothing is proved by it, nothing is lost. */
#include "tests/lib/faults.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/legacy.h"
#include "trust/sigstore.h"

#define POSITIONS_MAX 2000

/* Everything from the texts on. */
static enum err_code prove(const char *root_text, const char *bundle_text, const struct mock_legacy *l, const char *pem,
			   struct err *err)
{
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	CLEANUP(trust_key_free_ptr) struct trust_key *key = NULL;
	CLEANUP(trust_identity_release) struct trust_identity identity = { 0 };
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };
	CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };
	CLEANUP(trust_artifact_release)
	struct trust_artifact artifact = trust_artifact_of_bytes(MOCK_ARTIFACT, strlen(MOCK_ARTIFACT), "artifact");
	const struct legacy_parts parts = { l->layer, strlen(l->layer), l->signature, l->certificate,
					    NULL,     l->rekor,         l->timestamp };
	struct trust_material material = { .keys = &key, .keys_len = 1 };
	struct trust_wanted wanted = { .identities = &identity, .identities_len = 1, .tlog = true };
	enum err_code code = trust_root_parse(root_text, strlen(root_text), "root", &root, err);

	if (code == ERR_OK)
		code = trust_key_of_pem(pem, strlen(pem), "key", &key, err);
	if (code == ERR_OK)
		code = trust_identity_init(NULL, ".*", MOCK_ISSUER, NULL, &identity, err);
	if (code == ERR_OK && bundle_text != NULL)
		code = sigstore_bundle_read(bundle_text, strlen(bundle_text), "bundle", &b, err);
	else if (code == ERR_OK)
		code = sigstore_bundle_of_legacy(&parts, "layer", &b, err);
	material.root = root;
	return code == ERR_OK ? trust_verify(&b, &material, &wanted, &artifact, &proof, err) : code;
}

static const struct {
	struct mock_wish wish;
	bool annotations;
} cases[] = {
	{ { .timestamp = true, .embedded = true }, false },
	{ { .statement = true, .kind = "dsse 0.0.2", .timestamp = true }, false },
	{ { .timestamp = true }, true },
	{ { .statement = true }, true },
};

START_TEST(memory)
{
	struct mock *m = mock_new();
	CLEANUP(free_ptr) char *root = mock_root(m, &(struct mock_root_wish){ .strange_log = true });
	CLEANUP(free_ptr) char *bundle = mock_bundle(m, &cases[_i].wish);
	CLEANUP(free_ptr) char *pem = mock_public_key(m);
	struct mock_legacy l = mock_legacy(m, &cases[_i].wish);
	size_t position;

	for (position = 0; position < POSITIONS_MAX; position++) {
		struct err err = { 0 };
		enum err_code code;

		faults_arm(FAULTS_MEMORY, position);
		code = prove(root, cases[_i].annotations ? NULL : bundle, &l, pem, &err);
		if (!faults_disarm()) {
			ck_assert_msg(code == ERR_OK, "%s", err.msg);
			break;
		}
		ck_assert_msg(code != ERR_OK, "%zu: proved without memory", position);
		ck_assert_int_eq(err.code, code);
	}
	ck_assert_uint_lt(position, POSITIONS_MAX);
	ck_assert_uint_gt(position, 20);
	mock_legacy_release(&l);
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trust_faults");
	TCase *t = tcase_create("trust_faults");

	tcase_add_loop_test(t, memory, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
