#include "trust/policy.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/policy_private.h"

static char *folder;

/* A folder with keys in it, beside which a policy may lie. */
static void setup(void)
{
	folder = folder_new();
	folder_put(folder, "a.pub", key_p256_pub, strlen(key_p256_pub));
	folder_make_in(folder, "keys");
	folder_put(folder, "keys/b.pub", key_ed25519_pub, strlen(key_ed25519_pub));
	folder_put(folder, "keys/c.pub", key_rsa2048_pub, strlen(key_rsa2048_pub));
	folder_put(folder, "not.pub", "no key", 6);
}

static void teardown(void)
{
	folder_remove(folder);
}

/* $KEY in a text stands for a public key in base64. */
static char *fill(const char *text)
{
	CLEANUP(buf_release) struct buf key = { .max = 10000 };
	const char *at = strstr(text, "$KEY");
	char *filled = NULL;

	ck_assert_int_eq(base64_encode(key_p256_pub, strlen(key_p256_pub), &key, NULL), ERR_OK);
	if (at == NULL)
		ck_assert_int_eq(str_copy(text, &filled, NULL), ERR_OK);
	else
		ck_assert_int_eq(str_format(&filled, NULL, "%.*s%s%s", (int)(at - text), text, buf_text(&key), at + 4),
				 ERR_OK);
	return filled;
}

static enum err_code parse(const char *text, struct policy **ret, struct err *err)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "policy.json");
	CLEANUP(free_ptr) char *filled = fill(text);

	return policy_parse(filled, strlen(filled), path, ret, err);
}

#define REJECT "[{\"type\":\"reject\"}]"
#define ANYTHING "[{\"type\":\"insecureAcceptAnything\"}]"
#define DEFAULT(rest) "{\"default\":" REJECT rest "}"
#define DOCKER(rest) DEFAULT(",\"transports\":{\"docker\":{" rest "}}")
#define SIGNED(rest) DOCKER("\"r.example\":[{\"type\":\"sigstoreSigned\"," rest "}]")
#define ATTESTED(rest) DOCKER("\"r.example\":[{\"type\":\"attestation\"," rest "}]")
#define GPG "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"/nowhere\"}"

static const char *const good[] = {
	"{\"default\":" ANYTHING "}",
	DEFAULT(""),
	DEFAULT(",\"transports\":{}"),
	DEFAULT(",\"transports\":{\"docker\":{}}"),
	DOCKER("\"\":" REJECT),
	DOCKER("\"docker.io/library/busybox:latest\":" ANYTHING),
	DOCKER("\"*.example.com\":[{\"type\":\"reject\"},{\"type\":\"insecureAcceptAnything\"}]"),
	SIGNED("\"keyPath\":\"a.pub\""),
	SIGNED("\"keyPath\":\"keys/b.pub\""),
	SIGNED("\"keyPaths\":[\"a.pub\",\"keys/b.pub\",\"keys/c.pub\"]"),
	SIGNED("\"keyData\":\"$KEY\""),
	SIGNED("\"keyDatas\":[\"$KEY\"]"),
	SIGNED("\"keyPath\":\"a.pub\",\"rekorPublicKeyData\":\"$KEY\""),
	SIGNED("\"keyPath\":\"a.pub\",\"rekorPublicKeyPaths\":[\"a.pub\"]"),
	SIGNED("\"keyPath\":\"a.pub\",\"signedIdentity\":{\"type\":\"matchRepository\"}"),
	ATTESTED("\"keyPath\":\"a.pub\",\"predicateType\":\"https://slsa.dev/provenance/v1\""),
	ATTESTED("\"keyPath\":\"a.pub\",\"predicateTypes\":[\"https://spdx.dev/*\",\"https://cyclonedx.org/bom*\"],"
		 "\"platforms\":[\"linux/amd64\",\"linux/arm64\"],"
		 "\"conditions\":[{\"pointer\":\"/predicate/x\",\"exists\":true}]"),
	/* Of other transports nothing is loaded, and nothing is judged. */
	DEFAULT(",\"transports\":{\"dir\":{\"\":" ANYTHING "},\"atomic\":{\"h:5000/x\":[" GPG "]},"
		"\"oci\":{\"/a\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"/nowhere\"}]}}"),
};

START_TEST(accepts)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	struct err err = { 0 };

	ck_assert_msg(parse(good[_i], &p, &err) == ERR_OK, "%s: %s", good[_i], err.msg);
	ck_assert_ptr_null(policy_note(p, 0));
}
END_TEST

static const struct {
	const char *text, *want;
} bad[] = {
	{ "", "not valid JSON" },
	{ "[]", "must be an object" },
	{ "{}", "\"default\" is missing" },
	{ "{\"default\":[]}", "/default: must be an array of requirements, and not empty" },
	{ "{\"default\":{}}", "/default: must be an array of requirements" },
	{ "{\"default\":[1]}", "/default/0: must be a requirement" },
	{ "{\"default\":[{}]}", "/default/0: \"type\" is missing" },
	{ "{\"default\":[{\"type\":1}]}", "/default/0/type: must be a string" },
	{ "{\"default\":[{\"type\":\"rejects\"}]}", "unknown type \"rejects\", did you mean \"reject\"?" },
	{ "{\"default\":[{\"type\":\"accept\"}]}", "known are insecureAcceptAnything, reject, signedBy" },
	{ "{\"default\":[{\"type\":\"reject\",\"why\":1}]}", "/default/0: unknown key \"why\"" },
	{ "{\"default\":" REJECT ",\"default\":" REJECT "}", "duplicate object key" },
	{ DEFAULT(",\"transport\":{}"), "unknown key \"transport\", did you mean \"transports\"?" },
	{ DEFAULT(",\"transports\":[]"), "/transports: must be an object" },
	{ DEFAULT(",\"transports\":{\"docker\":[]}"), "/transports/docker: must be an object" },
	{ DOCKER("\"r.example/a\":{}"), "/transports/docker/r.example~1a: must be an array" },
	{ DEFAULT(",\"transports\":{\"dir\":{\"\":[{\"type\":\"x\"}]}}"), "/transports/dir//0: unknown type \"x\"" },
	{ SIGNED("\"keypath\":\"a.pub\""),
	  "/transports/docker/r.example/0: unknown key \"keypath\", did you mean \"keyPath\"?" },
	{ SIGNED("\"signedIdentity\":{\"type\":\"matchExact\"}"), "does not say who must have signed" },
	{ SIGNED("\"keyPath\":\"a.pub\",\"keyData\":\"$KEY\""), "has both keyPath and keyData" },
	{ SIGNED("\"keyPath\":\"\""), "/transports/docker/r.example/0/keyPath: is empty" },
	{ SIGNED("\"keyPath\":[\"a.pub\"]"), "/transports/docker/r.example/0/keyPath: must be a string" },
	{ SIGNED("\"keyPaths\":[]"), "/transports/docker/r.example/0/keyPaths: is empty" },
	{ SIGNED("\"keyPaths\":[\"a.pub\",1]"), "/transports/docker/r.example/0/keyPaths/1: must be a string" },
	{ SIGNED("\"keyPath\":\"gone.pub\""), "/transports/docker/r.example/0/keyPath: " },
	{ SIGNED("\"keyPaths\":[\"a.pub\",\"gone.pub\"]"), "/transports/docker/r.example/0/keyPaths/1: " },
	{ SIGNED("\"keyPath\":\"not.pub\""), "/transports/docker/r.example/0/keyPath: " },
	{ SIGNED("\"keyData\":\"!\""), "/transports/docker/r.example/0/keyData: not base64" },
	{ SIGNED("\"keyData\":\"AAAA\""), "/transports/docker/r.example/0/keyData: " },
	{ SIGNED("\"keyPath\":\"a.pub\",\"rekorPublicKeyPath\":\"a.pub\",\"rekorPublicKeyData\":\"$KEY\""),
	  "at most one of rekorPublicKeyPath" },
	{ SIGNED("\"keyPath\":\"a.pub\",\"identities\":[]"), "\"identities\" goes with trustedRootPath" },
	{ SIGNED("\"keyPath\":\"a.pub\",\"signedIdentity\":{\"type\":\"match\"}"),
	  "/transports/docker/r.example/0/signedIdentity: unknown type \"match\"" },
	{ SIGNED("\"keyPath\":\"a.pub\",\"conditions\":[]"), "unknown key \"conditions\"" },
	{ SIGNED("\"fulcio\":{\"caPath\":\"ca.pem\",\"oidcIssuer\":\"i\",\"subjectEmail\":\"e\"}"),
	  "fulcio needs rekorPublicKeyPath" },
	{ SIGNED("\"rekorPublicKeyPath\":\"a.pub\",\"fulcio\":{\"oidcIssuer\":\"i\",\"subjectEmail\":\"e\"}"),
	  "/fulcio: exactly one of caPath and caData" },
	{ SIGNED("\"rekorPublicKeyPath\":\"a.pub\",\"fulcio\":{\"caPath\":\"ca.pem\",\"subjectEmail\":\"e\"}"),
	  "/fulcio: \"oidcIssuer\" is missing" },
	{ SIGNED("\"rekorPublicKeyPath\":\"a.pub\",\"fulcio\":{\"caPath\":\"ca.pem\",\"oidcIssuer\":\"i\"}"),
	  "/fulcio: \"subjectEmail\" is missing" },
	{ SIGNED("\"rekorPublicKeyPath\":\"a.pub\",\"fulcio\":{\"caPath\":\"ca.pem\",\"oidcIssuer\":\"i\",\"subject\":"
		 "\"e\"}"),
	  "/fulcio: unknown key \"subject\"" },
	{ SIGNED("\"trustedRootPath\":\"root.json\""), "\"identities\" is missing" },
	{ SIGNED("\"trustedRootPath\":\"root.json\",\"identities\":[{}]"),
	  "/identities/0: exactly one of issuer and issuerRegExp" },
	{ SIGNED("\"trustedRootPath\":\"root.json\",\"identities\":[{\"issuer\":\"i\"}]"),
	  "/identities/0: exactly one of subject and subjectRegExp" },
	{ SIGNED("\"trustedRootPath\":\"root.json\",\"identities\":[{\"issuer\":\"i\",\"issuerRegExp\":\"i\","
		 "\"subject\":\"s\"}]"),
	  "/identities/0: exactly one of issuer and issuerRegExp" },
	{ SIGNED("\"trustedRootPath\":\"root.json\",\"identities\":[{\"issuer\":\"i\",\"subjectRegExp\":\"(\"}]"),
	  "/identities/0: " },
	{ SIGNED("\"trustedRootPath\":\"root.json\",\"identities\":[{\"issuer\":\"i\",\"subjectRegexp\":\"x\"}]"),
	  "did you mean \"subjectRegExp\"?" },
	{ SIGNED("\"trustedRootPath\":\"root.json\",\"identities\":[{\"issuer\":\"i\",\"subject\":\"s\"}]"),
	  "/trustedRootPath: " },
	{ SIGNED("\"trustedRootPath\":\"root.json\",\"identities\":[{\"issuer\":\"i\",\"subject\":\"s\"}],"
		 "\"rekorPublicKeyPath\":\"a.pub\""),
	  "a rekorPublicKey means nothing beside trustedRootPath" },
	{ ATTESTED("\"keyPath\":\"a.pub\""), "exactly one of predicateType and predicateTypes" },
	{ ATTESTED("\"keyPath\":\"a.pub\",\"predicateType\":\"a\",\"predicateTypes\":[\"b\"]"),
	  "exactly one of predicateType and predicateTypes" },
	{ ATTESTED("\"predicateType\":\"a\""), "does not say who must have signed" },
	{ ATTESTED("\"keyPath\":\"a.pub\",\"predicateTypes\":[\"\"]"), "/predicateTypes/0: is empty" },
	{ ATTESTED("\"keyPath\":\"a.pub\",\"predicateType\":\"a\",\"platforms\":[\"amd64\"]"), "/platforms/0: " },
	{ ATTESTED("\"keyPath\":\"a.pub\",\"predicateType\":\"a\",\"conditions\":{}"),
	  "/conditions: must be an array" },
	{ ATTESTED("\"keyPath\":\"a.pub\",\"predicateType\":\"a\",\"conditions\":[{\"pointer\":\"/x\"}]"),
	  "/transports/docker/r.example/0/conditions/0: says nothing" },
	{ ATTESTED("\"keyPath\":\"a.pub\",\"predicateType\":\"a\",\"signedIdentity\":{}"),
	  "unknown key \"signedIdentity\"" },
	{ DOCKER("\"r.example\":[{\"type\":\"signedBy\",\"keyPath\":\"x\"}]"), "\"keyType\" is missing" },
	{ DOCKER("\"r.example\":[{\"type\":\"signedBy\",\"keyType\":\"gpg\",\"keyPath\":\"x\"}]"),
	  "unknown keyType \"gpg\"" },
	{ DOCKER("\"r.example\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\"}]"),
	  "exactly one of keyPath, keyPaths and keyData" },
};

START_TEST(refuses)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	struct err err = { 0 };
	enum err_code code = parse(bad[_i].text, &p, &err);

	ck_assert_msg(code == ERR_FORMAT || code == ERR_NOT_FOUND || code == ERR_IO, "%s: %d %s", bad[_i].text, code,
		      err.msg);
	ck_assert_msg(strstr(err.msg, bad[_i].want) != NULL, "%s: %s", bad[_i].text, err.msg);
	ck_assert_msg(strstr(err.msg, "/policy.json") != NULL, "%s", err.msg);
	ck_assert_ptr_null(p);
}
END_TEST

static const struct {
	const char *text, *want;
} notes[] = {
	{ DOCKER("\"busybox:latest\":" REJECT), "/transports/docker/busybox:latest: no image is called so" },
	{ DOCKER("\"library\":" REJECT), "no image is called so" },
	{ DOCKER("\"docker.io/busybox:1\":" REJECT), "no image is called so" },
	{ DOCKER("\"docker://docker.io/x\":" REJECT), "no image is called so" },
	{ DOCKER("\"r.example/\":" REJECT), "no image is called so" },
	{ DOCKER("\"*\":" REJECT), "no image is called so" },
	{ DOCKER("\"a*.*.com\":" REJECT), "no image is called so" },
	{ DOCKER("\"r.example\":[" GPG "]"),
	  "/transports/docker/r.example/0: signatures by GPG (signedBy) are not verified here" },
	{ SIGNED("\"pki\":{\"caRootsPath\":\"x\",\"subjectEmail\":\"e\"}"), "(pki) are not verified here" },
};

START_TEST(says)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	struct err err = { 0 };

	ck_assert_msg(parse(notes[_i].text, &p, &err) == ERR_OK, "%s: %s", notes[_i].text, err.msg);
	ck_assert_ptr_nonnull(policy_note(p, 0));
	ck_assert_msg(strstr(policy_note(p, 0), notes[_i].want) != NULL, "%s", policy_note(p, 0));
	ck_assert_ptr_null(policy_note(p, 1));
}
END_TEST

/* docker/policyconfiguration/naming_test.go, and how the scopes found are used. */
static const struct {
	const char *name, *scopes, *want; /* scopes: with commas between; want NULL: the policy's default */
} scopes[] = {
	{ "docker.io/library/busybox:1", "docker.io/library/busybox:1,docker.io/library/busybox",
	  "docker.io/library/busybox:1" },
	{ "docker.io/library/busybox:2", "docker.io/library/busybox:1,docker.io/library/busybox",
	  "docker.io/library/busybox" },
	{ "docker.io/library/busybox:1", "docker.io/library,docker.io,", "docker.io/library" },
	{ "docker.io/library/busybox:1", "docker.io,", "docker.io" },
	{ "docker.io/library/busybox:1", "library/busybox,busybox,library,", "" },
	{ "docker.io/library/busybox:1", "docker.io/lib", NULL },
	{ "docker.io/library/busybox:1", "docker.io/library/busybo", NULL },
	{ "docker.io/library/busybox:1", "docker.io/library/busybox:10", NULL },
	{ "a.b.example.com:5000/ns/app:1", "a.b.example.com:5000/ns/app", "a.b.example.com:5000/ns/app" },
	{ "a.b.example.com:5000/ns/app:1", "a.b.example.com:5000,*.b.example.com", "a.b.example.com:5000" },
	{ "a.b.example.com:5000/ns/app:1", "a.b.example.com,*.b.example.com,*.example.com", "*.b.example.com" },
	{ "a.b.example.com:5000/ns/app:1", "*.example.com,*.com", "*.example.com" },
	{ "a.b.example.com:5000/ns/app:1", "*.com", "*.com" },
	{ "a.b.example.com:5000/ns/app:1", "*.a.b.example.com", NULL },
	{ "a.b.example.com:5000/ns/app:1", "*.example.com:5000", NULL },
	{ "example.com/ns/app:1", "*.example.com,", "" },
	{ "example.com/ns/app:1", "*.com", "*.com" },
	{ "localhost:5000/app:1", "localhost:5000", "localhost:5000" },
	{ "localhost:5000/app:1", "localhost", NULL },
	{ "[::1]:5000/app:1", "[::1]:5000", "[::1]:5000" },
	{ "r.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "r.example/app",
	  "r.example/app" },
	{ "r.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "r.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "r.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	{ "r.example/a/b/c/d:1", "r.example/a/b/c,r.example/a,r.example/a/b", "r.example/a/b/c" },
};

START_TEST(scope)
{
	CLEANUP(buf_release) struct buf text = { .max = 10000 };
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	CLEANUP(free_ptr) char *list = strdup(scopes[_i].scopes);
	const struct policy_scope *found;
	char *at = list, *one;
	struct err err = { 0 };
	bool first = true;

	buf_puts(&text, "{\"default\":" REJECT ",\"transports\":{\"docker\":{", NULL);
	while ((one = strsep(&at, ",")) != NULL) {
		buf_printf(&text, NULL, "%s\"%s\":" ANYTHING, first ? "" : ",", one);
		first = false;
	}
	buf_puts(&text, "}}}", NULL);
	ck_assert_msg(parse(buf_text(&text), &p, &err) == ERR_OK, "%s: %s", buf_text(&text), err.msg);
	found = policy_scope_of(p, scopes[_i].name);
	ck_assert_msg(scopes[_i].want == NULL ? found->name == NULL
					      : found->name != NULL && strcmp(found->name, scopes[_i].want) == 0,
		      "%s: %s", scopes[_i].name, found->name != NULL ? found->name : "default");
}
END_TEST

/* The same signers in many places are read once, and others are others. */
START_TEST(signers_are_shared)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	struct err err = { 0 };

	ck_assert_msg(parse(DOCKER("\"a.example\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"a.pub\"}],"
				   "\"b.example\":[{\"keyPath\":\"a.pub\",\"type\":\"sigstoreSigned\"},"
				   "{\"type\":\"attestation\",\"predicateType\":\"x\",\"keyPath\":\"a.pub\"}],"
				   "\"c.example\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"keys/b.pub\"}]"),
			    &p, &err) == ERR_OK,
		      "%s", err.msg);
	ck_assert_uint_eq(p->signers_len, 2);
	ck_assert_uint_eq(p->files, 2);
	ck_assert_ptr_eq(p->scopes[0].requirements[0].signers, p->scopes[1].requirements[1].signers);
	ck_assert_ptr_ne(p->scopes[0].requirements[0].signers, p->scopes[2].requirements[0].signers);
	ck_assert_ptr_nonnull(strstr(p->scopes[0].requirements[0].signers->text, "a.pub"));
}
END_TEST

START_TEST(too_large)
{
	CLEANUP(free_ptr) char *text = malloc(LIMIT_POLICY_BYTES + 1);
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	static const char policy[] = DEFAULT("");
	struct err err = { 0 };

	memset(text, ' ', LIMIT_POLICY_BYTES + 1);
	memcpy(text, policy, strlen(policy));
	ck_assert_int_eq(policy_parse(text, LIMIT_POLICY_BYTES, "p", &p, &err), ERR_OK);
	ck_assert_int_eq(policy_parse(text, LIMIT_POLICY_BYTES + 1, "p", &p, &err), ERR_LIMIT);
}
END_TEST

START_TEST(too_many_files)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_POLICY_BYTES };
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	struct err err = { 0 };
	int i;

	buf_puts(&text, "{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPaths\":[\"keys/b.pub\"", NULL);
	for (i = 1; i < LIMIT_POLICY_FILES; i++)
		buf_puts(&text, ",\"keys/b.pub\"", NULL);
	buf_puts(&text, ",\"keys/b.pub\"]}]}", NULL);
	ck_assert_int_eq(parse(buf_text(&text), &p, &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, "more than 1000 files") != NULL, "%s", err.msg);
}
END_TEST

/* A file that is read by its path says where it is from; one that is not there says that. */
START_TEST(from_file)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "sub/policy.json");
	CLEANUP(free_ptr) char *gone = folder_path(folder, "gone.json");
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	static const char text[] = SIGNED("\"keyPath\":\"../a.pub\"");
	struct err err = { 0 };

	folder_make_in(folder, "sub");
	folder_put(folder, "sub/policy.json", text, strlen(text));
	ck_assert_msg(policy_read(path, &p, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(policy_path(p), path);
	ck_assert_int_eq(policy_read(gone, &p, &err), ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, accepts, 0, (int)COUNT_OF(good));
	tcase_add_loop_test(t, refuses, 0, (int)COUNT_OF(bad));
	tcase_add_loop_test(t, says, 0, (int)COUNT_OF(notes));
	tcase_add_loop_test(t, scope, 0, (int)COUNT_OF(scopes));
	tcase_add_test(t, signers_are_shared);
	tcase_add_test(t, too_large);
	tcase_add_test(t, too_many_files);
	tcase_add_test(t, from_file);
	suite_add_tcase(s, t);
	return test_run(s);
}
