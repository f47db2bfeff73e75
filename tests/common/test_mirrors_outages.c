/* A mirror or home that is out of reach: who is not asked again, by whom, and what is asked elsewhere at once. */
#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/repository.h"
#include "tests/lib/mirrored.h"
#include "tests/lib/test_main.h"

/* What has failed is not asked again, by other repositories neither. */
START_TEST(given_up)
{
	static const struct http_route closed[MIRRORED_ROUTES] = { { MIRRORED_MANIFEST, .fault = FAULT_CLOSED } };
	static const struct http_route whole[MIRRORED_ROUTES] = { { MIRRORED_MANIFEST, .body = "abc" } };
	struct mirrored m;
	struct mirrored_got g;
	struct source *first;
	struct err err = { 0 };
	unsigned asked;

	mirrored_start(&m, closed, whole, NULL);
	mirrored_got_init(&g);
	ck_assert_int_eq(mirrored_hear(&m, 'm', &g, &err), ERR_OK);
	asked = http_server_asked(m.mirror, "GET ");
	ck_assert_int_eq(mirrored_hear(&m, 'm', &g, &err), ERR_OK);
	first = m.source;
	m.source = mirrored_again(&m);
	ck_assert_int_eq(mirrored_hear(&m, 'm', &g, &err), ERR_OK);
	ck_assert_int_eq(g.calls, 3);
	ck_assert_uint_eq(http_server_asked(m.mirror, "GET "), asked);
	ck_assert_uint_eq(m.told.failed, 1);
	ck_assert_msg(strstr(m.told.why, MIRRORED_MANIFEST) != NULL, "%s", m.told.why);
	first->free(first);
	buf_release(&g.bytes);
	mirrored_stop(&m);
}
END_TEST

/* The same host in the clear: asked where it has never answered over TLS, whatever an answer was. */
static const struct {
	struct http_route first;
	enum err_code want;
	bool asked;
} clear[] = {
	{ { MIRRORED_MANIFEST, .fault = FAULT_CLOSED }, ERR_OK, true },
	{ { MIRRORED_MANIFEST, .status = 401 }, ERR_DENIED, false },
	{ { MIRRORED_MANIFEST, .status = 403 }, ERR_DENIED, false },
	{ { MIRRORED_MANIFEST, .status = 418 }, ERR_REFUSED, false },
	{ { MIRRORED_MANIFEST, .fault = FAULT_BUSY }, ERR_NETWORK, false },
	{ { MIRRORED_MANIFEST, .fault = FAULT_ILL }, ERR_NETWORK, false },
	{ { MIRRORED_MANIFEST, .headers = "Location: http://127.0.0.1:1/\r\n", .status = 307 }, ERR_NETWORK, false },
};

static void home_instead(struct source *source)
{
	repository_of(source)->endpoints.items[1].instead = true;
}

START_TEST(in_the_clear)
{
	const struct http_route first[MIRRORED_ROUTES] = { clear[_i].first };
	static const struct http_route whole[MIRRORED_ROUTES] = { { MIRRORED_MANIFEST, .body = "abc" } };
	struct mirrored m;
	struct mirrored_got g;
	struct source *own;
	struct err err = { 0 };
	enum err_code code;

	mirrored_start(&m, first, whole, NULL);
	mirrored_got_init(&g);
	home_instead(m.source);
	code = mirrored_hear(&m, 'm', &g, &err);
	ck_assert_msg(code == clear[_i].want, "%d: %d, %s", _i, code, err.msg);
	own = m.source;
	m.source = mirrored_again(&m);
	home_instead(m.source);
	ck_assert_int_eq(mirrored_hear(&m, 'm', &g, &err) == ERR_OK, clear[_i].asked);
	ck_assert_int_eq(http_server_asked(m.home, "GET "), clear[_i].asked ? 2 : 0);
	ck_assert_int_eq(repository_home(repository_of(own)) != NULL, clear[_i].asked);
	own->free(own);
	buf_release(&g.bytes);
	mirrored_stop(&m);
}
END_TEST

/* A place dies with many questions before it: those that had not begun go elsewhere, and it is said once. */
static const struct {
	const char *name;
	bool home_dies;
	char what;
} deaths[] = {
	{ "manifests of a mirror", false, 'm' },
	{ "questions of a mirror", false, 'h' },
	{ "referrers at home", true, 'r' },
};

START_TEST(dies_before_many)
{
	static const struct http_route lives[MIRRORED_ROUTES] = { { MIRRORED_MANIFEST, .body = "abc" },
								  { MIRRORED_BLOB, .body = "abc" } };
	static const struct http_route dies[MIRRORED_ROUTES] = { { .target = "*", .fault = FAULT_CLOSED } };
	struct mirrored m;
	struct mirrored_got g;
	struct err err = { 0 };
	struct http_server *dead;
	int i;

	mirrored_start(&m, deaths[_i].home_dies ? lives : dies, deaths[_i].home_dies ? dies : lives, NULL);
	mirrored_got_init(&g);
	dead = deaths[_i].home_dies ? m.home : m.mirror;
	for (i = 0; i < 50; i++)
		ck_assert_int_eq(mirrored_ask(&m, deaths[_i].what, 3, &g, &err), ERR_OK);
	ck_assert_msg(http_run(m.engine, &err) == ERR_OK, "%s: %s", deaths[_i].name, err.msg);
	ck_assert_int_eq(g.calls, 50);
	/* what had begun when the first was given up; not each of them thrice */
	ck_assert_msg(http_server_asked(dead, "") < 50, "%s: %u", deaths[_i].name, http_server_asked(dead, ""));
	ck_assert_uint_eq(m.told.failed, 1);
	buf_release(&g.bytes);
	mirrored_stop(&m);
}
END_TEST

/* What leads to credentials is asked for as often as what they are for: at a mirror a few times, at the last place
 * until all tries are used up. */
static const struct {
	const char *name;
	bool at_home;
	const char *challenge, *asks;
	unsigned times;
	enum err_code want;
} gates[] = {
	{ "a mirror's ping", false, NULL, "GET /v2/ ", RETRY_TRIES_FEW, ERR_OK },
	{ "a mirror's token", false, "WWW-Authenticate: Bearer realm=\"http://@@/token\"\r\n", "GET /token",
	  RETRY_TRIES_FEW, ERR_OK },
	{ "a ping at home", true, NULL, "GET /v2/ ", RETRY_TRIES, ERR_DENIED },
	{ "a token at home", true, "WWW-Authenticate: Bearer realm=\"http://@@/token\"\r\n", "GET /token", RETRY_TRIES,
	  ERR_NETWORK },
};

START_TEST(gate_is_ill)
{
	const struct http_route gate[MIRRORED_ROUTES] = {
		{ MIRRORED_MANIFEST, .status = 401, .headers = gates[_i].challenge },
		{ .target = "*", .fault = FAULT_ILL },
	};
	static const struct http_route has[MIRRORED_ROUTES] = { { MIRRORED_MANIFEST, .body = "abc" } };
	static const struct http_route lacks[MIRRORED_ROUTES] = { { .target = "/" } };
	struct mirrored m;
	struct mirrored_got g;
	struct err err = { 0 };
	enum err_code code;
	unsigned asked;

	mirrored_start(&m, gates[_i].at_home ? lacks : gate, gates[_i].at_home ? gate : has, NULL);
	mirrored_got_init(&g);
	code = mirrored_hear(&m, 'm', &g, &err);
	asked = http_server_asked(gates[_i].at_home ? m.home : m.mirror, gates[_i].asks);
	ck_assert_msg(asked == gates[_i].times, "%s: %u times", gates[_i].name, asked);
	ck_assert_msg(code == gates[_i].want, "%s: %d %s", gates[_i].name, code, err.msg);
	ck_assert_str_eq(buf_text(&g.bytes), gates[_i].at_home ? "" : "abc");
	buf_release(&g.bytes);
	mirrored_stop(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mirrors_outages");
	TCase *t = tcase_create("mirrors_outages");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, given_up);
	tcase_add_loop_test(t, in_the_clear, 0, (int)COUNT_OF(clear));
	tcase_add_loop_test(t, dies_before_many, 0, (int)COUNT_OF(deaths));
	tcase_add_loop_test(t, gate_is_ill, 0, (int)COUNT_OF(gates));
	suite_add_tcase(s, t);
	return test_run(s);
}
