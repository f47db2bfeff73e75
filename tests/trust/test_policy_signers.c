#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/judged.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/policy_private.h"

#define FULCIO(log)                                                                                                    \
	SIGNED("\"fulcio\":{\"caPath\":\"ca.pem\",\"oidcIssuer\":\"https://"                                           \
	       "i.example\",\"subjectEmail\":\"a@b.example\"}," log)
#define BY_ROOT(identities) SIGNED("\"trustedRootPath\":\"root.json\",\"identities\":[" identities "]")
#define WHO(subject) "{\"issuer\":\"https://i.example\",\"subject\":\"" subject "\"}"
#define LOG "\"rekorPublicKeyPath\":\"a.pub\""

/* The certificates of an authority, and a root. */
static void put_authority(void)
{
	struct mock *m = mock_new();
	char *root = mock_root(m, &(struct mock_root_wish){ 0 });
	CLEANUP(js_free_ptr) struct json_t *json = judged_json(root);
	const struct json_t *authority = js_at(js_array(json, "certificateAuthorities"), 0);
	const char *der = js_string(js_at(js_array(js_object(authority, "certChain"), "certificates"), 0), "rawBytes");
	CLEANUP(buf_release) struct buf pem = { .max = 1 << 16 };

	buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n", NULL);
	for (; *der != '\0'; der += strnlen(der, 64))
		buf_printf(&pem, NULL, "%.64s\n", der);
	buf_puts(&pem, "-----END CERTIFICATE-----\n", NULL);
	folder_put(judged_folder(), "ca.pem", pem.data, pem.len);
	folder_put(judged_folder(), "root.json", root, strlen(root));
	free(root);
	mock_free(m);
}

static void setup(void)
{
	judged_setup();
	put_authority();
}

/* What is asked of a signature, by the form in which its signers are named. */
static const struct {
	const char *what, *requirement;
	size_t keys, identities;
	bool root, tlog, no_sct, email_only;
	const char *text; /* of what people are told */
} cases[] = {
	{ "a key", SIGNED(BY("a")), 1, 0, false, false, false, false, "by key " },
	{ "two keys", SIGNED("\"keyPaths\":[\"a.pub\",\"b.pub\"]"), 2, 0, false, false, false, false, "b.pub" },
	{ "a key twice is named twice", SIGNED("\"keyPaths\":[\"a.pub\",\"a.pub\"]"), 2, 0, false, false, false, false,
	  " or " },
	{ "a key and a log", SIGNED(BY("a") "," LOG), 1, 0, true, true, false, false, ", and logged" },
	{ "Fulcio", FULCIO(LOG), 0, 1, true, true, true, true, "as a@b.example" },
	{ "a root", BY_ROOT(WHO("x")), 0, 1, true, false, false, false, "as x" },
	{ "two identities", BY_ROOT(WHO("x") "," WHO("y")), 0, 2, true, false, false, false, " or y" },
};

START_TEST(asks)
{
	CLEANUP(policy_free_ptr) struct policy *p = judged_parse(cases[_i].requirement);
	const struct policy_signers *s = p->scopes[0].requirements[0].signers;

	ck_assert_uint_eq(s->material.keys_len, cases[_i].keys);
	ck_assert_uint_eq(s->wanted.identities_len, cases[_i].identities);
	ck_assert((s->material.root != NULL) == cases[_i].root);
	ck_assert(s->wanted.tlog == cases[_i].tlog);
	ck_assert(s->wanted.no_sct == cases[_i].no_sct);
	ck_assert(cases[_i].identities == 0 || s->identities[0].email_only == cases[_i].email_only);
	ck_assert_msg(strstr(s->text, cases[_i].text) != NULL, "%s: %s", cases[_i].what, s->text);
}
END_TEST

/* Two requirements have one set of signers only where they ask for the very same. */
static const struct {
	const char *what, *one, *other;
	bool same;
} pairs[] = {
	{ "the same", SIGNED(BY("a")), SIGNED(BY("a")), true },
	{ "for another use", SIGNED(BY("a")), PROVENANCE("a"), true },
	{ "under other names", REPOSITORY("a"), DIGEST("a"), true },
	{ "members in another order", SIGNED(LOG "," BY("a")), SIGNED(BY("a") "," LOG), true },
	{ "another key", SIGNED(BY("a")), SIGNED(BY("b")), false },
	{ "logged", SIGNED(BY("a")), SIGNED(BY("a") "," LOG), false },
	{ "one key and a list of it", SIGNED(BY("a")), SIGNED("\"keyPaths\":[\"a.pub\"]"), false },
	{ "more keys", SIGNED("\"keyPaths\":[\"a.pub\"]"), SIGNED("\"keyPaths\":[\"a.pub\",\"b.pub\"]"), false },
	{ "another identity", BY_ROOT(WHO("x")), BY_ROOT(WHO("y")), false },
	{ "an identity more", BY_ROOT(WHO("x")), BY_ROOT(WHO("x") "," WHO("y")), false },
	{ "Fulcio, and a root", FULCIO(LOG), BY_ROOT(WHO("a@b.example")), false },
};

START_TEST(shares)
{
	CLEANUP(free_ptr) char *both = NULL;
	CLEANUP(policy_free_ptr) struct policy *p = NULL;

	ck_assert_int_eq(str_format(&both, NULL, "%s,%s", pairs[_i].one, pairs[_i].other), ERR_OK);
	p = judged_parse(both);
	ck_assert_msg((p->scopes[0].requirements[0].signers == p->scopes[0].requirements[1].signers) == pairs[_i].same,
		      "%s", pairs[_i].what);
	ck_assert_uint_eq(p->signers_len, pairs[_i].same ? 1 : 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy_signers");
	TCase *t = tcase_create("policy_signers");

	tcase_add_checked_fixture(t, setup, judged_teardown);
	tcase_add_loop_test(t, asks, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, shares, 0, (int)COUNT_OF(pairs));
	suite_add_tcase(s, t);
	return test_run(s);
}
