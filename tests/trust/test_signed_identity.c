#include "trust/signed_identity.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define BUSYBOX "docker.io/library/busybox"

static struct json_t *read_text(const char *text)
{
	struct json_t *value = NULL;
	struct err err = { 0 };

	ck_assert_msg(js_read(text, strlen(text), "test", &value, &err) == ERR_OK, "%s", err.msg);
	return value;
}

static enum err_code read_rule(const struct json_t *json, struct signed_identity *ret, struct err *err)
{
	CLEANUP(strict_release) struct strict s;

	strict_init(&s, "policy.json");
	return signed_identity_read(&s, json, ret, err);
}

#define TYPE(type) "{\"type\":\"" type "\"}"
#define EXACT TYPE("matchExact")
#define ALMOST TYPE("matchRepoDigestOrExact")
#define REPOSITORY TYPE("matchRepository")
#define REFERENCE(name) "{\"type\":\"exactReference\",\"dockerReference\":\"" name "\"}"
#define ONE_REPOSITORY(name) "{\"type\":\"exactRepository\",\"dockerRepository\":\"" name "\"}"
#define REMAP(from, to) "{\"type\":\"remapIdentity\",\"prefix\":\"" from "\",\"signedPrefix\":\"" to "\"}"

static const struct {
	const char *rule; /* NULL: none is written */
	const char *image, *signature;
	bool want;
} cases[] = {
	{ EXACT, BUSYBOX ":latest", "busybox:latest", true },
	{ EXACT, BUSYBOX ":latest", BUSYBOX ":latest", true },
	{ EXACT, BUSYBOX ":latest", "index.docker.io/library/busybox:latest", true },
	{ EXACT, BUSYBOX ":latest", "busybox:notlatest", false },
	{ EXACT, BUSYBOX ":latest", "busybox", false },
	{ EXACT, BUSYBOX ":latest", "busybox@" DIGEST, false },
	{ EXACT, BUSYBOX ":latest", "UPPERCASE/is:invalid", false },
	{ EXACT, BUSYBOX ":latest", "", false },
	{ EXACT, BUSYBOX "@" DIGEST, "busybox@" DIGEST, true },
	{ EXACT, BUSYBOX "@" DIGEST, "busybox@" OTHER, false },
	{ EXACT, BUSYBOX "@" DIGEST, "busybox:latest", false },
	{ EXACT, BUSYBOX "@" DIGEST, "busybox", false },
	{ EXACT, BUSYBOX ":latest", "busybox:latest@" DIGEST, false },
	{ EXACT, BUSYBOX ":latest", NULL, false },

	{ ALMOST, BUSYBOX ":latest", "busybox:latest", true },
	{ ALMOST, BUSYBOX ":latest", "busybox:notlatest", false },
	{ ALMOST, BUSYBOX ":latest", "busybox@" DIGEST, false },
	{ ALMOST, BUSYBOX ":latest", "busybox", false },
	{ ALMOST, BUSYBOX "@" DIGEST, "busybox:any", true },
	{ ALMOST, BUSYBOX "@" DIGEST, "busybox@" OTHER, true },
	{ ALMOST, BUSYBOX "@" DIGEST, "busybox", false },
	{ ALMOST, BUSYBOX "@" DIGEST, "other/busybox:any", false },
	{ ALMOST, BUSYBOX ":latest", NULL, false },
	{ NULL, BUSYBOX ":latest", "busybox:latest", true },
	{ NULL, BUSYBOX ":latest", "busybox:other", false },
	{ NULL, BUSYBOX "@" DIGEST, "busybox:any", true },

	{ REPOSITORY, BUSYBOX ":latest", "busybox:other", true },
	{ REPOSITORY, BUSYBOX ":latest", "busybox", true },
	{ REPOSITORY, BUSYBOX ":latest", "busybox@" DIGEST, true },
	{ REPOSITORY, BUSYBOX "@" DIGEST, "busybox", true },
	{ REPOSITORY, BUSYBOX ":latest", "busybox2", false },
	{ REPOSITORY, BUSYBOX ":latest", "example.com/library/busybox", false },
	{ REPOSITORY, "localhost:5000/a/b:1", "localhost:5000/a/b", true },
	{ REPOSITORY, "localhost:5000/a/b:1", "localhost:5001/a/b", false },
	{ REPOSITORY, BUSYBOX ":latest", "UPPERCASE", false },
	{ REPOSITORY, BUSYBOX ":latest", NULL, false },

	{ REFERENCE("busybox:latest"), "example.com/mirror:1", BUSYBOX ":latest", true },
	{ REFERENCE("busybox:latest"), "example.com/mirror:1", "busybox:1", false },
	{ REFERENCE("busybox:latest"), "example.com/mirror:1", "busybox", false },
	{ REFERENCE("busybox@" DIGEST), "example.com/mirror:1", "busybox@" DIGEST, true },
	{ REFERENCE("busybox@" DIGEST), "example.com/mirror:1", "busybox@" OTHER, false },
	{ REFERENCE("busybox:latest"), "example.com/mirror:1", NULL, false },

	{ ONE_REPOSITORY("busybox"), "example.com/mirror:1", "busybox:7", true },
	{ ONE_REPOSITORY("busybox"), "example.com/mirror:1", "busybox", true },
	{ ONE_REPOSITORY("busybox:latest"), "example.com/mirror:1", "busybox:7", true },
	{ ONE_REPOSITORY("busybox"), "example.com/mirror:1", "other", false },

	{ REMAP("docker.io", "docker.io"), BUSYBOX ":latest", BUSYBOX ":latest", true },
	{ REMAP("mirror:5000", "vendor.example"), "mirror:5000/a/b:1", "vendor.example/a/b:1", true },
	{ REMAP("mirror:5000", "vendor.example"), "mirror:5000/a/b:1", "vendor.example/a/b:2", false },
	{ REMAP("mirror:5000", "vendor.example"), "mirror:5000/a/b:1", "mirror:5000/a/b:1", false },
	{ REMAP("mirror:5000", "vendor.example"), "mirror:5001/a/b:1", "mirror:5001/a/b:1", true },
	{ REMAP("mirror:5000", "vendor.example"), "mirror:50001/a/b:1", "vendor.example1/a/b:1", false },
	{ REMAP("mirror:5000/v", "vendor.example"), "mirror:5000/v/a:1", "vendor.example/a:1", true },
	{ REMAP("mirror:5000/v", "vendor.example"), "mirror:5000/vv/a:1", "vendor.example/v/a:1", false },
	{ REMAP("mirror:5000/v/a", "vendor.example/b"), "mirror:5000/v/a:1", "vendor.example/b:1", true },
	{ REMAP("mirror:5000/v/a", "vendor.example"), "mirror:5000/v/a:1", "vendor.example:1", false },
	{ REMAP("mirror:5000", "vendor.example"), "mirror:5000/a/b@" DIGEST, "vendor.example/a/b:9", true },
	{ REMAP("mirror:5000", "vendor.example"), "mirror:5000/a/b@" DIGEST, "vendor.example/a/c:9", false },
	{ REMAP("mirror:5000", "docker.io"), "mirror:5000/busybox:1", "busybox:1",
	  false }, /* docker.io/busybox is no name */
	{ REMAP("mirror:5000", "docker.io/library"), "mirror:5000/busybox:1", "busybox:1", true },
	{ REMAP("mirror:5000", "vendor.example"), "mirror:5000/a/b:1", NULL, false },

	{ TYPE("matchDigest"), BUSYBOX ":latest", NULL, true },
	{ TYPE("matchDigest"), BUSYBOX ":latest", "example.com/other:1", true },
	{ TYPE("matchDigest"), BUSYBOX ":latest", "UPPERCASE", true },
};

START_TEST(matches)
{
	CLEANUP(js_free_ptr) struct json_t *json = cases[_i].rule != NULL ? read_text(cases[_i].rule) : NULL;
	struct signed_identity id = { 0 };
	struct err err = { 0 };
	bool got = !cases[_i].want;

	ck_assert_msg(read_rule(json, &id, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(signed_identity_matches(&id, cases[_i].image, cases[_i].signature, &got, &err), ERR_OK);
	ck_assert_int_eq(err.code, ERR_OK);
	ck_assert_msg(got == cases[_i].want, "%s: %s as %s", cases[_i].rule != NULL ? cases[_i].rule : "none",
		      cases[_i].signature != NULL ? cases[_i].signature : "nothing", cases[_i].image);
}
END_TEST

static const struct {
	const char *rule, *want;
} wrong[] = {
	{ "[]", "policy.json: /signedIdentity: must be an object" },
	{ "{}", "\"type\" is missing" },
	{ TYPE("matchexact"), "unknown type \"matchexact\", did you mean \"matchExact\"?" },
	{ TYPE("any"), "known are matchExact, matchRepoDigestOrExact" },
	{ "{\"type\":\"matchExact\",\"prefix\":\"a\"}", "unknown key \"prefix\"" },
	{ TYPE("exactReference"), "\"dockerReference\" is missing" },
	{ REFERENCE(""), "/signedIdentity/dockerReference: is empty" },
	{ REFERENCE("busybox"), "has neither tag nor digest" },
	{ REFERENCE("a/UPPER:1"), "dockerReference: " },
	{ TYPE("exactRepository"), "\"dockerRepository\" is missing" },
	{ ONE_REPOSITORY("a//b"), "dockerRepository: " },
	{ "{\"type\":\"exactRepository\",\"dockerReference\":\"a/b\"}", "unknown key \"dockerReference\"" },
	{ "{\"type\":\"remapIdentity\",\"prefix\":\"a.example\"}", "\"signedPrefix\" is missing" },
	{ REMAP("", "b.example"), "/signedIdentity/prefix: is empty" },
	{ REMAP("a.example/x:tag", "b.example"), "\"a.example/x:tag\" is no leading part" },
	{ REMAP("a.example", "b.example/"), "\"b.example/\" is no leading part" },
	{ REMAP("a.example/x@" DIGEST, "b.example"), "is no leading part" },
};

START_TEST(refuse)
{
	CLEANUP(js_free_ptr) struct json_t *json = read_text(wrong[_i].rule);
	struct signed_identity id = { .kind = IDENTITY_REMAP };
	struct err err = { 0 };

	ck_assert_int_eq(read_rule(json, &id, &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, wrong[_i].want) != NULL, "%s", err.msg);
	ck_assert_int_eq(id.kind, IDENTITY_REMAP);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("signed_identity");
	TCase *t = tcase_create("signed_identity");

	tcase_add_loop_test(t, matches, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, refuse, 0, (int)COUNT_OF(wrong));
	suite_add_tcase(s, t);
	return test_run(s);
}
