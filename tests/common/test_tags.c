#include "common/tags.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/discovery.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/asked_registry.h"
#include "tests/lib/test_main.h"

#define FIRST "/v2/a/b/tags/list?n=1000"
#define TAGS(list) "{\"name\":\"a/b\",\"tags\":" list "}"
#define HEX64 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ROUTES 4

static struct asked_registry r;

struct found {
	int calls;
	size_t len;
	char text[200]; /* of the first ones */
};

static enum err_code on_tags(void *ctx, const char *const *tags, size_t len, struct err *err)
{
	struct found *f = ctx;
	size_t i;

	(void)err;
	f->calls++;
	f->len = len;
	for (i = 0; i < len && i < 8; i++)
		snprintf(f->text + strlen(f->text), sizeof(f->text) - strlen(f->text), "%s ", tags[i]);
	return ERR_OK;
}

static const struct {
	const char *name;
	struct http_route routes[ROUTES];
	enum err_code want;
	const char *found; /* or what the message holds */
} cases[] = {
	{ "some", { { .target = FIRST, .body = TAGS("[\"1\",\"2\"]") } }, ERR_OK, "1 2 " },
	{ "none", { { .target = FIRST, .body = TAGS("[]") } }, ERR_OK, "" },
	{ "null for none", { { .target = FIRST, .body = TAGS("null") } }, ERR_OK, "" },
	{ "no member for none", { { .target = FIRST, .body = "{\"name\":\"a/b\"}" } }, ERR_OK, "" },
	{ "what is no tag",
	  { { .target = FIRST,
	      .body = TAGS("[null,\"1\",\"sha256:" HEX64 "\",7,\"\",\"-x\",\"a b\",\"../../x\",[\"y\"],\"2\"]") } },
	  ERR_OK,
	  "1 2 " },
	{ "pages, by path",
	  { { .target = FIRST,
	      .headers = "Link: </v2/a/b/tags/list?last=2&n=2>; rel=\"next\"\r\n",
	      .body = TAGS("[\"1\",\"2\"]") },
	    { .target = "/v2/a/b/tags/list?last=2&n=2", .body = TAGS("[\"2\",\"3\"]") } },
	  ERR_OK,
	  "1 2 3 " },
	{ "pages, by URL",
	  { { .target = FIRST,
	      .headers = "Link: <http://@@/v2/a/b/tags/list?p=2>; rel=next\r\n",
	      .body = TAGS("[\"1\"]") },
	    { .target = "/v2/a/b/tags/list?p=2", .body = TAGS("[\"3\"]") } },
	  ERR_OK,
	  "1 3 " },
	{ "pages, by URL of another scheme",
	  { { .target = FIRST,
	      .headers = "Link: <https://@@/v2/a/b/tags/list?p=2#x>; rel=next\r\n",
	      .body = TAGS("[\"1\"]") },
	    { .target = "/v2/a/b/tags/list?p=2", .body = TAGS("[\"3\"]") } },
	  ERR_OK,
	  "1 3 " },
	{ "a page at a URL with a user",
	  { { .target = FIRST, .headers = "Link: <http://u@0@@/x>; rel=next\r\n", .body = TAGS("[\"1\"]") } },
	  ERR_REFUSED,
	  "another host" },
	{ "a page at another port",
	  { { .target = FIRST, .headers = "Link: <http://127.0.0.1:1/x>; rel=next\r\n", .body = TAGS("[\"1\"]") } },
	  ERR_REFUSED,
	  "another host" },
	{ "a page on another host",
	  { { .target = FIRST, .headers = "Link: <http://@2/x>; rel=next\r\n", .body = TAGS("[\"1\"]") } },
	  ERR_REFUSED,
	  "another host" },
	{ "pages without end",
	  { { .target = FIRST, .headers = "Link: <" FIRST ">; rel=next\r\n", .body = TAGS("[\"1\"]") } },
	  ERR_LIMIT,
	  "more than 1000 pages of tags" },
	{ "a second page that is gone",
	  { { .target = FIRST, .headers = "Link: <?p=2>; rel=next\r\n", .body = TAGS("[\"1\"]") } },
	  ERR_NOT_FOUND,
	  "tags/list?p=2" },
	{ "a registry that is ill for a moment",
	  { { .target = FIRST, .fault = FAULT_ILL, .times = 1 }, { .target = FIRST, .body = TAGS("[\"1\"]") } },
	  ERR_OK,
	  "1 " },
	{ "a page that breaks off",
	  { { .target = FIRST, .body = TAGS("[\"1\",\"2\"]"), .fault = FAULT_CUT, .times = 1 },
	    { .target = FIRST, .body = TAGS("[\"1\",\"2\"]") } },
	  ERR_OK,
	  "1 2 " },
	{ "no such repository",
	  { { .target = FIRST,
	      .status = 404,
	      .body = "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"no such repository\"}]}" } },
	  ERR_NOT_FOUND,
	  "no such repository" },
	{ "closed", { { .target = FIRST, .status = 403 } }, ERR_DENIED, FIRST },
	{ "no listing", { { .target = FIRST, .status = 405 } }, ERR_REFUSED, FIRST },
	{ "no JSON", { { .target = FIRST, .body = "<html>" } }, ERR_FORMAT, FIRST },
	{ "no list", { { .target = FIRST, .body = TAGS("{}") } }, ERR_FORMAT, "no list" },
	{ "too deep",
	  { { .target = FIRST,
	      .body = TAGS("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
			   "[[[[[[[[[[[[[[[[[[[[") } },
	  ERR_LIMIT,
	  FIRST },
};

START_TEST(listing)
{
	struct found found = { 0 };
	struct err err = { 0 };
	enum err_code got;

	asked_registry_start(&r, cases[_i].routes, COUNT_OF(cases[_i].routes), "");
	ck_assert_int_eq(r.source->tags(r.source, on_tags, &found, &err), ERR_OK);
	got = http_run(r.engine, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d %s", cases[_i].name, got, err.msg);
	ck_assert_int_eq(found.calls, got == ERR_OK);
	if (got == ERR_OK)
		ck_assert_str_eq(found.text, cases[_i].found);
	else
		ck_assert_msg(strstr(err.msg, cases[_i].found) != NULL, "%s", err.msg);
	asked_registry_stop(&r);
}
END_TEST

/* "t0","t1",… */
static char *many(size_t first, size_t len)
{
	char *text = malloc(len * 16 + 64);
	size_t at, i;

	ck_assert_ptr_nonnull(text);
	at = (size_t)sprintf(text, "{\"tags\":[");
	for (i = first; i < first + len; i++)
		at += (size_t)sprintf(text + at, "%s\"t%zu\"", i > first ? "," : "", i);
	strcpy(text + at, "]}");
	return text;
}

/* A registry that gives just as many as it was asked for, and says nothing of more, is asked for more. */
START_TEST(full_page)
{
	CLEANUP(free_ptr) char *first = many(0, 1000);
	CLEANUP(free_ptr) char *second = many(1000, 3);
	const struct http_route routes[] = { { .target = FIRST, .body = first },
					     { .target = FIRST "&last=t999", .body = second } };
	struct found found = { 0 };
	struct err err = { 0 };

	asked_registry_start(&r, routes, COUNT_OF(routes), "");
	ck_assert_int_eq(r.source->tags(r.source, on_tags, &found, &err), ERR_OK);
	ck_assert_msg(http_run(r.engine, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(found.len, 1003);
	asked_registry_stop(&r);
}
END_TEST

/* One that does not know what n and last are gives the same again: that is all. */
START_TEST(same_again)
{
	CLEANUP(free_ptr) char *first = many(0, 1000);
	const struct http_route routes[] = { { .target = FIRST, .body = first },
					     { .target = FIRST "&last=t999", .body = first } };
	struct found found = { 0 };
	struct err err = { 0 };

	asked_registry_start(&r, routes, COUNT_OF(routes), "");
	ck_assert_int_eq(r.source->tags(r.source, on_tags, &found, &err), ERR_OK);
	ck_assert_msg(http_run(r.engine, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(found.len, 1000);
	asked_registry_stop(&r);
}
END_TEST

static const struct {
	const char *tag;
	bool is;
} attached[] = {
	{ "sha256-" HEX64, true },
	{ "sha256-" HEX64 ".sig", true },
	{ "sha256-" HEX64 ".att", true },
	{ "sha256-" HEX64 ".sbom", true },
	{ "sha512-" HEX64, true },
	{ "sha512-" HEX64 HEX64, true },
	{ "sha256-" HEX64 ".sigs", false },
	{ "sha256-" HEX64 "-debug", false },
	{ "sha256-abc", false },
	{ "sha256-", false },
	{ "1.0", false },
	{ "", false },
};

START_TEST(attached_tags)
{
	ck_assert_msg(discovery_is_tag(attached[_i].tag) == attached[_i].is, "%s", attached[_i].tag);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tags");
	TCase *t = tcase_create("tags");

	tcase_add_loop_test(t, listing, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, full_page);
	tcase_add_test(t, same_again);
	tcase_add_loop_test(t, attached_tags, 0, (int)COUNT_OF(attached));
	suite_add_tcase(s, t);
	return test_run(s);
}
