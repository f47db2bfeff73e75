/* Many requests behind one door: who fetches the token, who waits for it, and whose is whose. */
#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/access_asked.h"
#include "tests/lib/test_main.h"

/* Many requests that all find the door closed: one asks for a token, the others wait for it. */
START_TEST(one_token_for_all)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .body = "b", .headers = ACCESS_BEARER, .authorization = "Bearer T" },
		{ .target = ACCESS_TOKEN, .body = "{\"token\":\"T\"}" },
	};
	static struct access_outcome o[50];
	size_t i;

	access_asked_start(routes, COUNT_OF(routes), false);
	for (i = 0; i < COUNT_OF(o); i++)
		access_ask("/blob", &o[i]);
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(o); i++)
		ck_assert_str_eq(o[i].body, "b");
	ck_assert_uint_eq(http_server_asked(access_asked_server, "GET /token"), 1);
	access_asked_stop();
	for (i = 0; i < COUNT_OF(o); i++)
		ck_assert(o[i].dones == 1 && o[i].released == 1);
}
END_TEST

#define MOUNT_OF(repository)                                                                                           \
	"WWW-Authenticate: Bearer realm=\"http://@@/token\",service=\"s p\",scope=\"repository:" repository            \
	":pull\"\r\n"

/* A mount that needs another repository takes nobody the token away that needed the one before. */
START_TEST(scopes_add_up)
{
	static const struct http_route routes[] = {
		{ .target = "/one", .body = "1", .headers = MOUNT_OF("one"), .authorization = "Bearer T1" },
		{ .target = "/two", .body = "2", .headers = MOUNT_OF("two"), .authorization = "Bearer T2" },
		{ .target = "/token?service=s%20p&scope=repository%3Aone%3Apull" ACCESS_SCOPE,
		  .body = "{\"token\":\"T1\"}" },
		{ .target = "/token?service=s%20p&scope=repository%3Atwo%3Apull&scope=repository%3Aone%"
			    "3Apull" ACCESS_SCOPE,
		  .body = "{\"token\":\"T2\"}" },
	};
	struct access_outcome one = { 0 }, two = { 0 };

	access_asked_start(routes, COUNT_OF(routes), false);
	access_ask("/one", &one);
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_OK);
	access_ask("/two", &two);
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_OK);
	ck_assert_str_eq(one.body, "1");
	ck_assert_str_eq(two.body, "2");
	access_asked_stop();
}
END_TEST

/* A failure while others wait for the token: the first who hears of it ends the run, and all are let go. */
START_TEST(fails_for_all)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		{ .target = ACCESS_TOKEN, .status = 500 },
	};
	static struct access_outcome o[50];
	size_t i;
	int dones = 0;

	access_asked_start(routes, COUNT_OF(routes), false);
	for (i = 0; i < COUNT_OF(o); i++)
		access_ask("/blob", &o[i]);
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_NETWORK);
	access_asked_stop();
	for (i = 0; i < COUNT_OF(o); i++) {
		ck_assert(o[i].dones <= 1 && o[i].released == 1);
		dones += o[i].dones;
	}
	ck_assert_int_eq(dones, 1);
}
END_TEST

/* A request is under way while another gets a newer token: it goes on with its own, and tries again with the new one.
 */
static const struct {
	const char *name;
	bool own_headers; /* then access follows redirects, not curl */
	unsigned cuts;
	const char *shown_last;
} renewals[] = {
	{ "redirected", true, 0, "\r\nAuthorization: Bearer T1\r\n" },
	{ "redirected, and tried again", true, 1, "\r\nAuthorization: Bearer T2\r\n" },
	{ "tried again", false, 1, "\r\nAuthorization: Bearer T2\r\n" },
};

START_TEST(renewed_meanwhile)
{
	/* the access_asked_server answers one after the other: the token comes before the way through all of these ends
	 */
	const struct http_route routes[] = {
		{ .target = "/first", .headers = ACCESS_BEARER, .authorization = "Bearer T1" },
		{ .target = "/blob", .headers = ACCESS_BEARER, .authorization = "Bearer T2" },
		{ .target = ACCESS_TOKEN, .body = "{\"token\":\"T1\"}", .times = 1 },
		{ .target = ACCESS_TOKEN, .body = "{\"token\":\"T2\"}" },
		{ .target = "/1", .status = 307, .headers = "Location: http://@@/2\r\n" },
		{ .target = "/2", .status = 307, .headers = "Location: http://@@/3\r\n" },
		{ .target = "/3", .status = 307, .headers = "Location: http://@@/4\r\n" },
		{ .target = "/4", .status = 307, .headers = "Location: http://@@/end\r\n" },
		{ .target = renewals[_i].cuts > 0 ? "/end" : "/none", .fault = FAULT_CUT, .body = "cut", .times = 1 },
		{ .target = "/end", .body = "end" },
	};
	struct access_outcome first = { 0 }, way = { 0 }, blob = { 0 };

	access_asked_start(routes, COUNT_OF(routes), false);
	if (renewals[_i].own_headers)
		ck_assert_int_eq(buf_puts(&access_asked_endpoint->headers, "X-Key: v\n", NULL), ERR_OK);
	access_ask("/first", &first);
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_OK);
	access_ask("/1", &way);
	access_ask("/blob", &blob); /* the newest goes first */
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_OK);
	ck_assert_int_eq(blob.status, 200);
	ck_assert_msg(strcmp(way.body, "end") == 0, "%s: %s", renewals[_i].name, way.body);
	ck_assert_uint_eq(http_server_asked(access_asked_server, "GET /end "), renewals[_i].cuts + 1);
	ck_assert_msg(strstr(http_server_last(access_asked_server, "/end"), renewals[_i].shown_last) != NULL, "%s: %s",
		      renewals[_i].name, http_server_last(access_asked_server, "/end"));
	access_asked_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("access_many");
	TCase *t = tcase_create("access_many");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, one_token_for_all);
	tcase_add_test(t, scopes_add_up);
	tcase_add_test(t, fails_for_all);
	tcase_add_loop_test(t, renewed_meanwhile, 0, (int)COUNT_OF(renewals));
	suite_add_tcase(s, t);
	return test_run(s);
}
