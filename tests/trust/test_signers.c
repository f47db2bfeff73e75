#include "trust/signers.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/signed.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name, *key;
	const char *identity, *identity_regexp, *issuer, *issuer_regexp, *root;
	enum err_code code;
	const char *says;
} cases[] = {
	{ .name = "a key", .key = SIGNED_KEY },
	{ .name = "no key", .key = "tests/fixtures/none.pub", .code = ERR_NOT_FOUND, .says = "none.pub" },
	{ .name = "a root alone", .root = "root.json", .code = ERR_USAGE, .says = "--trusted-root is for" },
	{ .name = "an identity alone", .identity = "me", .code = ERR_USAGE, .says = "--certificate-oidc-issuer" },
	{ .name = "an issuer alone", .issuer = "it", .code = ERR_USAGE, .says = "--certificate-identity" },
	{ .name = "no root", .identity = "me", .issuer = "it", .code = ERR_USAGE, .says = "--trusted-root FILE" },
	{ .name = "both forms",
	  .identity = "me",
	  .identity_regexp = "m.",
	  .issuer = "it",
	  .root = "root.json",
	  .code = ERR_USAGE,
	  .says = "not both" },
	{ .name = "a root that is not there",
	  .identity_regexp = "m.",
	  .issuer_regexp = "i.",
	  .root = "tests/fixtures/none.json",
	  .code = ERR_NOT_FOUND,
	  .says = "none.json" },
};

START_TEST(load)
{
	const char *keys[] = { cases[_i].key };
	struct signers_options o = {
		.keys = { .items = keys, .len = cases[_i].key != NULL },
		.identity = cases[_i].identity,
		.identity_regexp = cases[_i].identity_regexp,
		.issuer = cases[_i].issuer,
		.issuer_regexp = cases[_i].issuer_regexp,
		.root = cases[_i].root,
	};
	CLEANUP(signers_release) struct signers s = { 0 };
	struct err err = { 0 };

	ck_assert(signers_given(&o));
	ck_assert_msg(signers_load(&o, &s, &err) == cases[_i].code, "%s: %s", cases[_i].name, err.msg);
	ck_assert_msg(cases[_i].says == NULL || strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name,
		      err.msg);
	ck_assert_uint_eq(s.material.keys_len, cases[_i].code == ERR_OK ? 1 : 0);
}
END_TEST

START_TEST(none_given)
{
	struct signers_options o = { 0 };

	ck_assert(!signers_given(&o));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("signers");
	TCase *t = tcase_create("signers");

	tcase_add_loop_test(t, load, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, none_given);
	suite_add_tcase(s, t);
	return test_run(s);
}
