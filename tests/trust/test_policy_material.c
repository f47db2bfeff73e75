/* What a policy's signers are made of proves what it should: the same keyless signature, by Fulcio's certificates and a
 * log's key one by one, and by a trusted root. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/policy_private.h"

#define VECTORS "tests/fixtures/sigstore/"
#define ROOT VECTORS "trusted_root_public.json"
#define WHO                                                                                                            \
	"https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"            \
	"extremely-dangerous-oidc-beacon.yml@refs/heads/main"
#define ISSUER "https://token.actions.githubusercontent.com"

static char *folder;

/* Base64 of DER as PEM. */
static void put_pem(struct buf *pem, const char *kind, const char *text)
{
	buf_printf(pem, NULL, "-----BEGIN %s-----\n", kind);
	for (; *text != '\0'; text += strnlen(text, 64))
		buf_printf(pem, NULL, "%.64s\n", text);
	buf_printf(pem, NULL, "-----END %s-----\n", kind);
}

/* The chain of an authority, or its last certificate alone. */
static void put_authority(const struct json_t *root, size_t which, const char *name, bool last_only)
{
	const struct json_t *chain = js_array(
		js_object(js_at(js_array(root, "certificateAuthorities"), which), "certChain"), "certificates");
	CLEANUP(buf_release) struct buf pem = { .max = 1 << 16 };
	size_t i;

	ck_assert_uint_ge(js_len(chain), 1);
	for (i = last_only ? js_len(chain) - 1 : 0; i < js_len(chain); i++)
		put_pem(&pem, "CERTIFICATE", js_string(js_at(chain, i), "rawBytes"));
	folder_put(folder, name, pem.data, pem.len);
}

/* Of all authorities, the last certificate first. */
static void put_all(const struct json_t *root, const char *name)
{
	const struct json_t *list = js_array(root, "certificateAuthorities");
	CLEANUP(buf_release) struct buf pem = { .max = 1 << 16 };
	size_t i, j;

	for (i = 0; i < js_len(list); i++) {
		const struct json_t *chain = js_array(js_object(js_at(list, i), "certChain"), "certificates");

		for (j = js_len(chain); j > 0; j--)
			put_pem(&pem, "CERTIFICATE", js_string(js_at(chain, j - 1), "rawBytes"));
	}
	folder_put(folder, name, pem.data, pem.len);
}

static void put_log(const struct json_t *root, const char *name)
{
	CLEANUP(buf_release) struct buf log = { .max = 1 << 16 };

	put_pem(&log, "PUBLIC KEY", js_string(js_object(js_at(js_array(root, "tlogs"), 0), "publicKey"), "rawBytes"));
	folder_put(folder, name, log.data, log.len);
}

static void setup(void)
{
	CLEANUP(buf_release) struct buf text = { .max = 1 << 20 };
	CLEANUP(js_free_ptr) struct json_t *root = NULL;

	folder = folder_new();
	ck_assert_int_eq(file_read(ROOT, &text, NULL), ERR_OK);
	ck_assert_int_eq(js_read(text.data, text.len, ROOT, &root, NULL), ERR_OK);
	put_authority(root, 1, "fulcio.pem", false); /* which is the one that issues today */
	put_authority(root, 1, "last.pem", true);
	put_all(root, "all.pem");
	put_log(root, "rekor.pub");
	folder_put(folder, "other.pub", key_p256_pub, strlen(key_p256_pub));
	folder_put(folder, "root.json", text.data, text.len);
}

static void teardown(void)
{
	folder_remove(folder);
}

#define FULCIO(ca, issuer, email, log)                                                                                 \
	"\"fulcio\":{\"caPath\":\"" ca "\",\"oidcIssuer\":\"" issuer "\",\"subjectEmail\":\"" email                    \
	"\"},\"rekorPublicKeyPath\":\"" log "\""
#define BY_ROOT(identities) "\"trustedRootPath\":\"root.json\",\"identities\":[" identities "]"

static const struct {
	const char *what, *signers;
	const char *why; /* NULL: proved */
} cases[] = {
	{ "Fulcio and Rekor, and no address of mail", FULCIO("fulcio.pem", ISSUER, WHO, "rekor.pub"),
	  "not as an address of mail" },
	{ "several authorities of Fulcio, in another order", FULCIO("all.pem", ISSUER, WHO, "rekor.pub"),
	  "not as an address of mail" },
	{ "only the root of Fulcio, and no intermediate comes along", FULCIO("last.pem", ISSUER, WHO, "rekor.pub"),
	  "" },
	{ "another identity", FULCIO("fulcio.pem", ISSUER, "who@example.com", "rekor.pub"), "who@example.com" },
	{ "an identity that only begins so", FULCIO("fulcio.pem", ISSUER, WHO "x", "rekor.pub"), WHO },
	{ "another issuer", FULCIO("fulcio.pem", "https://issuer.example", WHO, "rekor.pub"),
	  "https://issuer.example" },
	{ "another log", FULCIO("fulcio.pem", ISSUER, WHO, "other.pub"), "log" },
	{ "a root", BY_ROOT("{\"issuer\":\"" ISSUER "\",\"subject\":\"" WHO "\"}"), NULL },
	{ "patterns",
	  BY_ROOT("{\"issuerRegExp\":\"https://token[.].*\",\"subjectRegExp\":\"https://github[.]com/"
		  "sigstore-conformance/.*\"}"),
	  NULL },
	{ "a pattern is for the whole text", BY_ROOT("{\"issuer\":\"" ISSUER "\",\"subjectRegExp\":\"github\"}"),
	  "github" },
	{ "the second of two",
	  BY_ROOT("{\"issuer\":\"x\",\"subject\":\"y\"},{\"issuer\":\"" ISSUER "\",\"subject\":\"" WHO "\"}"), NULL },
	{ "a key", "\"keyPath\":\"other.pub\"", "" },
};

static struct policy *parse(const char *signers)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "policy.json");
	CLEANUP(free_ptr) char *text = NULL;
	struct policy *p = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(str_format(&text, NULL, "{\"default\":[{\"type\":\"sigstoreSigned\",%s}]}", signers), ERR_OK);
	ck_assert_msg(policy_parse(text, strlen(text), path, &p, &err) == ERR_OK, "%s: %s", signers, err.msg);
	return p;
}

/* A file that is not what it is named for is said by its place and its name. */
static const struct {
	const char *signers, *says;
} mistakes[] = {
	{ FULCIO("rekor.pub", ISSUER, WHO, "rekor.pub"), "/rekor.pub: holds no certificate in PEM" },
	{ FULCIO("fulcio.pem", ISSUER, WHO, "fulcio.pem"), "/fulcio.pem: holds more than one thing in PEM" },
	{ "\"keyPath\":\"fulcio.pem\"", "/fulcio.pem: holds more than one thing in PEM" },
};

START_TEST(names_the_file)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "policy.json");
	CLEANUP(free_ptr) char *text = NULL;
	struct policy *p = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(
		str_format(&text, NULL, "{\"default\":[{\"type\":\"sigstoreSigned\",%s}]}", mistakes[_i].signers),
		ERR_OK);
	ck_assert_int_eq(policy_parse(text, strlen(text), path, &p, &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, mistakes[_i].says) != NULL, "%s", err.msg);
}
END_TEST

static enum err_code verify(const struct policy *p, const struct sigstore_bundle *bundle,
			    struct trust_artifact *artifact, struct trust_proof *proof, struct err *err)
{
	const struct policy_signers *signers = p->fallback.requirements[0].signers;

	return trust_verify(bundle, &signers->material, &signers->wanted, artifact, proof, err);
}

START_TEST(proves)
{
	CLEANUP(policy_free_ptr) struct policy *p = parse(cases[_i].signers);
	CLEANUP(buf_release) struct buf content = { .max = 1 << 20 };
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle bundle = { 0 };
	CLEANUP(trust_artifact_release) struct trust_artifact artifact = trust_artifact_of_file(VECTORS "a.txt");
	CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };
	struct err err = { 0 };
	enum err_code code;

	ck_assert_int_eq(file_read(VECTORS "happy-path-v0.3/bundle.sigstore.json", &content, NULL), ERR_OK);
	ck_assert_int_eq(sigstore_bundle_read(content.data, content.len, "bundle", &bundle, &err), ERR_OK);
	code = verify(p, &bundle, &artifact, &proof, &err);
	ck_assert_msg(code == (cases[_i].why == NULL ? ERR_OK : ERR_UNPROVED), "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(code == ERR_OK || strstr(err.msg, cases[_i].why) != NULL, "%s: %s", cases[_i].what, err.msg);
}
END_TEST

static const struct {
	const char *what, *signers;
	struct mock_wish wish;
	const char *why; /* NULL: proved */
} mails[] = {
	{ "an address of mail", FULCIO("mock.pem", MOCK_ISSUER, MOCK_IDENTITY, "mock.pub"), { 0 }, NULL },
	{ "no SCT is asked for", FULCIO("mock.pem", MOCK_ISSUER, MOCK_IDENTITY, "mock.pub"), { .no_sct = true }, NULL },
	{ "a URI that reads like one",
	  FULCIO("mock.pem", MOCK_ISSUER, MOCK_IDENTITY, "mock.pub"),
	  { .names = "URI:" MOCK_IDENTITY },
	  "not as an address of mail" },
	{ "in capital letters", FULCIO("mock.pem", MOCK_ISSUER, "Builder@acme.example", "mock.pub"), { 0 }, "Builder" },
	{ "signed by another authority", FULCIO("fulcio.pem", MOCK_ISSUER, MOCK_IDENTITY, "mock.pub"), { 0 }, "" },
	{ "logged too late",
	  FULCIO("mock.pem", MOCK_ISSUER, MOCK_IDENTITY, "mock.pub"),
	  { .logged_at = MOCK_TIME + 3600 },
	  "" },
	{ "not logged", FULCIO("mock.pem", MOCK_ISSUER, MOCK_IDENTITY, "mock.pub"), { .kind = "" }, "log" },
};

START_TEST(proves_mail)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	CLEANUP(js_free_ptr) struct json_t *root = NULL;
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle bundle = { 0 };
	CLEANUP(trust_artifact_release)
	struct trust_artifact artifact = trust_artifact_of_bytes(MOCK_ARTIFACT, strlen(MOCK_ARTIFACT), "artifact");
	CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };
	struct mock *m = mock_new();
	char *root_text = mock_root(m, &(struct mock_root_wish){ 0 }), *text = mock_bundle(m, &mails[_i].wish);
	struct err err = { 0 };
	enum err_code code;

	ck_assert_int_eq(js_read(root_text, strlen(root_text), "root", &root, NULL), ERR_OK);
	put_authority(root, 0, "mock.pem", false);
	put_log(root, "mock.pub");
	p = parse(mails[_i].signers);
	code = sigstore_bundle_read(text, strlen(text), "bundle", &bundle, &err);
	ck_assert_msg(code == ERR_OK, "%s: %s", mails[_i].what, err.msg);
	code = verify(p, &bundle, &artifact, &proof, &err);
	ck_assert_msg(code == (mails[_i].why == NULL ? ERR_OK : ERR_UNPROVED), "%s: %s", mails[_i].what, err.msg);
	ck_assert_msg(code == ERR_OK || strstr(err.msg, mails[_i].why) != NULL, "%s: %s", mails[_i].what, err.msg);
	free(root_text);
	free(text);
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy_material");
	TCase *t = tcase_create("policy_material");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, proves, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, names_the_file, 0, (int)COUNT_OF(mistakes));
	tcase_add_loop_test(t, proves_mail, 0, (int)COUNT_OF(mails));
	suite_add_tcase(s, t);
	return test_run(s);
}
