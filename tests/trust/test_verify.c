/* What must hold of a signature, one thing after the other: each case makes one of them a lie. */
#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/legacy.h"
#include "trust/sigstore.h"

#define MINUTE INT64_C(60)
#define ARTIFACT_HEX "9d9116edf6bc903031f363e444e1c34b1494e778772dd23b85c7206ff1e19a69" /* of MOCK_ARTIFACT */

static const struct {
	const char *name, *says; /* "" where it holds */
	struct mock_wish wish;
	struct mock_root_wish root;
} cases[] = {
	{ "message", "", { 0 }, { 0 } },
	{ "message, v0.1", "", { .version = 1 }, { 0 } },
	{ "message, v0.2", "", { .version = 2 }, { 0 } },
	{ "statement", "", { .statement = true }, { 0 } },
	{ "statement, intoto", "", { .statement = true, .kind = "intoto 0.0.2" }, { 0 } },
	{ "message, Rekor v2", "", { .kind = "hashedrekord 0.0.2", .timestamp = true }, { 0 } },
	{ "statement, Rekor v2", "", { .statement = true, .kind = "dsse 0.0.2", .timestamp = true }, { 0 } },
	{ "statement, Rekor v2 by hash",
	  "",
	  { .statement = true, .kind = "hashedrekord 0.0.2", .timestamp = true },
	  { 0 } },
	{ "proof alone, and a timestamp", "", { .no_promise = true, .timestamp = true }, { 0 } },
	{ "timestamp with certificate", "", { .timestamp = true, .embedded = true }, { 0 } },
	{ "timestamp of nobody, and a log's time", "", { .other_timestamp = true }, { 0 } },
	{ "without message digest", "", { .no_message_digest = true }, { 0 } },
	{ "an entry of an unknown log besides", "", { .strange_entry = true }, { 0 } },
	{ "a subject in capital letters",
	  "",
	  { .statement = true, .subject_hex = "9D9116EDF6BC903031F363E444E1C34B1494E778772DD23B85C7206FF1E19A69" },
	  { 0 } },
	{ "an authority between that comes along", "", { .version = 2, .by_between = true }, { 0 } },
	{ "an authority between that is named", "", { .by_between = true }, { .names_between = true } },
	{ "timestamp under a root that alone is named",
	  "",
	  { .kind = "hashedrekord 0.0.2", .timestamp = true, .embedded = true },
	  { .tsa_root_only = true } },
	{ "timestamp that brings what leads to the root",
	  "",
	  { .kind = "hashedrekord 0.0.2", .far_timestamp = true, .embedded = true },
	  { .tsa_root_only = true } },
	{ "a log of another kind of key", "", { 0 }, { .strange_log = true } },
	{ "ends are inside",
	  "",
	  { .to = MOCK_TIME, .timestamp = true },
	  { .ca_end = MOCK_TIME, .tlog_end = MOCK_TIME, .tsa_end = MOCK_TIME, .ctlog_end = MOCK_TIME } },

	{ "v0.1 without promise", "inclusionPromise", { .version = 1, .no_promise = true, .timestamp = true }, { 0 } },
	{ "no time", "nothing proves when", { .no_promise = true }, { 0 } },
	{ "no time in Rekor v2", "nothing proves when", { .kind = "hashedrekord 0.0.2" }, { 0 } },
	{ "timestamp of nobody", "does not know", { .kind = "hashedrekord 0.0.2", .other_timestamp = true }, { 0 } },
	{ "timestamp of nobody, with certificate",
	  "does not know",
	  { .kind = "hashedrekord 0.0.2", .other_timestamp = true, .embedded = true },
	  { 0 } },
	{ "an authority whose certificates do not stand in order",
	  "names no authority that counts: it has an authority whose chain does not lead",
	  { 0 },
	  { .reversed = true } },
	{ "a timestamp of an authority that is passed over",
	  "names no authority that counts: it has an authority whose chain does not lead",
	  { .kind = "hashedrekord 0.0.2", .timestamp = true },
	  { .tsa_reversed = true } },
	{ "an identity for which the authority above may not vouch",
	  "may not vouch",
	  { .by_between = true },
	  { .names_between = true, .above = { .names = "critical,excluded;email:acme.example" } } },
	{ "no authority for timestamps",
	  "nothing proves when it was signed: there is a timestamp, and root names no authority",
	  { .kind = "hashedrekord 0.0.2", .timestamp = true },
	  { .no_tsa = true } },
	{ "no entry", "no log entry", { .kind = "", .timestamp = true }, { 0 } },
	{ "no log trusted", "no transparency log is trusted", { .timestamp = true }, { .no_tlog = true } },
	{ "entry of an unknown log", "does not know", { .other_log = true }, { 0 } },
	{ "entry about another artifact", "about another artifact", { .other_body = true }, { 0 } },
	{ "entry about another payload", "about another payload", { .statement = true, .other_body = true }, { 0 } },
	{ "entry about another payload, intoto",
	  "about another payload",
	  { .statement = true, .kind = "intoto 0.0.2", .other_body = true },
	  { 0 } },
	{ "entry about another payload, v2",
	  "about another payload",
	  { .statement = true, .kind = "dsse 0.0.2", .other_body = true, .timestamp = true },
	  { 0 } },
	{ "entry about another hash, v2",
	  "about another artifact",
	  { .statement = true, .kind = "hashedrekord 0.0.2", .other_body = true, .timestamp = true },
	  { 0 } },
	{ "entry about a message", "about a message", { .statement = true, .kind = "hashedrekord 0.0.1" }, { 0 } },
	{ "entry about a statement", "about a statement", { .kind = "dsse 0.0.1" }, { 0 } },
	{ "entry twice", "stands twice", { .entry_twice = true }, { 0 } },
	{ "timestamp twice", "stands twice", { .timestamp = true, .timestamp_twice = true }, { 0 } },
	{ "two signatures", "one signature", { .statement = true, .two_signatures = true }, { 0 } },
	{ "another payload type", "which is not", { .statement = true, .payload_type = "text/plain" }, { 0 } },
	{ "another subject",
	  "about something else",
	  { .statement = true, .subject_hex = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf" },
	  { 0 } },
	{ "a subject whose digests contradict each other",
	  "about something else",
	  { .statement = true, .subject_hex = ARTIFACT_HEX "\",\"sha512\":\"00" },
	  { 0 } },
	{ "entry by another kind of digest", "kind of digest", { .sha512_message_digest = true }, { 0 } },
	{ "entry by another kind of digest, v2",
	  "kind of digest",
	  { .kind = "hashedrekord 0.0.2", .timestamp = true, .sha512_message_digest = true },
	  { 0 } },
	{ "timestamp of another authority under the root, which is not named",
	  "does not know",
	  { .kind = "hashedrekord 0.0.2", .far_timestamp = true, .embedded = true },
	  { 0 } },
	{ "an authority between for other uses", "for other uses", { .version = 2, .by_tls = true }, { 0 } },
	{ "an authority between that is not the named one",
	  "not by the authority",
	  { .version = 2, .by_tls = true },
	  { .names_between = true } },
	{ "another authority", "not by the authority", { .other_ca = true }, { 0 } },
	{ "no SCT", "no signed timestamp", { .no_sct = true }, { 0 } },
	{ "false SCT", "no log of certificates", { .false_sct = true }, { 0 } },
	{ "no log of certificates", "no log of certificates", { 0 }, { .no_ctlog = true } },
	{ "log of certificates at its end", "no log of certificates", { 0 }, { .ctlog_end = MOCK_TIME - 1 } },
	{ "not for signing code", "not for signing code", { .no_code_signing = true }, { 0 } },
	{ "an authority's certificate", "is an authority's", { .is_ca = true }, { 0 } },
	{ "nobody vouches", "who vouches", { .no_issuer = true }, { 0 } },
	{ "logged before", "was not valid", { .logged_at = MOCK_TIME - 1 }, { 0 } },
	{ "logged after", "was not valid", { .logged_at = MOCK_TIME + 10 * MINUTE + 1 }, { 0 } },
	{ "timestamp before", "was not valid", { .timestamp = true, .timestamp_at = MOCK_TIME - 1 }, { 0 } },
	{ "timestamp after",
	  "was not valid",
	  { .timestamp = true, .timestamp_at = MOCK_TIME + 10 * MINUTE + 1 },
	  { 0 } },
	{ "authority at its end", "did not count", { 0 }, { .ca_end = MOCK_TIME - 1 } },
	{ "log at its end", "did not count", { 0 }, { .tlog_end = MOCK_TIME - 1 } },
	{ "log v2 at its end",
	  "did not count",
	  { .kind = "hashedrekord 0.0.2", .timestamp = true },
	  { .tlog_end = MOCK_TIME - 1 } },
	{ "timestamp authority at its end", "did not count", { .timestamp = true }, { .tsa_end = MOCK_TIME - 1 } },
};

struct fixture {
	struct mock *mock;
	struct trust_root *root;
	struct trust_identity identity;
	struct trust_artifact artifact;
	struct trust_proof proof;
	struct sigstore_bundle bundle;
	struct trust_key *key;
	struct err err;
};

static void set_up(struct fixture *f, const struct mock_root_wish *wish)
{
	CLEANUP(free_ptr) char *text = NULL;

	*f = (struct fixture){ .mock = mock_new() };
	text = mock_root(f->mock, wish);
	ck_assert_msg(trust_root_parse(text, strlen(text), "root", &f->root, &f->err) == ERR_OK, "%s", f->err.msg);
	ck_assert_int_eq(
		trust_identity_init(MOCK_IDENTITY, NULL, NULL, "https://accounts\\.[a-z.]+", &f->identity, NULL),
		ERR_OK);
	f->artifact = trust_artifact_of_bytes(MOCK_ARTIFACT, strlen(MOCK_ARTIFACT), "artifact");
}

static void tear_down(struct fixture *f)
{
	mock_free(f->mock);
	trust_root_free(f->root);
	trust_key_free(f->key);
	trust_identity_release(&f->identity);
	trust_artifact_release(&f->artifact);
	trust_proof_release(&f->proof);
	sigstore_bundle_release(&f->bundle);
}

static enum err_code read_bundle(struct fixture *f, const struct mock_wish *wish)
{
	CLEANUP(free_ptr) char *text = mock_bundle(f->mock, wish);

	return sigstore_bundle_read(text, strlen(text), "bundle", &f->bundle, &f->err);
}

static enum err_code verify(struct fixture *f, bool tlog)
{
	const struct trust_material material = { .keys = &f->key, .keys_len = f->key != NULL, .root = f->root };
	const struct trust_wanted wanted = { .identities = &f->identity, .identities_len = 1, .tlog = tlog };

	trust_proof_release(&f->proof);
	return trust_verify(&f->bundle, &material, &wanted, &f->artifact, &f->proof, &f->err);
}

START_TEST(one_lie)
{
	bool good = cases[_i].says[0] == '\0';
	struct fixture f;
	enum err_code code;

	set_up(&f, &cases[_i].root);
	code = read_bundle(&f, &cases[_i].wish);
	if (code == ERR_OK)
		code = verify(&f, false);
	ck_assert_msg((code == ERR_OK) == good, "%s: %s", cases[_i].name, f.err.msg);
	ck_assert_msg(good || strstr(f.err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, f.err.msg);
	ck_assert_int_eq(f.err.code, code);
	if (good) {
		ck_assert_str_eq(f.proof.identity, MOCK_IDENTITY);
		ck_assert_str_eq(f.proof.issuer, MOCK_ISSUER);
		ck_assert_int_eq(f.proof.time, MOCK_TIME);
		ck_assert(f.proof.logged);
		ck_assert_int_eq(f.proof.form, cases[_i].wish.statement ? TRUST_STATEMENT : TRUST_MESSAGE);
		ck_assert_int_eq(f.proof.statement.len > 0, cases[_i].wish.statement);
	}
	tear_down(&f);
}
END_TEST

/* Who asks for an address of mail gets no other name that reads like one. */
START_TEST(mail_alone)
{
	struct fixture f;

	set_up(&f, &(struct mock_root_wish){ 0 });
	f.identity.email_only = _i >= 2;
	ck_assert_int_eq(read_bundle(&f, &(struct mock_wish){ .names = _i % 2 == 1 ? "URI:" MOCK_IDENTITY : NULL }),
			 ERR_OK);
	ck_assert_msg(verify(&f, false) == (_i == 3 ? ERR_UNPROVED : ERR_OK), "%d: %s", _i, f.err.msg);
	ck_assert(_i != 3 || strstr(f.err.msg, "not as an address of mail") != NULL);
	tear_down(&f);
}
END_TEST

START_TEST(somebody_else)
{
	struct fixture f;

	set_up(&f, &(struct mock_root_wish){ 0 });
	trust_identity_release(&f.identity);
	ck_assert_int_eq(trust_identity_init("mallory@acme.example", NULL, MOCK_ISSUER, NULL, &f.identity, NULL),
			 ERR_OK);
	ck_assert_int_eq(read_bundle(&f, &(struct mock_wish){ 0 }), ERR_OK);
	ck_assert_int_eq(verify(&f, false), ERR_UNPROVED);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "signed by " MOCK_IDENTITY ", and wanted is mallory@acme.example"));
	tear_down(&f);
}
END_TEST

/* With a key, with and without a root. */
static const struct {
	const char *says;
	struct mock_wish wish;
	bool with_root, tlog, other_key;
} keyed[] = {
	{ "", { .keyed = true, .kind = "" }, false, false, false },
	{ "", { .keyed = true, .kind = "" }, true, false, false },
	{ "no log entry", { .keyed = true, .kind = "" }, true, true, false },
	{ "", { .keyed = true }, true, true, false },
	{ "", { .keyed = true, .statement = true }, true, true, false },
	{ "", { .keyed = true, .statement = true, .kind = "dsse 0.0.2" }, true, true, false },
	{ "", { .keyed = true, .kind = "hashedrekord 0.0.2" }, true, true, false },
	{ "", { .keyed = true, .other_log = true }, false, false, false },
	{ "", { .keyed = true, .other_log = true }, true, false, false },
	{ "does not know", { .keyed = true, .other_log = true }, true, true, false },
	{ "", { .keyed = true, .strange_entry = true }, true, true, false },
	{ "another artifact", { .keyed = true, .other_body = true }, true, true, false },
	{ "not a signature", { .keyed = true }, true, true, true },
	{ "only keys count", { 0 }, true, true, false },
};

START_TEST(with_key)
{
	CLEANUP(free_ptr) char *pem = NULL;
	const struct trust_wanted wanted = { .tlog = keyed[_i].tlog };
	struct trust_material material;
	struct mock *other = mock_new();
	struct fixture f;
	enum err_code code;

	set_up(&f, &(struct mock_root_wish){ 0 });
	pem = mock_public_key(keyed[_i].other_key ? other : f.mock);
	ck_assert_int_eq(trust_key_of_pem(pem, strlen(pem), "key", &f.key, &f.err), ERR_OK);
	ck_assert_int_eq(read_bundle(&f, &keyed[_i].wish), ERR_OK);
	material =
		(struct trust_material){ .keys = &f.key, .keys_len = 1, .root = keyed[_i].with_root ? f.root : NULL };
	code = trust_verify(&f.bundle, &material, &wanted, &f.artifact, &f.proof, &f.err);
	ck_assert_msg((code == ERR_OK) == (keyed[_i].says[0] == '\0'), "%d: %s", _i, f.err.msg);
	ck_assert_msg(strstr(f.err.msg, keyed[_i].says) != NULL, "%d: %s", _i, f.err.msg);
	ck_assert_ptr_eq(f.proof.key, code == ERR_OK ? f.key : NULL);
	mock_free(other);
	tear_down(&f);
}
END_TEST

/* cosign's annotations. */
static const struct {
	const char *says;
	struct mock_wish wish;
} legacy[] = {
	{ "", { 0 } },
	{ "", { .timestamp = true } },
	{ "", { .statement = true } },
	{ "", { .statement = true, .kind = "intoto 0.0.2" } },
	{ "", { .keyed = true } },
	{ "", { .keyed = true, .statement = true } },
	{ "no log entry", { .no_promise = true } },
	{ "another artifact", { .other_body = true } },
	{ "was not valid", { .logged_at = MOCK_TIME + 11 * MINUTE } },
	{ "did not", { .timestamp = true, .timestamp_at = MOCK_TIME - INT64_C(2) * 365 * 24 * 60 * MINUTE } },
	{ "no signed timestamp", { .no_sct = true } },
};

START_TEST(annotations)
{
	CLEANUP(free_ptr) char *pem = NULL;
	struct mock_legacy l;
	struct legacy_parts parts;
	struct fixture f;
	enum err_code code;

	set_up(&f, &(struct mock_root_wish){ 0 });
	pem = mock_public_key(f.mock);
	ck_assert_int_eq(trust_key_of_pem(pem, strlen(pem), "key", &f.key, &f.err), ERR_OK);
	l = mock_legacy(f.mock, &legacy[_i].wish);
	parts = (struct legacy_parts){ .layer = l.layer,
				       .layer_len = strlen(l.layer),
				       .signature = l.signature,
				       .certificate = l.certificate,
				       .rekor = l.rekor,
				       .timestamp = l.timestamp };
	code = sigstore_bundle_of_legacy(&parts, "layer", &f.bundle, &f.err);
	if (code == ERR_OK)
		code = verify(&f, true);
	ck_assert_msg((code == ERR_OK) == (legacy[_i].says[0] == '\0'), "%d: %s", _i, f.err.msg);
	ck_assert_msg(strstr(f.err.msg, legacy[_i].says) != NULL, "%d: %s", _i, f.err.msg);
	mock_legacy_release(&l);
	tear_down(&f);
}
END_TEST

/* What a policy names one by one is a root too; such policies know no log of certificates. */
START_TEST(root_by_parts)
{
	const struct trust_wanted wanted = { .no_sct = true, .tlog = true };
	struct trust_wanted by = wanted;
	struct trust_material material = { 0 };
	struct fixture f;

	set_up(&f, &(struct mock_root_wish){ 0 });
	by.identities = &f.identity;
	by.identities_len = 1;
	trust_root_free(f.root);
	f.root = NULL;
	ck_assert_int_eq(trust_root_new("policy", &f.root, &f.err), ERR_OK);
	ck_assert_int_eq(trust_root_add_ca(f.root, "nothing", 7, "ca.pem", &f.err), ERR_FORMAT);
	f.err = (struct err){ 0 };
	ck_assert_int_eq(read_bundle(&f, &(struct mock_wish){ .no_sct = true }), ERR_OK);
	material.root = f.root;
	ck_assert_int_eq(trust_verify(&f.bundle, &material, &by, &f.artifact, &f.proof, &f.err), ERR_UNPROVED);
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify");
	TCase *t = tcase_create("verify");

	tcase_add_loop_test(t, one_lie, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, mail_alone, 0, 4);
	tcase_add_test(t, somebody_else);
	tcase_add_loop_test(t, with_key, 0, (int)COUNT_OF(keyed));
	tcase_add_loop_test(t, annotations, 0, (int)COUNT_OF(legacy));
	tcase_add_test(t, root_by_parts);
	suite_add_tcase(s, t);
	return test_run(s);
}
