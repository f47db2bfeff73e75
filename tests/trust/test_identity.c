#include "trust/identity.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *identity, *identity_regexp, *issuer, *issuer_regexp;
	enum err_code code;
} rules[] = {
	{ "a@b", NULL, "https://i", NULL, ERR_OK },      { NULL, "a.*", NULL, "https://(i|j)", ERR_OK },
	{ NULL, NULL, "https://i", NULL, ERR_OK },       { "a@b", NULL, NULL, NULL, ERR_OK },
	{ "", NULL, "https://i", NULL, ERR_FORMAT },     { NULL, "", "https://i", NULL, ERR_FORMAT },
	{ NULL, "(", "https://i", NULL, ERR_FORMAT },    { NULL, ")(", "https://i", NULL, ERR_FORMAT },
	{ NULL, "[", "https://i", NULL, ERR_FORMAT },    { NULL, "(?i)a", "https://i", NULL, ERR_FORMAT },
	{ NULL, "\\d+", "https://i", NULL, ERR_FORMAT }, { NULL, "a\\.b\\\\d", "https://i", NULL, ERR_OK },
	{ "a@b", NULL, NULL, "\\w", ERR_FORMAT },        { NULL, "a)|.*", "https://i", NULL, ERR_FORMAT },
	{ NULL, "a)", "https://i", NULL, ERR_FORMAT },   { NULL, "(a))", "https://i", NULL, ERR_FORMAT },
	{ NULL, "[)]a", "https://i", NULL, ERR_OK },     { NULL, "a\\)|b", "https://i", NULL, ERR_OK },
	{ NULL, "((a)|b)", "https://i", NULL, ERR_OK },
};

START_TEST(rule)
{
	CLEANUP(trust_identity_release) struct trust_identity r = { 0 };
	struct err err = { 0 };

	ck_assert_msg(trust_identity_init(rules[_i].identity, rules[_i].identity_regexp, rules[_i].issuer,
					  rules[_i].issuer_regexp, &r, &err) == rules[_i].code,
		      "%d: %s", _i, err.msg);
	ck_assert_int_eq(err.code, rules[_i].code);
}
END_TEST

/* What regcomp would take gigabytes for, or not come back from, and what only looks so. */
static const struct {
	const char *pattern;
	enum err_code code;
} repeats[] = {
	{ "(((((a{1,30}){1,30}){1,30}){1,30}){1,30})", ERR_LIMIT },
	{ "(a{1,40}b){30}", ERR_LIMIT },
	{ "(a{1,40})*{30}", ERR_LIMIT },
	{ "a{40}{30}", ERR_LIMIT },
	{ "a{1002}", ERR_LIMIT },
	{ "a{1001}", ERR_OK },
	{ "a{0,1002}", ERR_LIMIT },
	{ "a{1,}b{99999999999999999999}", ERR_LIMIT },
	{ "a{600}b{600}", ERR_LIMIT },
	{ "[0-9a-f]{40}[[:alnum:]_.]{0,128}(/[]{}]{9}){64}", ERR_OK },
	{ "[]{1,999}{1,999}](\\{1,999}\\{1,999}){2}", ERR_OK },
	{ "[^]{999}{999}[:alpha:]]\\{999\\}{999}", ERR_OK },
};

START_TEST(repeated)
{
	CLEANUP(trust_identity_release) struct trust_identity r = { 0 };
	struct err err = { 0 };

	ck_assert_msg(trust_identity_init(NULL, repeats[_i].pattern, NULL, NULL, &r, &err) == repeats[_i].code,
		      "%d: %s", _i, err.msg);
}
END_TEST

static const struct {
	const char *identity, *regexp, *issuer, *name, *by;
	bool holds;
} matches[] = {
	{ "a@b", NULL, "https://i", "a@b", "https://i", true },
	{ "a@b", NULL, "https://i", "a@b", "https://j", false },
	{ "a@b", NULL, "https://i", "A@b", "https://i", false },
	{ "a@b", NULL, "https://i", "a@bc", "https://i", false },
	{ "a.b", NULL, "https://i", "axb", "https://i", false },
	{ NULL, "a|ab", "https://i", "ab", "https://i", true },
	{ NULL, "a|b", "https://i", "ab", "https://i", false },
	{ NULL, "^ab$", "https://i", "ab", "https://i", true },
	{ NULL, "https://github\\.com/acme/.*", "https://i", "https://github.com/acme/x@refs/heads/main", "https://i",
	  true },
	{ NULL, "https://github\\.com/acme/.*", "https://i", "https://evil.example/https://github.com/acme/x",
	  "https://i", false },
	{ NULL, "github.com/acme", "https://i", "https://github.com/acme/x", "https://i", false },
	{ NULL, "a.*", "https://i", "a\nb", "https://i", false },
	{ NULL, "a(b|c)*d", "https://i", "abcbcd", "https://i", true },
	{ NULL, "a\\)|b", "https://i", "a)", "https://i", true },
	{ NULL, "a\\)|b", "https://i", "a)b", "https://i", false },
	{ NULL, "[)]|a", "https://i", ")a", "https://i", false },
};

START_TEST(match)
{
	CLEANUP(trust_identity_release) struct trust_identity r = { 0 };
	char name[256];
	char *names[] = { name };
	struct err err = { 0 };

	strcpy(name, matches[_i].name);
	ck_assert_int_eq(
		trust_identity_init(matches[_i].identity, matches[_i].regexp, matches[_i].issuer, NULL, &r, NULL),
		ERR_OK);
	ck_assert_msg(trust_identity_match(&r, names, 1, matches[_i].by, &err) ==
			      (matches[_i].holds ? ERR_OK : ERR_UNPROVED),
		      "%d: %s", _i, err.msg);
	ck_assert_int_eq(trust_identity_match(&r, names, 0, matches[_i].by, &err), ERR_UNPROVED);
}
END_TEST

START_TEST(too_long)
{
	static char text[LIMIT_TEXT_BYTES + 2];
	CLEANUP(trust_identity_release) struct trust_identity r = { 0 };

	memset(text, 'a', LIMIT_TEXT_BYTES + 1);
	ck_assert_int_eq(trust_identity_init(text, NULL, NULL, NULL, &r, NULL), ERR_LIMIT);
	text[LIMIT_TEXT_BYTES] = '\0';
	ck_assert_int_eq(trust_identity_init(text, NULL, NULL, NULL, &r, NULL), ERR_OK);
}
END_TEST

START_TEST(text)
{
	CLEANUP(trust_identity_release) struct trust_identity r = { 0 };
	CLEANUP(free_ptr) char *said = NULL;

	ck_assert_int_eq(trust_identity_init(NULL, "a.*", NULL, NULL, &r, NULL), ERR_OK);
	ck_assert_int_eq(trust_identity_text(&r, &said, NULL), ERR_OK);
	ck_assert_str_eq(said, "a.* by any issuer");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("identity");
	TCase *t = tcase_create("identity");

	tcase_add_loop_test(t, rule, 0, (int)COUNT_OF(rules));
	tcase_add_loop_test(t, repeated, 0, (int)COUNT_OF(repeats));
	tcase_add_loop_test(t, match, 0, (int)COUNT_OF(matches));
	tcase_add_test(t, too_long);
	tcase_add_test(t, text);
	suite_add_tcase(s, t);
	return test_run(s);
}
