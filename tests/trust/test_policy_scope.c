#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "common/reference.h"
#include "tests/lib/test_main.h"
#include "trust/policy_private.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Which scope counts, of those that are there: as they stand in a policy, sorted.  NULL is the default of all. */
static const struct {
	const char *what, *name, *scopes[4], *want;
} cases[] = {
	{ "no scope", "r.example/app:1", { NULL }, NULL },
	{ "a registry whose name goes on", "r.example.evil/app:1", { "r.example" }, NULL },
	{ "a registry whose name ends so", "evilr.example/app:1", { "r.example" }, NULL },
	{ "a path that goes on", "r.example/teams/app:1", { "r.example/team" }, NULL },
	{ "a path in another registry", "s.example/r.example/app:1", { "r.example" }, NULL },
	{ "a port that goes on", "r.example:50001/app:1", { "r.example:5000" }, NULL },
	{ "the port of a registry is no tag",
	  "r.example:5000/app:1",
	  { "r.example", "r.example:5000/app:5000" },
	  NULL },
	{ "a tag that goes on", "r.example/app:10", { "r.example/app:1" }, NULL },
	{ "a digest is no tag", "r.example/app@sha256:" HEX, { "r.example/app:sha256" }, NULL },
	{ "the digest",
	  "r.example/app@sha256:" HEX,
	  { "r.example/app", "r.example/app@sha256:" HEX },
	  "r.example/app@sha256:" HEX },
	{ "letters count", "R.example/app:1", { "r.example" }, NULL },
	{ "a star is one in front of a domain", "r.example/team/app:1", { "*", "*.*", "r.example/*" }, NULL },
	{ "a star for a domain is not that domain", "example.com/app:1", { "*.example.com" }, NULL },
	{ "a star takes whole labels", "evilexample.com/app:1", { "*.example.com" }, NULL },
	{ "a star leaves out the port", "r.example.com:5000/app:1", { "*.example.com" }, "*.example.com" },
	{ "the longer domain", "a.b.example.com/app:1", { "*.b.example.com", "*.example.com" }, "*.b.example.com" },
	{ "a path before a domain",
	  "a.example.com/x/app:1",
	  { "*.example.com", "a.example.com/x" },
	  "a.example.com/x" },
	{ "the default of the transport is the last", "r.example/app:1", { "", "s.example" }, "" },
};

static enum err_code parse(const char *const scopes[4], struct policy **ret_policy, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = 4096 };
	size_t i;

	buf_puts(&text, "{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{", NULL);
	for (i = 0; i < 4 && scopes[i] != NULL; i++)
		buf_printf(&text, NULL, "%s\"%s\":[{\"type\":\"insecureAcceptAnything\"}]", i > 0 ? "," : "",
			   scopes[i]);
	buf_puts(&text, "}}}", NULL);
	return policy_parse(text.data, text.len, "policy.json", ret_policy, err);
}

START_TEST(finds)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	const struct policy_scope *found;
	struct err err = { 0 };

	ck_assert_msg(parse(cases[_i].scopes, &p, &err) == ERR_OK, "%s", err.msg);
	found = policy_scope_of(p, cases[_i].name);
	if (cases[_i].want == NULL)
		ck_assert_msg(found == &p->fallback, "%s: %s", cases[_i].what, found->name);
	else
		ck_assert_msg(found->name != NULL && strcmp(found->name, cases[_i].want) == 0, "%s", cases[_i].what);
}
END_TEST

/* Which is for a registry that is written alike where it is a component of a path. */
static const struct {
	const char *name, *scopes[4], *want;
} alike[] = {
	{ "r.example/app:1", { NULL }, NULL },
	{ "r.example/app:1", { "r.example", "r.example/app" }, "r.example/app" },
	{ "R.example/app:1", { "r.example", "r.example/app", "r.example/ap" }, "r.example/app" },
	{ "r.example/app:1", { "R.example/app:1" }, "R.example/app:1" },
	{ "R.example/app@sha256:" HEX, { "r.example/app" }, "r.example/app" },
	{ "R.example/apps:1", { "r.example/app" }, NULL },
	{ "R.example.evil/app:1", { "r.example" }, NULL },
	{ "r.example-5000/app:1", { "r.example:5000/app", "r.example" }, "r.example:5000/app" },
	{ "r.example:5000/app:1", { "r.example-5000" }, "r.example-5000" },
	{ "FE80--1-5000/app:1", { "[fe80::1]:5000" }, "[fe80::1]:5000" },
	{ "r.EXAMPLE.com/app:1", { "*.com", "*.example.com" }, "*.example.com" },
	{ "r.example.com-5000/app:1", { "*.example.com" }, "*.example.com" },
	{ "r.example.com-a/app:1", { "*.example.com" }, NULL },
	{ "EXAMPLE.com/app:1", { "*.example.com", "" }, NULL },
	{ "r.example.com:5000/app:1", { "*.example.com:5000", "*.example.com/app", "*.example.com@x" }, NULL },
};

START_TEST(finds_alike)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	const struct policy_scope *found;
	struct err err = { 0 };

	ck_assert_msg(parse(alike[_i].scopes, &p, &err) == ERR_OK, "%s", err.msg);
	found = policy_scope_alike(p, alike[_i].name);
	if (alike[_i].want == NULL)
		ck_assert_msg(found == NULL, "%s: %s", alike[_i].name, found->name);
	else
		ck_assert_msg(found != NULL && strcmp(found->name, alike[_i].want) == 0, "%s", alike[_i].name);
}
END_TEST

/* No name is as long as this; it falls to the defaults, and over no edge. */
START_TEST(too_long)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	const char *const scopes[4] = { "", "r.example" };
	char name[4 * REFERENCE_NAME_MAX];

	ck_assert_int_eq(parse(scopes, &p, NULL), ERR_OK);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(name, "r.example/", 10);
	ck_assert_str_eq(policy_scope_of(p, name)->name, "");
	name[(size_t)2 * REFERENCE_NAME_MAX] = '\0';
	ck_assert_str_eq(policy_scope_of(p, name)->name, "r.example");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy_scope");
	TCase *t = tcase_create("policy_scope");

	tcase_add_loop_test(t, finds, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, finds_alike, 0, (int)COUNT_OF(alike));
	tcase_add_test(t, too_long);
	suite_add_tcase(s, t);
	return test_run(s);
}
