#include "trust/tlog_body.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/edit_text.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/dsse.h"

enum { H1, N1, K1, H2, S2, K2, D1, D2, I2 };

static const struct mock_wish wishes[] = {
	[H1] = { .kind = "hashedrekord 0.0.1" },
	[N1] = { .kind = "hashedrekord 0.0.1", .no_message_digest = true },
	[K1] = { .kind = "hashedrekord 0.0.1", .keyed = true },
	[H2] = { .kind = "hashedrekord 0.0.2" },
	[S2] = { .kind = "hashedrekord 0.0.2", .statement = true },
	[K2] = { .kind = "hashedrekord 0.0.2", .keyed = true },
	[D1] = { .kind = "dsse 0.0.1", .statement = true },
	[D2] = { .kind = "dsse 0.0.2", .statement = true },
	[I2] = { .kind = "intoto 0.0.2", .statement = true },
};

/* What a log has taken is about this signature, or not; from: "" for nothing changed. */
static const struct {
	size_t wish;
	const char *from, *to;
	const char *says; /* "" where it holds */
	bool unsaid;      /* the bundle does not say what kind it is, as in older forms */
	bool other_key;   /* another key has signed */
} bodies[] = {
	{ H1, "", "", "", false, false },
	{ K1, "", "", "", false, false },
	{ H2, "", "", "", false, false },
	{ S2, "", "", "", false, false },
	{ K2, "", "", "", false, false },
	{ D1, "", "", "", false, false },
	{ D2, "", "", "", false, false },
	{ I2, "", "", "", false, false },
	{ H1, "", "", "", true, false },
	{ K1, "", "", "another key", false, true },
	{ K2, "", "", "another key", false, true },

	{ H1, "\"sha256\"", "\"sha512\"", "kind of digest", false, false },
	{ N1, "\"sha256\"", "\"sha512\"", "another artifact", false, false },
	{ N1, "\"sha256\"", "\"md5\"", "without a hash", false, false },
	{ H1, "\"value\":\"", "\"value\":\"0", "another artifact", false, false },
	{ H1, "\"value\":\"9d", "\"value\":\"9D", "another artifact", false, false },
	{ H1, "\"value\"", "\"Value\"", "without a hash", false, false },
	{ N1, "\"hash\"", "\"x\"", "without a hash", false, false },
	{ H1, "\"signature\":{\"content\":\"M", "\"signature\":{\"content\":\"N", "another signature", false, false },
	{ H1, "\"signature\":{\"content\"", "\"signature\":{\"x\"", "no content", false, false },
	{ H1, "\"publicKey\":{\"content\":\"LS0t", "\"publicKey\":{\"content\":\"AAAA", "not PEM", false, false },
	{ H1, "\"publicKey\":{\"content\":\"LS0t", "\"publicKey\":{\"content\":\"CgoKLS0t", "", false, false },
	{ H1, "LS0tCk1J", "LS0tCk5J", "another certificate", false, false },
	{ H1, "\"publicKey\"", "\"x\"", "no content", false, false },
	{ H1, "\"spec\"", "\"Spec\"", "no content", false, false },
	{ H1, "\"hashedrekord\"", "\"dsse\"", "another kind", false, false },
	{ H1, "\"hashedrekord\"", "\"dsse\"", "about a statement", true, false },
	{ H1, "\"hashedrekord\"", "\"rekord\"", "a kind that is not known", true, false },
	{ H1, "\"0.0.1\"", "\"0.0.2\"", "another kind", false, false },
	{ H1, "\"0.0.1\"", "\"0.0.3\"", "a kind that is not known", true, false },
	{ H1, "\"kind\"", "\"Kind\"", "does not say what it is", false, false },
	{ H1, "{\"apiVersion\"", "{\"kind\":\"hashedrekord\",\"apiVersion\"", "JSON", false, false },
	{ H1, "{\"apiVersion\"", "[{\"apiVersion\"", "JSON", false, false },

	{ H2, "\"SHA2_256\"", "\"SHA2_512\"", "kind of digest", false, false },
	{ S2, "\"SHA2_256\"", "\"SHA2_512\"", "another artifact", false, false },
	{ H2, "\"SHA2_256\"", "\"SHA3_256\"", "kind of digest", false, false },
	{ S2, "\"SHA2_256\"", "\"SHA3_256\"", "without a hash", false, false },
	{ H2, "\"digest\":\"", "\"digest\":\"AAAA", "another artifact", false, false },
	{ H2, "\"digest\"", "\"x\"", "no digest", false, false },
	{ H2, "\"content\":\"M", "\"content\":\"N", "another signature", false, false },
	{ H2, "\"verifier\"", "\"x\"", "verifier", false, false },
	{ H2, "\"x509Certificate\"", "\"publicKey\"", "no public key", false, false },
	{ H2, "\"x509Certificate\":{\"rawBytes\":\"M", "\"x509Certificate\":{\"rawBytes\":\"N", "another certificate",
	  false, false },
	{ K2, "\"publicKey\"", "\"x509Certificate\"", "another certificate", false, false },
	{ K2, "PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", "not what it is said to be", false, false },
	{ H2, "\"hashedRekordV002\"", "\"dsseV002\"", "no content", false, false },

	{ D1, "\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"",
	  "\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"0", "another payload", false, false },
	{ D1, "\"payloadHash\"", "\"x\"", "without a hash", false, false },
	{ D1, "\"signature\":\"M", "\"signature\":\"N", "another signature", false, false },
	{ D1, "\"signatures\":[{", "\"signatures\":[{},{", "number of signatures", false, false },
	{ D1, "\"signatures\":[{", "\"signatures\":[],\"x\":[{", "number of signatures", false, false },
	{ D1, "\"verifier\"", "\"x\"", "no verifier", false, false },
	{ D2, "\"signatures\":[{", "\"signatures\":[{},{", "number of signatures", false, false },
	{ D2, "\"payloadHash\"", "\"x\"", "without a hash", false, false },
	{ I2, "\"payloadType\":\"app", "\"payloadType\":\"App", "type of payload", false, false },
	{ I2, "\"payloadType\"", "\"x\"", "type of payload", false, false },
	{ I2, "\"sig\":\"", "\"sig\":\"AAAA", "another signature", false, false },
	{ I2, "\"publicKey\"", "\"x\"", "no publicKey", false, false },
	{ I2, "\"payloadHash\"", "\"x\"", "without a hash", false, false },
	{ I2, "\"0.0.2\"", "\"0.0.1\"", "names no signature", true, false },
};

static void change_body(struct sigstore_entry *e, const char *from, const char *to)
{
	CLEANUP(free_ptr) char *text = edit_text(buf_text(&e->body), from, to);

	buf_clear(&e->body);
	ck_assert_int_eq(buf_puts(&e->body, text, NULL), ERR_OK);
}

/* A bundle whose entry was changed, and what that is held against. */
struct fixture {
	struct mock *mock, *other;
	struct trust_key *key;
	struct sigstore_bundle bundle;
	struct buf pae;
	struct trust_artifact signed_bytes;
	struct tlog_subject subject;
};

static void setup(struct fixture *f, size_t wish, bool other_key, const char *from, const char *to)
{
	CLEANUP(free_ptr) char *text = NULL;
	CLEANUP(free_ptr) char *pem = NULL;

	*f = (struct fixture){ .mock = mock_new(), .other = mock_new() };
	text = mock_bundle(f->mock, &wishes[wish]);
	pem = mock_public_key(other_key ? f->other : f->mock);
	ck_assert_int_eq(trust_key_of_pem(pem, strlen(pem), "key", &f->key, NULL), ERR_OK);
	ck_assert_int_eq(sigstore_bundle_read(text, strlen(text), "bundle", &f->bundle, NULL), ERR_OK);
	f->signed_bytes = trust_artifact_of_bytes(MOCK_ARTIFACT, strlen(MOCK_ARTIFACT), "a");
	if (f->bundle.is_statement) {
		ck_assert_int_eq(dsse_pae(f->bundle.payload_type, &f->bundle.payload, &f->pae, NULL), ERR_OK);
		f->signed_bytes = trust_artifact_of_bytes(f->pae.data, f->pae.len, "envelope");
	}
	f->subject = (struct tlog_subject){ .bundle = &f->bundle, .key = f->key, .signed_bytes = &f->signed_bytes };
	change_body(f->bundle.entries, from, to);
}

static void teardown(struct fixture *f)
{
	buf_release(&f->pae);
	sigstore_bundle_release(&f->bundle);
	trust_key_free(f->key);
	mock_free(f->other);
	mock_free(f->mock);
}

START_TEST(body)
{
	struct fixture f;
	struct err err = { 0 };
	enum err_code code;

	setup(&f, bodies[_i].wish, bodies[_i].other_key, bodies[_i].from, bodies[_i].to);
	f.subject.is_keyless = f.bundle.certificates_len > 0;
	if (bodies[_i].unsaid) {
		free(f.bundle.entries->kind);
		f.bundle.entries->kind = NULL;
	}
	code = tlog_body_check(f.bundle.entries, &f.subject, &err);
	ck_assert_msg((code == ERR_OK) == (bodies[_i].says[0] == '\0'), "%d: %s", _i, err.msg);
	ck_assert_msg(strstr(err.msg, bodies[_i].says) != NULL, "%d: %s", _i, err.msg);
	ck_assert_int_eq(err.code, code);
	teardown(&f);
}
END_TEST

/* Of cosign's older form a certificate may stand beside a signature that is checked with a key, and then the log has
 * that.  The key that checks is then the one in it. */
static const struct {
	size_t wish;
	const char *from, *to;
	const char *says; /* "" where it holds */
	bool none;        /* beside it there is nothing */
	bool other_key;   /* another one checks */
} beside[] = {
	{ H1, "", "", "", false, false },
	{ H2, "", "", "", false, false },
	{ D1, "", "", "", false, false },
	{ I2, "", "", "", false, false },
	{ H1, "", "", "another certificate", true, false },
	{ H1, "", "", "another key", false, true },
	{ H2, "\"x509Certificate\":{\"rawBytes\":\"M", "\"x509Certificate\":{\"rawBytes\":\"N", "another certificate",
	  false, false },
};

START_TEST(certificate_beside)
{
	struct fixture f;
	struct err err = { 0 };
	enum err_code code;
	size_t certificates;

	setup(&f, beside[_i].wish, beside[_i].other_key, beside[_i].from, beside[_i].to);
	certificates = f.bundle.certificates_len;
	if (beside[_i].none)
		f.bundle.certificates_len = 0;
	code = tlog_body_check(f.bundle.entries, &f.subject, &err);
	f.bundle.certificates_len = certificates;
	ck_assert_msg(code == (beside[_i].says[0] == '\0' ? ERR_OK : ERR_UNPROVED), "%d: %s", _i, err.msg);
	ck_assert_msg(strstr(err.msg, beside[_i].says) != NULL, "%d: %s", _i, err.msg);
	teardown(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tlog_body");
	TCase *t = tcase_create("tlog_body");

	tcase_add_loop_test(t, body, 0, (int)COUNT_OF(bodies));
	tcase_add_loop_test(t, certificate_beside, 0, (int)COUNT_OF(beside));
	suite_add_tcase(s, t);
	return test_run(s);
}
