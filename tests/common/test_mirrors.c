/* Content that a mirror and home can be asked for: who is asked, and what of one that fails, lacks it or lies. */
#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/mirrored.h"
#include "tests/lib/test_main.h"

#define LIST                                                                                                           \
	"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[{\"mediaType\":\"m\",\"size\":1,"    \
	"\"digest\":\"" MIRRORED_DIGEST "\"}]}"

static const char long_text[LIMIT_MANIFEST_BYTES + 1];

static const struct {
	const char *name;
	char what;
	const char *capabilities;
	struct http_route mirror[MIRRORED_ROUTES], home[MIRRORED_ROUTES];
	enum err_code want;
	const char *text; /* what came; of a failure, part of the message */
	unsigned mirror_asked, home_asked, failed, lacks;
} cases[] = {
	{ "the mirror has the tag", .what = 't', .mirror = { { MIRRORED_TAG, .body = LIST } },
	  .home = { { MIRRORED_TAG, .body = "x" } }, .text = LIST, .mirror_asked = 1 },
	{ "the mirror has the manifest", .what = 'm', .capabilities = "'pull'",
	  .mirror = { { MIRRORED_MANIFEST, .body = "abc" } }, .home = { { .target = "/" } }, .text = "abc",
	  .mirror_asked = 1 },
	{ "the mirror has the image", .what = 'd', .capabilities = "'pull'",
	  .mirror = { { MIRRORED_MANIFEST, .body = "abc" } }, .home = { { .target = "/" } }, .text = "abc",
	  .mirror_asked = 1 },
	{ "the mirror has the blob", .what = 'b', .capabilities = "'pull'",
	  .mirror = { { MIRRORED_BLOB, .body = "abc" } }, .home = { { .target = "/" } }, .text = "abc",
	  .mirror_asked = 1 },
	{ "a mirror that may not say what a tag is", .what = 't', .capabilities = "'pull'",
	  .mirror = { { MIRRORED_TAG, .body = "x" } }, .home = { { MIRRORED_TAG, .body = "abc" } }, .text = "abc",
	  .home_asked = 1 },
	{ "a mirror that may not be asked for content", .what = 'm', .capabilities = "'resolve'",
	  .mirror = { { MIRRORED_MANIFEST, .body = "abc" } }, .home = { { MIRRORED_MANIFEST, .body = "abc" } },
	  .text = "abc", .home_asked = 1 },
	{ "not there", .what = 't', .mirror = { { .target = "/" } }, .home = { { MIRRORED_TAG, .body = "abc" } },
	  .text = "abc", .mirror_asked = 1, .home_asked = 1, .lacks = 1 },
	{ "no manifest there", .what = 'm', .mirror = { { .target = "/" } },
	  .home = { { MIRRORED_MANIFEST, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1,
	  .lacks = 1 },
	{ "no blob there", .what = 'b', .mirror = { { .target = "/" } }, .home = { { MIRRORED_BLOB, .body = "abc" } },
	  .text = "abc", .mirror_asked = 1, .home_asked = 1, .lacks = 1 },
	{ "nowhere", .what = 'm', .mirror = { { .target = "/" } }, .home = { { .target = "/" } }, .text = "absent",
	  .mirror_asked = 1, .home_asked = 1, .lacks = 1 },
	{ "no blob anywhere", .what = 'b', .mirror = { { .target = "/" } }, .home = { { .target = "/" } },
	  .text = "absent", .mirror_asked = 1, .home_asked = 1, .lacks = 1 },
	{ "it is at the mirror", .what = 'h', .mirror = { { MIRRORED_BLOB, .body = "abc" } },
	  .home = { { .target = "/" } }, .text = "there" },
	{ "it is at home", .what = 'h', .mirror = { { .target = "/" } }, .home = { { MIRRORED_BLOB, .body = "abc" } },
	  .text = "there", .mirror_asked = 1, .lacks = 1 },
	{ "it is nowhere", .what = 'h', .mirror = { { .target = "/" } }, .home = { { .target = "/" } },
	  .text = "absent", .mirror_asked = 1, .home_asked = 1, .lacks = 1 },
	{ "is it there, where nobody answers", .what = 'h', .mirror = { { MIRRORED_BLOB, .status = 403 } },
	  .home = { { MIRRORED_BLOB, .body = "abc" } }, .text = "there", .mirror_asked = 1, .failed = 1 },
	{ "down", .what = 'b', .mirror = { { MIRRORED_BLOB, .fault = FAULT_CLOSED } },
	  .home = { { MIRRORED_BLOB, .body = "abc" } }, .text = "abc", .mirror_asked = 3, .home_asked = 1,
	  .failed = 1 },
	{ "ill", .what = 'm', .mirror = { { MIRRORED_MANIFEST, .fault = FAULT_ILL } },
	  .home = { { MIRRORED_MANIFEST, .body = "abc" } }, .text = "abc", .mirror_asked = 3, .home_asked = 1,
	  .failed = 1 },
	{ "ill, and it wants to be left alone", .what = 'b',
	  .mirror = { { MIRRORED_BLOB, .status = 503, .headers = "Retry-After: 60\r\n" } },
	  .home = { { MIRRORED_BLOB, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1,
	  .failed = 1 },
	{ "ill, and home too", .what = 'm', .mirror = { { MIRRORED_MANIFEST, .fault = FAULT_ILL } },
	  .home = { { MIRRORED_MANIFEST, .fault = FAULT_ILL } }, .want = ERR_NETWORK, .text = "tried 8 times",
	  .mirror_asked = 3, .home_asked = 8, .failed = 1 },
	{ "closed to us", .what = 'm', .mirror = { { MIRRORED_MANIFEST, .status = 403 } },
	  .home = { { MIRRORED_MANIFEST, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1,
	  .failed = 1 },
	{ "refused", .what = 'b', .mirror = { { MIRRORED_BLOB, .status = 418 } },
	  .home = { { MIRRORED_BLOB, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1,
	  .failed = 1 },
	{ "other content", .what = 'm', .mirror = { { MIRRORED_MANIFEST, .body = "abd" } },
	  .home = { { MIRRORED_MANIFEST, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1,
	  .failed = 1 },
	{ "longer content", .what = 'm', .mirror = { { MIRRORED_MANIFEST, .body = "abcd" } },
	  .home = { { MIRRORED_MANIFEST, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1,
	  .failed = 1 },
	{ "more than a manifest may have", .what = 'm',
	  .mirror = { { MIRRORED_MANIFEST, .body = long_text, .body_len = sizeof(long_text) } },
	  .home = { { MIRRORED_MANIFEST, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1,
	  .failed = 1 },
	{ "more than a manifest may have, under a tag", .what = 't',
	  .mirror = { { MIRRORED_TAG, .body = long_text, .body_len = sizeof(long_text) } },
	  .home = { { MIRRORED_TAG, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1, .failed = 1 },
	{ "a page to log in at", .what = 't',
	  .mirror = { { MIRRORED_TAG, .headers = "Content-Type: text/html\r\n", .body = "<html>" } },
	  .home = { { MIRRORED_TAG, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1, .failed = 1 },
	{ "what is no manifest", .what = 't',
	  .mirror = { { MIRRORED_TAG, .headers = "Content-Type: application/json\r\n", .body = "{}" } },
	  .home = { { MIRRORED_TAG, .body = "abc" } }, .text = "abc", .mirror_asked = 1, .home_asked = 1, .failed = 1 },
	{ "other content at home", .what = 'm', .capabilities = "'pull'", .mirror = { { .target = "/" } },
	  .home = { { MIRRORED_MANIFEST, .body = "abd" } }, .want = ERR_DIGEST, .text = MIRRORED_MANIFEST,
	  .mirror_asked = 1, .home_asked = 1, .lacks = 1 },
	{ "both ill", .what = 'm', .mirror = { { MIRRORED_MANIFEST, .status = 501 } },
	  .home = { { MIRRORED_MANIFEST, .status = 403 } }, .want = ERR_DENIED, .text = "answered 403",
	  .mirror_asked = 1, .home_asked = 1, .failed = 1 },
};

START_TEST(fall_through)
{
	struct mirrored m;
	struct mirrored_got g;
	struct err err = { 0 };
	enum err_code code;

	mirrored_start(&m, cases[_i].mirror, cases[_i].home, cases[_i].capabilities);
	mirrored_got_init(&g);
	code = mirrored_hear(&m, cases[_i].what, &g, &err);
	ck_assert_msg(code == cases[_i].want, "%s: %d, %s", cases[_i].name, code, err.msg);
	ck_assert_int_eq(g.calls, code == ERR_OK);
	ck_assert_msg(strstr(code == ERR_OK ? buf_text(&g.bytes) : err.msg, cases[_i].text) != NULL, "%s: %s, %s",
		      cases[_i].name, buf_text(&g.bytes), err.msg);
	ck_assert_msg(http_server_asked(m.mirror, "GET /v2/a") == cases[_i].mirror_asked, "%s: %u", cases[_i].name,
		      http_server_asked(m.mirror, "GET /v2/a"));
	ck_assert_msg(http_server_asked(m.home, "GET /v2/a") == cases[_i].home_asked, "%s: %u", cases[_i].name,
		      http_server_asked(m.home, "GET /v2/a"));
	ck_assert_msg(m.told.failed == cases[_i].failed && m.told.lacks == cases[_i].lacks, "%s: %u, %u",
		      cases[_i].name, m.told.failed, m.told.lacks);
	buf_release(&g.bytes);
	mirrored_stop(&m);
}
END_TEST

/* Half of a blob comes from the mirror, the rest from home, by range. */
START_TEST(go_on_at_home)
{
	static const struct http_route halves[MIRRORED_ROUTES] = {
		{ MIRRORED_BLOB, .body = "abcdef", .fault = FAULT_CUT, .times = 1 }, { MIRRORED_BLOB, .status = 403 }
	};
	static const struct http_route whole[MIRRORED_ROUTES] = { { MIRRORED_BLOB, .body = "abcdef", .ranges = true } };
	struct mirrored m;
	struct mirrored_got g;
	struct err err = { 0 };

	mirrored_start(&m, halves, whole, NULL);
	mirrored_got_init(&g);
	ck_assert_int_eq(mirrored_ask(&m, 'b', 6, &g, &err), ERR_OK);
	ck_assert_msg(http_run(m.engine, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(buf_text(&g.bytes), "abcdef");
	ck_assert_ptr_nonnull(strstr(http_server_last(m.home, MIRRORED_BLOB), "\r\nRange: bytes=3-\r\n"));
	buf_release(&g.bytes);
	mirrored_stop(&m);
}
END_TEST

static const struct {
	const char *name, *hosts, *says;
	enum err_code want;
} nobody[] = {
	{ "no tags", "server = 'http://127.0.0.1:1'\ncapabilities = ['pull']",
	  "no place where it may be asked for a tag", ERR_UNSUPPORTED },
	{ "out of reach", "server = 'http://127.0.0.1:1'", "http://127.0.0.1:1/v2/a/b/manifests/1", ERR_NETWORK },
};

START_TEST(no_place)
{
	static const struct http_route none[MIRRORED_ROUTES] = { { .target = "/" } };
	struct mirrored m;
	struct mirrored_got g;
	struct err err = { 0 };

	mirrored_start(&m, none, none, NULL);
	mirrored_got_init(&g);
	folder_put(m.folder, "registry.example/hosts.toml", nobody[_i].hosts, strlen(nobody[_i].hosts));
	m.source->free(m.source);
	m.options = (struct registry_options){ .rules = &m.rules, .outages = &m.outages, .tokens = m.options.tokens };
	m.source = mirrored_again(&m);
	ck_assert_msg(mirrored_hear(&m, 't', &g, &err) == nobody[_i].want, "%s: %s", nobody[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, nobody[_i].says) != NULL, "%s: %s", nobody[_i].name, err.msg);
	mirrored_stop(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mirrors");
	TCase *t = tcase_create("mirrors");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, fall_through, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, go_on_at_home);
	tcase_add_loop_test(t, no_place, 0, (int)COUNT_OF(nobody));
	suite_add_tcase(s, t);
	return test_run(s);
}
