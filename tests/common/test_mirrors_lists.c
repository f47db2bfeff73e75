/* Lists of a repository that has a mirror: of referrers and of tags, which nothing proves to be whole. */
#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/mirrored.h"
#include "tests/lib/test_main.h"

#define REFERRERS "/v2/a/b/referrers/" MIRRORED_DIGEST MIRRORED_NS
#define WITH_REFERRERS MIRRORED_CAPABILITIES ",'referrers'"
#define INDEX_TYPE "Content-Type: " TYPE_OCI_INDEX "\r\n"
#define LIST(digit)                                                                                                    \
	"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[{\"mediaType\":\"m\",\"size\":1,"    \
	"\"digest\":\"sha256:" digit "a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}]}"

static const char long_text[LIMIT_MANIFEST_BYTES + 1];

/* Nothing proves a list of referrers to be whole, so home is asked, and mirrors beside it. */
static const struct {
	const char *name, *capabilities;
	struct http_route mirror[MIRRORED_ROUTES], home[MIRRORED_ROUTES];
	enum err_code want;
	const char *found; /* the digests' first digits; of a failure, part of the message */
	bool mirror_asked;
	unsigned failed;
} lists[] = {
	{ "home alone", .mirror = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("1") } },
	  .home = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } }, .found = "2" },
	{ "a mirror that has them too", .capabilities = WITH_REFERRERS,
	  .mirror = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("1") } },
	  .home = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } }, .found = "12", .mirror_asked = true },
	{ "a mirror that has none", .capabilities = WITH_REFERRERS, .mirror = { { .target = "/" } },
	  .home = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } }, .found = "2", .mirror_asked = true },
	{ "a mirror that does not know the repository", .capabilities = WITH_REFERRERS,
	  .mirror = { { REFERRERS, .status = 404, .body = "{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}" } },
	  .home = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } }, .found = "2", .mirror_asked = true },
	{ "a mirror with a list that is too long", .capabilities = WITH_REFERRERS,
	  .mirror = { { REFERRERS, .headers = INDEX_TYPE, .body = long_text, .body_len = sizeof(long_text) } },
	  .home = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } }, .found = "2", .mirror_asked = true,
	  .failed = 1 },
	{ "a mirror whose second page is gone", .capabilities = WITH_REFERRERS,
	  .mirror = { { REFERRERS, .headers = INDEX_TYPE "Link: </gone>; rel=next\r\n", .body = LIST("1") } },
	  .home = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } }, .found = "12", .mirror_asked = true,
	  .failed = 1 },
	{ "a mirror that fails", .capabilities = WITH_REFERRERS, .mirror = { { REFERRERS, .status = 403 } },
	  .home = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } }, .found = "2", .mirror_asked = true,
	  .failed = 1 },
	{ "a mirror that talks nonsense", .capabilities = WITH_REFERRERS,
	  .mirror = { { REFERRERS, .headers = INDEX_TYPE, .body = "x" } },
	  .home = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } }, .found = "2", .mirror_asked = true,
	  .failed = 1 },
	{ "home is closed to us", .mirror = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("1") } },
	  .home = { { REFERRERS, .status = 403 } }, .want = ERR_DENIED, .found = "answered 403" },
	{ "home is out of reach", .mirror = { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("1") } },
	  .home = { { REFERRERS, .fault = FAULT_SILENT } }, .found = "1", .mirror_asked = true, .failed = 1 },
};

START_TEST(referrers)
{
	struct mirrored m;
	struct mirrored_got g;
	struct err err = { 0 };
	enum err_code code;

	mirrored_start(&m, lists[_i].mirror, lists[_i].home, lists[_i].capabilities);
	mirrored_got_init(&g);
	code = mirrored_hear(&m, 'r', &g, &err);
	ck_assert_msg(code == lists[_i].want, "%s: %d, %s", lists[_i].name, code, err.msg);
	if (code == ERR_OK)
		ck_assert_msg(strcmp(buf_text(&g.bytes), lists[_i].found) == 0, "%s: %s", lists[_i].name,
			      buf_text(&g.bytes));
	else
		ck_assert_msg(strstr(err.msg, lists[_i].found) != NULL, "%s: %s", lists[_i].name, err.msg);
	ck_assert_int_eq(g.calls, code == ERR_OK);
	ck_assert_int_eq(http_server_asked(m.mirror, "GET " REFERRERS) > 0, lists[_i].mirror_asked);
	ck_assert_uint_eq(m.told.failed, lists[_i].failed);
	buf_release(&g.bytes);
	mirrored_stop(&m);
}
END_TEST

/* The next page is asked for in the same registry's name, and once. */
static const char *const next_pages[] = { "/v2/a/b/tags/list?p=2", "/v2/a/b/tags/list?p=2&ns=registry.example" };

START_TEST(pages)
{
	static const struct http_route none[MIRRORED_ROUTES] = { { .target = "/" } };
	CLEANUP(free_ptr) char *link = NULL;
	struct http_route routes[MIRRORED_ROUTES] = {
		{ "/v2/a/b/tags/list?n=1000&ns=registry.example", .body = "{\"tags\":[\"1\"]}" },
		{ "/v2/a/b/tags/list?p=2&ns=registry.example", .body = "{\"tags\":[\"2\"]}" }
	};
	struct mirrored m;
	struct mirrored_got g;
	struct err err = { 0 };

	ck_assert_int_eq(str_format(&link, NULL, "Link: <%s>; rel=next\r\n", next_pages[_i]), ERR_OK);
	routes[0].headers = link;
	mirrored_start(&m, none, routes, NULL);
	mirrored_got_init(&g);
	ck_assert_msg(mirrored_hear(&m, 'l', &g, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(buf_text(&g.bytes), "12");
	buf_release(&g.bytes);
	mirrored_stop(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mirrors_lists");
	TCase *t = tcase_create("mirrors_lists");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, referrers, 0, (int)COUNT_OF(lists));
	tcase_add_loop_test(t, pages, 0, (int)COUNT_OF(next_pages));
	suite_add_tcase(s, t);
	return test_run(s);
}
