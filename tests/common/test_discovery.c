#include "common/discovery.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/asked_registry.h"
#include "tests/lib/test_main.h"

#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC "sha256:" ABC_HEX
#define ABC512_CUT "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
#define ABC512 "sha512:" ABC512_CUT "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
#define API "/v2/a/b/referrers/" ABC
#define TAG(suffix) "/v2/a/b/manifests/sha256-" ABC_HEX suffix
#define INDEX_TYPE "Content-Type: " TYPE_OCI_INDEX "\r\n"
#define HEX4(c) c c c c
#define HEX16(c) HEX4(c) HEX4(c) HEX4(c) HEX4(c)
#define HEX(c) HEX16(c) HEX16(c) HEX16(c) HEX16(c)
#define ITEM(c, size) "{\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"digest\":\"sha256:" HEX(c) "\",\"size\":" size "}"
#define LIST(items) "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[" items "]}"
#define SIGNATURE "{\"config\":{\"mediaType\":\"c\",\"size\":1,\"digest\":\"" ABC "\"}}"
#define NAME_UNKNOWN "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"no such repository\"}]}"
#define ROUTES 6

static struct asked_registry r;

/* What was found, as sorted text: the kind's first letter, the digest's first digit, the size. */
struct found {
	int calls;
	size_t len;
	char text[200];
};

static int compare_items(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum err_code on_found(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	static const char letters[] = { [LINK_SUBJECT] = 'r', [LINK_SIG] = 's', [LINK_ATT] = 'a', [LINK_SBOM] = 'b' };
	struct found *f = ctx;
	char items[8][16];
	size_t i;

	(void)err;
	f->calls++;
	f->len = len;
	for (i = 0; i < len && i < COUNT_OF(items); i++)
		snprintf(items[i], sizeof(items[i]), "%c%c%u ", letters[referrers[i].kind],
			 referrers[i].descriptor.digest.text[7], (unsigned)referrers[i].descriptor.size_bytes % 1000);
	qsort(items, i, sizeof(items[0]), compare_items);
	for (i = 0; i < len && i < COUNT_OF(items); i++)
		strcat(f->text, items[i]);
	return ERR_OK;
}

static enum err_code find(const char *subject_text, struct found *found, struct err *err)
{
	struct digest subject;

	ck_assert_int_eq(digest_parse(subject_text, &subject, NULL), ERR_OK);
	ck_assert_int_eq(r.source->referrers(r.source, &subject, on_found, found, err), ERR_OK);
	return http_run(r.engine, err);
}

static const struct {
	const char *name;
	struct http_route routes[ROUTES];
	enum err_code want;
	const char *found, *says;
} cases[] = {
	{ "nothing at all", .routes = { { .target = "/" } }, .found = "" },
	{ "an API without any", .routes = { { .target = API, .headers = INDEX_TYPE, .body = LIST("") } }, .found = "" },
	{ "the API",
	  .routes = { { .target = API, .headers = INDEX_TYPE, .body = LIST(ITEM("1", "7") "," ITEM("2", "8")) } },
	  .found = "r17 r28 " },
	{ "a type with parameters",
	  .routes = { { .target = API,
			.headers = "Content-Type: " TYPE_OCI_INDEX "; charset=utf-8\r\n",
			.body = LIST(ITEM("1", "7")) } },
	  .found = "r17 " },
	{ "the fallback tag", .routes = { { .target = TAG(""), .body = LIST(ITEM("1", "7")) } }, .found = "r17 " },
	{ "both, one of them in both",
	  .routes = { { .target = API, .headers = INDEX_TYPE, .body = LIST(ITEM("1", "7") "," ITEM("2", "8")) },
		      { .target = TAG(""), .body = LIST(ITEM("2", "8") "," ITEM("3", "9")) } },
	  .found = "r17 r28 r39 " },
	{ "two that disagree",
	  .routes = { { .target = API, .headers = INDEX_TYPE, .body = LIST(ITEM("1", "8")) },
		      { .target = TAG(""), .body = LIST(ITEM("1", "7")) } },
	  .found = "r17 " },
	{ "a list whose digest is not the one that came with it",
	  .routes = { { .target = TAG(""), .headers = "Docker-Content-Digest: " ABC "\r\n", .body = LIST("") } },
	  .want = ERR_DIGEST, .says = TAG("") },
	{ "cosign's tags",
	  .routes = { { .target = TAG(".sig"), .body = SIGNATURE },
		      { .target = TAG(".att"), .body = SIGNATURE },
		      { .target = TAG(".sbom"), .body = SIGNATURE } },
	  .found = "a8120 b8120 s8120 " },
	{ "one listed twice",
	  .routes = { { .target = API, .headers = INDEX_TYPE, .body = LIST(ITEM("1", "7") "," ITEM("1", "7")) } },
	  .found = "r17 " },
	{ "no API: 400",
	  .routes = { { .target = API, .status = 400 }, { .target = TAG(""), .body = LIST(ITEM("1", "7")) } },
	  .found = "r17 " },
	{ "no API: 406", .routes = { { .target = API, .status = 406 } }, .found = "" },
	{ "no API: 200 for everything",
	  .routes = { { .target = API, .headers = "Content-Type: text/html\r\n", .body = "<html>" } }, .found = "" },
	{ "no API: 200 without a type", .routes = { { .target = API, .body = LIST(ITEM("1", "7")) } }, .found = "" },
	{ "no API: another type",
	  .routes = { { .target = API, .headers = "Content-Type: application/json\r\n", .body = LIST("") } },
	  .found = "" },
	{ "no API: a page elsewhere",
	  .routes = { { .target = API, .status = 303, .headers = "Location: http://@2/elsewhere\r\n" },
		      { .target = "/elsewhere", .headers = "Content-Type: text/html\r\n", .body = "<html>" } },
	  .found = "" },
	{ "no API: somebody elsewhere who has had enough",
	  .routes = { { .target = API, .status = 303, .headers = "Location: http://@2/elsewhere\r\n" },
		      { .target = "/elsewhere", .status = 429 },
		      { .target = TAG(""), .body = LIST(ITEM("1", "7")) } },
	  .found = "r17 " },
	{ "an API elsewhere",
	  .routes = { { .target = API, .status = 307, .headers = "Location: http://@2/elsewhere\r\n" },
		      { .target = "/elsewhere", .headers = INDEX_TYPE, .body = LIST(ITEM("1", "7")) } },
	  .found = "r17 " },
	{ "an ill API elsewhere",
	  .routes = { { .target = API, .status = 307, .headers = "Location: http://@2/elsewhere\r\n" },
		      { .target = "/elsewhere", .status = 500 } },
	  .want = ERR_NETWORK, .says = API },
	{ "the repository is missing", .routes = { { .target = API, .status = 404, .body = NAME_UNKNOWN } },
	  .want = ERR_NOT_FOUND, .says = "no such repository" },
	{ "an ill API", .routes = { { .target = API, .status = 500 } }, .want = ERR_NETWORK, .says = API },
	{ "an API that is closed", .routes = { { .target = API, .status = 403 } }, .want = ERR_DENIED, .says = API },
	{ "an API that has had enough", .routes = { { .target = API, .status = 429 } }, .want = ERR_NETWORK,
	  .says = API },
	{ "an API that hangs up", .routes = { { .target = API, .fault = FAULT_CLOSED } }, .want = ERR_NETWORK,
	  .says = API },
	{ "a list that is cut",
	  .routes = { { .target = API, .headers = INDEX_TYPE, .body = LIST(ITEM("1", "7")), .fault = FAULT_CUT } },
	  .want = ERR_NETWORK, .says = API },
	{ "a list that is no JSON", .routes = { { .target = API, .headers = INDEX_TYPE, .body = "<html>" } },
	  .want = ERR_FORMAT, .says = API },
	{ "a list that is a manifest", .routes = { { .target = API, .headers = INDEX_TYPE, .body = SIGNATURE } },
	  .want = ERR_FORMAT, .says = API },
	{ "a list with half an entry",
	  .routes = { { .target = API, .headers = INDEX_TYPE, .body = LIST("{\"size\":1}") } }, .want = ERR_FORMAT,
	  .says = API },
	{ "an ill fallback tag", .routes = { { .target = TAG(""), .status = 500 } }, .want = ERR_NETWORK,
	  .says = TAG("") },
	{ "a fallback tag that is an image", .routes = { { .target = TAG(""), .body = SIGNATURE } }, .want = ERR_FORMAT,
	  .says = TAG("") },
	{ "an ill signature", .routes = { { .target = TAG(".sig"), .status = 503 } }, .want = ERR_NETWORK,
	  .says = TAG(".sig") },
	{ "a signature that is no manifest", .routes = { { .target = TAG(".sig"), .body = "[]" } }, .want = ERR_FORMAT,
	  .says = TAG(".sig") },
	{ "a closed attestation", .routes = { { .target = TAG(".att"), .status = 403 } }, .want = ERR_DENIED,
	  .says = TAG(".att") },
	{ "pages, by path",
	  .routes = { { .target = API,
			.headers = INDEX_TYPE "Link: </v2/a/b/page2?x=y>; rel=\"next\"\r\n",
			.body = LIST(ITEM("1", "7")) },
		      { .target = "/v2/a/b/page2?x=y",
			.headers = INDEX_TYPE "Link: <page3>;rel=next\r\n",
			.body = LIST(ITEM("2", "8")) },
		      { .target = "/v2/a/b/page3", .headers = INDEX_TYPE, .body = LIST(ITEM("3", "9")) } },
	  .found = "r17 r28 r39 " },
	{ "pages, by URL",
	  .routes = { { .target = API,
			.headers = INDEX_TYPE "Link: <http://@@/p2>; rel=\"next\"\r\n",
			.body = LIST("") },
		      { .target = "/p2", .headers = INDEX_TYPE, .body = LIST(ITEM("2", "8")) } },
	  .found = "r28 " },
	{ "several links in one header",
	  .routes = { { .target = API,
			.headers =
				INDEX_TYPE "Link: </p0>; rel=\"prev\", </p2?a=1,2>; title=\"a, b\"; rel=\"next\"\r\n",
			.body = LIST(ITEM("1", "7")) },
		      { .target = "/p2?a=1,2", .headers = INDEX_TYPE, .body = LIST(ITEM("2", "8")) } },
	  .found = "r17 r28 " },
	{ "several headers",
	  .routes = { { .target = API,
			.headers = INDEX_TYPE "Link: </p0>; rel=\"first\"\r\nlink: </p2>; REL=\"last Next\"\r\n",
			.body = LIST(ITEM("1", "7")) },
		      { .target = "/p2", .headers = INDEX_TYPE, .body = LIST(ITEM("2", "8")) } },
	  .found = "r17 r28 " },
	{ "links that lead to no next page",
	  .routes = { { .target = API,
			.headers =
				INDEX_TYPE "Link: </p0>; rel=\"prev\"; title=\"next\"\r\nLink: next\r\nLink: </p9\r\n"
					   "Link: </next>; rel=\"nextish\"\r\n",
			.body = LIST(ITEM("1", "7")) } },
	  .found = "r17 " },
	{ "a next page on another host",
	  .routes = { { .target = API,
			.headers = INDEX_TYPE "Link: <http://@2/p2>; rel=\"next\"\r\n",
			.body = LIST("") } },
	  .want = ERR_REFUSED, .says = "another host" },
	{ "a next page on a host that begins alike",
	  .routes = { { .target = API,
			.headers = INDEX_TYPE "Link: <http://@@.evil.example/p2>; rel=\"next\"\r\n",
			.body = LIST("") } },
	  .want = ERR_FORMAT, .says = API },
	{ "a next page for somebody else",
	  .routes = { { .target = API,
			.headers = INDEX_TYPE "Link: <http://a@0@@/p2>; rel=\"next\"\r\n",
			.body = LIST("") } },
	  .want = ERR_REFUSED, .says = "another host" },
	{ "a next page that is no URL",
	  .routes = { { .target = API, .headers = INDEX_TYPE "Link: <http://[>; rel=\"next\"\r\n", .body = LIST("") } },
	  .want = ERR_FORMAT, .says = API },
	{ "a next page that is not there",
	  .routes = { { .target = API,
			.headers = INDEX_TYPE "Link: </p2>; rel=\"next\"\r\n",
			.body = LIST(ITEM("1", "7")) } },
	  .want = ERR_NOT_FOUND, .says = "/p2" },
	{ "a next page that is something else",
	  .routes = { { .target = API,
			.headers = INDEX_TYPE "Link: </p2>; rel=\"next\"\r\n",
			.body = LIST(ITEM("1", "7")) },
		      { .target = "/p2", .headers = "Content-Type: text/html\r\n", .body = "<html>" } },
	  .want = ERR_FORMAT, .says = "/p2" },
	{ "pages without end",
	  .routes = { { .target = API, .headers = INDEX_TYPE "Link: <" API ">; rel=\"next\"\r\n", .body = LIST("") } },
	  .want = ERR_LIMIT, .says = API },
};

START_TEST(discover)
{
	struct found found = { 0 };
	struct err err = { 0 };
	enum err_code code;

	asked_registry_start(&r, cases[_i].routes, ROUTES, ":1");
	code = find(ABC, &found, &err);
	ck_assert_msg(code == cases[_i].want, "%s: %d, %s", cases[_i].name, code, err.msg);
	ck_assert_int_eq(found.calls, code == ERR_OK);
	if (code == ERR_OK)
		ck_assert_msg(strcmp(found.text, cases[_i].found) == 0, "%s: %s", cases[_i].name, found.text);
	if (cases[_i].says != NULL)
		ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, err.msg);
	asked_registry_stop(&r);
}
END_TEST

/* A registry without the API is asked for it once, one with it every time. */
static const struct {
	const char *name;
	struct http_route routes[2];
	unsigned want;
} asks[] = {
	{ "no such page", { { .target = "/" } }, 1 },
	{ "there is one", { { .target = API, .headers = INDEX_TYPE, .body = LIST("") } }, 3 },
	{ "this digest only", { { .target = API, .status = 400 } }, 3 },
	{ "somebody elsewhere who has had enough",
	  { { .target = API, .status = 303, .headers = "Location: http://@2/elsewhere\r\n" },
	    { .target = "/elsewhere", .status = 429 } },
	  1 },
};

START_TEST(remember)
{
	struct found found = { 0 };
	unsigned i;

	asked_registry_start(&r, asks[_i].routes, asks[_i].routes[1].target != NULL ? 2 : 1, ":1");
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(find(ABC, &found, NULL), ERR_OK);
	ck_assert_int_eq(found.calls, 3);
	ck_assert_msg(http_server_asked(r.server, "GET " API " ") == asks[_i].want, "%s", asks[_i].name);
	ck_assert_uint_le(http_server_asked(r.server, "GET /elsewhere "), 1);
	ck_assert_uint_eq(http_server_asked(r.server, "GET " TAG("") " "), 3);
	ck_assert_uint_eq(http_server_asked(r.server, "GET " TAG(".sbom") " "), 3);
	asked_registry_stop(&r);
}
END_TEST

/* The fallback tag is cut to what a tag may hold; cosign has no tags for such digests. */
START_TEST(long_digest)
{
	static const struct http_route routes[] = {
		{ .target = "/v2/a/b/manifests/sha512-" ABC512_CUT, .body = LIST(ITEM("1", "7")) },
	};
	struct found found = { 0 };

	asked_registry_start(&r, routes, COUNT_OF(routes), ":1");
	ck_assert_int_eq(find(ABC512, &found, NULL), ERR_OK);
	ck_assert_str_eq(found.text, "r17 ");
	ck_assert_uint_eq(http_server_asked(r.server, "GET /v2/a/b/manifests/"), 1);
	asked_registry_stop(&r);
}
END_TEST

/* A list as long as one may be is read in a moment. */
START_TEST(long_list)
{
	CLEANUP(buf_release) struct buf body;
	struct http_route route = { .target = API, .headers = INDEX_TYPE };
	struct found found = { 0 };
	struct err err = { 0 };
	unsigned i;

	buf_init(&body, LIMIT_MANIFEST_BYTES);
	ck_assert_int_eq(buf_puts(&body, "{\"manifests\":[", NULL), ERR_OK);
	for (i = 0; i < 28000; i++)
		ck_assert_int_eq(buf_printf(&body, NULL,
					    "%s{\"mediaType\":\"m\",\"digest\":\"sha256:%064x\",\"size\":1}",
					    i > 0 ? "," : "", i % 27000),
				 ERR_OK);
	ck_assert_int_eq(buf_puts(&body, "]}", NULL), ERR_OK);
	route.body = body.data;
	asked_registry_start(&r, &route, 1, ":1");
	ck_assert_msg(find(ABC, &found, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(found.len, 27000);
	asked_registry_stop(&r);
}
END_TEST

/* Answers that never come, dropped with the source. */
START_TEST(given_up)
{
	static const struct http_route routes[] = { { .target = API, .fault = FAULT_SILENT } };
	struct found found = { 0 };
	struct digest subject;

	asked_registry_start(&r, routes, COUNT_OF(routes), ":1");
	ck_assert_int_eq(digest_parse(ABC, &subject, NULL), ERR_OK);
	ck_assert_int_eq(r.source->referrers(r.source, &subject, on_found, &found, NULL), ERR_OK);
	asked_registry_stop(&r);
	ck_assert_int_eq(found.calls, 0);
}
END_TEST

#define LIST_OF_TAGS "/v2/a/b/tags/list?n=1000"
#define IMAGES "\"1\",\"2\",\"3\",\"4\""
#define MANIFEST(tag)                                                                                                  \
	{                                                                                                              \
		.target = "/v2/a/b/manifests/" tag, .body = SIGNATURE                                                  \
	}

/* Four images of one repository are asked for by tag; then what refers to one manifest is looked for. */
static const struct {
	const char *name;
	struct http_route list, more;
	const char *found;
	unsigned asked; /* of the tags that may refer to it */
} list_cases[] = {
	{ "a list without any", { .body = "{\"tags\":[" IMAGES "]}" }, { 0 }, "", 0 },
	{ "a list with one", { .body = "{\"tags\":[" IMAGES ",\"sha256-" ABC_HEX ".sig\"]}" }, { 0 }, "s8120 ", 1 },
	{ "an old list, without an image", { .body = "{\"tags\":[\"1\",\"2\",\"3\"]}" }, { 0 }, "s8120 ", 4 },
	{ "no list", { .status = 404 }, { 0 }, "s8120 ", 4 },
	{ "a closed list", { .status = 403 }, { 0 }, "s8120 ", 4 },
	{ "an ill list", { .status = 500 }, { 0 }, "s8120 ", 4 },
	{ "a list that is none", { .body = "<html>" }, { 0 }, "s8120 ", 4 },
	{ "a list without end",
	  { .headers = "Link: </more>; rel=\"next\"\r\n", .body = "{\"tags\":[" IMAGES "]}" },
	  { .target = "/more", .headers = "Link: </more>; rel=\"next\"\r\n", .body = "{\"tags\":[" IMAGES "]}" },
	  "s8120 ",
	  4 },
};

static enum err_code on_image(void *ctx, const struct source_manifest *m, struct err *err)
{
	(void)ctx, (void)m, (void)err;
	return ERR_OK;
}

static void resolve(unsigned tag)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *text = NULL;

	ck_assert_int_eq(str_format(&text, NULL, "%s/a/b:%u", http_server_host(r.server), tag), ERR_OK);
	ck_assert_int_eq(reference_parse(text, &ref, NULL), ERR_OK);
	ck_assert_int_eq(r.source->resolve(r.source, &ref, on_image, NULL, NULL), ERR_OK);
}

/* One list saves the questions for tags that it does not have, where it can be believed. */
START_TEST(list)
{
	struct http_route routes[] = { MANIFEST("1"),
				       MANIFEST("2"),
				       MANIFEST("3"),
				       MANIFEST("4"),
				       list_cases[_i].list,
				       list_cases[_i].more,
				       { .target = TAG(".sig"), .body = SIGNATURE } };
	struct found found = { 0 };
	struct err err = { 0 };
	unsigned i;

	routes[4].target = LIST_OF_TAGS;
	if (routes[5].target == NULL)
		routes[5].target = "/nothing";
	asked_registry_start(&r, routes, COUNT_OF(routes), ":1");
	for (i = 1; i <= 4; i++)
		resolve(i);
	ck_assert_msg(find(ABC, &found, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(found.calls, 1);
	ck_assert_str_eq(found.text, list_cases[_i].found);
	ck_assert_uint_eq(http_server_asked(r.server, "GET " TAG("")), list_cases[_i].asked);
	asked_registry_stop(&r);
}
END_TEST

/* A tag moved after the list was made, to an image with a signature: what the tag stands for now is asked about, and an
 * old list that is found out ends the export, for it may hide more. */
START_TEST(old_list)
{
	struct digest root;
	char target[200], message[200];
	struct http_route routes[] = { MANIFEST("1"),
				       MANIFEST("2"),
				       MANIFEST("3"),
				       MANIFEST("4"),
				       { .target = LIST_OF_TAGS, .body = "{\"tags\":[" IMAGES "]}" },
				       { .target = target, .body = SIGNATURE } };
	struct found found = { 0 };
	struct err err = { 0 };
	unsigned i;

	ck_assert_int_eq(digest_of(SIGNATURE, strlen(SIGNATURE), NULL, &root, NULL), ERR_OK);
	snprintf(target, sizeof(target), "/v2/a/b/manifests/sha256-%s.sig", digest_hex(&root));
	snprintf(message, sizeof(message), "it lacks sha256-%s.sig", digest_hex(&root));
	asked_registry_start(&r, routes, COUNT_OF(routes), ":1");
	for (i = 1; i <= 4; i++)
		resolve(i);
	ck_assert_int_eq(http_run(r.engine, &err), ERR_OK);
	ck_assert_int_eq(find(root.text, &found, &err), ERR_REFUSED);
	ck_assert_msg(strstr(err.msg, message) != NULL, "%s", err.msg);
	asked_registry_stop(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("discovery");
	TCase *t = tcase_create("discovery");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, discover, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, remember, 0, (int)COUNT_OF(asks));
	tcase_add_test(t, long_digest);
	tcase_add_test(t, long_list);
	tcase_add_test(t, given_up);
	tcase_add_test(t, old_list);
	tcase_add_loop_test(t, list, 0, (int)COUNT_OF(list_cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
