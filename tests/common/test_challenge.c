#include "common/challenge.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name, *header;
	enum challenge_scheme want;
	const char *realm, *service, *scope;
} cases[] = {
	{ "Docker Hub", "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\"",
	  CHALLENGE_BEARER, "https://auth.docker.io/token", "registry.docker.io", "" },
	{ "with a scope", "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a/b:pull,push\"",
	  CHALLENGE_BEARER, "https://a/t", "s", "repository:a/b:pull,push" },
	{ "Basic", "Basic realm=\"Registry Realm\"", CHALLENGE_BASIC, "Registry Realm", "", "" },
	{ "Basic without a realm", "Basic", CHALLENGE_BASIC, "", "", "" },
	{ "any case", "bEaReR REALM=\"r\",Service=\"s\",sCope=\"p\"", CHALLENGE_BEARER, "r", "s", "p" },
	{ "tokens, not quoted", "Bearer realm=r,service=s", CHALLENGE_BEARER, "r", "s", "" },
	{ "blanks around everything", "  Bearer \t realm = \"r\" , service\t=\ts ,", CHALLENGE_BEARER, "r", "s", "" },
	{ "escapes", "Bearer realm=\"a\\\"b\\\\c\\d\"", CHALLENGE_BEARER, "a\"b\\cd", "", "" },
	{ "comma and equals in a value", "Bearer realm=\"a,b=c Basic x\",service=\"s\"", CHALLENGE_BEARER,
	  "a,b=c Basic x", "s", "" },
	{ "empty value", "Bearer realm=\"r\",service=\"\"", CHALLENGE_BEARER, "r", "", "" },
	{ "empty realm", "Bearer realm=\"\",service=\"s\"", CHALLENGE_NONE, "", "", "" },
	{ "no realm", "Bearer service=\"s\", Basic realm=\"b\"", CHALLENGE_BASIC, "b", "", "" },
	{ "a token68 with a slash", "Negotiate a/b+c, Basic realm=\"b\"", CHALLENGE_BASIC, "b", "", "" },
	{ "unknown parameters", "Bearer charset=\"UTF-8\",realm=\"r\",error=\"invalid_token\"", CHALLENGE_BEARER, "r",
	  "", "" },
	{ "a name that only begins alike", "Bearer realms=\"x\",realm=\"r\",re=\"y\"", CHALLENGE_BEARER, "r", "", "" },
	{ "Bearer after Basic", "Basic realm=\"b\", Bearer realm=\"r\",service=\"s\"", CHALLENGE_BEARER, "r", "s", "" },
	{ "Bearer before Basic", "Bearer realm=\"r\",service=\"s\", Basic realm=\"b\"", CHALLENGE_BEARER, "r", "s",
	  "" },
	{ "unknown scheme first", "Negotiate, Basic realm=\"b\"", CHALLENGE_BASIC, "b", "", "" },
	{ "a token68 first", "Negotiate YWJj, Basic realm=\"b\"", CHALLENGE_BASIC, "b", "", "" },
	{ "a padded token68 first", "Negotiate YWI=, Bearer realm=\"r\"", CHALLENGE_BEARER, "r", "", "" },
	{ "padded twice", "NTLM YQ== , Basic realm=\"b\"", CHALLENGE_BASIC, "b", "", "" },
	{ "a token68 last", "Basic realm=\"b\", Negotiate YQ==", CHALLENGE_BASIC, "b", "", "" },
	{ "nothing", "", CHALLENGE_NONE, "", "", "" },
	{ "only commas", " , ,\t", CHALLENGE_NONE, "", "", "" },
	{ "no scheme", "realm=\"r\"", CHALLENGE_NONE, "", "", "" },
	{ "a scheme that begins alike", "Bearers realm=\"r\"", CHALLENGE_NONE, "", "", "" },
	{ "quote not closed", "Bearer realm=\"r", CHALLENGE_NONE, "", "", "" },
	{ "ends in an escape", "Bearer realm=\"r\\", CHALLENGE_NONE, "", "", "" },
	{ "no value", "Bearer realm=,service=\"s\"", CHALLENGE_NONE, "", "", "" },
	{ "no characters of a header", "\x01\xff", CHALLENGE_NONE, "", "", "" },
	{ "broken after a good one", "Basic realm=\"b\", Bearer realm=\"r", CHALLENGE_BASIC, "b", "", "" },
};

START_TEST(parse)
{
	struct challenge c;

	memset(&c, 0xff, sizeof(c));
	challenge_parse(cases[_i].header, &c);
	ck_assert_msg(c.scheme == cases[_i].want, "%s: %d", cases[_i].name, c.scheme);
	ck_assert_msg(strcmp(c.realm, cases[_i].realm) == 0, "%s: realm %s", cases[_i].name, c.realm);
	ck_assert_msg(strcmp(c.service, cases[_i].service) == 0, "%s: service %s", cases[_i].name, c.service);
	ck_assert_msg(strcmp(c.scope, cases[_i].scope) == 0, "%s: scope %s", cases[_i].name, c.scope);
}
END_TEST

static const struct {
	const char *name;
	const char *before, *after;
	size_t len;
	enum challenge_scheme want;
} lengths[] = {
	{ "longest quoted", "Bearer realm=\"", "\"", CHALLENGE_VALUE_MAX - 1, CHALLENGE_BEARER },
	{ "one over, quoted", "Bearer realm=\"", "\"", CHALLENGE_VALUE_MAX, CHALLENGE_NONE },
	{ "longest token", "Bearer realm=", "", CHALLENGE_VALUE_MAX - 1, CHALLENGE_BEARER },
	{ "one over, a token", "Bearer realm=", "", CHALLENGE_VALUE_MAX, CHALLENGE_NONE },
	{ "far over", "Bearer realm=\"", "\"", (size_t)64 * 1024, CHALLENGE_NONE },
	{ "too long where nobody cares", "Basic realm=\"b\", Bearer x=\"", "\"", CHALLENGE_VALUE_MAX, CHALLENGE_BASIC },
};

START_TEST(length)
{
	CLEANUP(free_ptr) char *header = NULL;
	CLEANUP(free_ptr) char *value = calloc(1, lengths[_i].len + 1);
	struct challenge c;

	ck_assert_ptr_nonnull(value);
	memset(value, 'x', lengths[_i].len);
	ck_assert_int_ge(asprintf(&header, "%s%s%s", lengths[_i].before, value, lengths[_i].after), 0);
	challenge_parse(header, &c);
	ck_assert_msg(c.scheme == lengths[_i].want, "%s: %d", lengths[_i].name, c.scheme);
	if (c.scheme == CHALLENGE_BEARER)
		ck_assert_str_eq(c.realm, value);
}
END_TEST

/* What is asked for now comes first. */
static const struct {
	const char *now, *before, *want;
} scopes[] = {
	{ "", "", "" },
	{ "a", "", "a" },
	{ "", "a", "a" },
	{ "a", "a", "a" },
	{ "b", "a", "b a" },
	{ "b a", "a c b  d", "b a c d" },
	{ "ab", "a b", "ab a b" },
};

START_TEST(keeps_scopes)
{
	struct challenge c = { .scheme = CHALLENGE_BEARER }, before = c;

	strcpy(c.scope, scopes[_i].now);
	strcpy(before.scope, scopes[_i].before);
	ck_assert(challenge_alike(&c, &before));
	challenge_keep_scopes(&c, &before);
	ck_assert_str_eq(c.scope, scopes[_i].want);
	strcpy(before.service, "other");
	ck_assert(!challenge_alike(&c, &before));
}
END_TEST

START_TEST(keeps_what_fits)
{
	struct challenge c = { .scope = "a" }, before = { .scope = "" };

	memset(before.scope, 'x', CHALLENGE_VALUE_MAX - 4);
	strcat(before.scope, " y");
	challenge_keep_scopes(&c, &before);
	ck_assert_uint_eq(strlen(c.scope), CHALLENGE_VALUE_MAX - 2);
	memset(c.scope, 'z', CHALLENGE_VALUE_MAX - 1);
	challenge_keep_scopes(&c, &before);
	ck_assert_uint_eq(strlen(c.scope), CHALLENGE_VALUE_MAX - 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("challenge");
	TCase *t = tcase_create("challenge");

	tcase_add_loop_test(t, parse, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, length, 0, (int)COUNT_OF(lengths));
	tcase_add_loop_test(t, keeps_scopes, 0, (int)COUNT_OF(scopes));
	tcase_add_test(t, keeps_what_fits);
	suite_add_tcase(s, t);
	return test_run(s);
}
