#include "common/access.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/access_asked.h"
#include "tests/lib/test_main.h"

#define ROUTES 5

/* Who asks gets which answer, and how often the others were asked. */
static const struct {
	const char *name;
	bool with_credentials;
	struct http_route routes[ROUTES];
	enum err_code want;
	int status;
	const char *body;
	unsigned blobs, tokens, pings;
} cases[] = {
	{ "open to all", .with_credentials = true, .routes = { { .target = "/blob", .body = "b" } }, .status = 200,
	  .body = "b", .blobs = 1 },
	{ "anonymous token",
	  .routes = { { .target = "/blob", .body = "b", .headers = ACCESS_BEARER, .authorization = "Bearer T" },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T\"}" } },
	  .status = 200, .body = "b", .blobs = 2, .tokens = 1 },
	{ "access_token",
	  .routes = { { .target = "/blob", .body = "b", .headers = ACCESS_BEARER, .authorization = "Bearer T" },
		      { .target = ACCESS_TOKEN, .body = "{\"access_token\":\"T\",\"expires_in\":60}" } },
	  .status = 200, .body = "b", .blobs = 2, .tokens = 1 },
	{ "token for credentials", .with_credentials = true,
	  .routes = { { .target = "/blob", .body = "b", .headers = ACCESS_BEARER, .authorization = "Bearer T" },
		      { .target = ACCESS_TOKEN_FOR_USER, .body = "{\"token\":\"T\"}", .authorization = ACCESS_BASIC } },
	  .status = 200, .body = "b", .blobs = 2, .tokens = 1 },
	{ "no scope named",
	  .routes = { { .target = "/blob",
			.headers = "WWW-Authenticate: Bearer realm=\"http://@@/token?x=y\"\r\n",
			.authorization = "Bearer T" },
		      { .target = "/token?x=y&service=" ACCESS_SCOPE, .body = "{\"token\":\"T\"}" } },
	  .status = 200, .body = "", .blobs = 2, .tokens = 1 },
	{ "Basic", .with_credentials = true,
	  .routes = { { .target = "/blob",
			.body = "b",
			.headers = "WWW-Authenticate: Basic realm=\"x\"\r\n",
			.authorization = ACCESS_BASIC } },
	  .status = 200, .body = "b", .blobs = 2 },
	{ "Basic and Bearer in two headers",
	  .routes = { { .target = "/blob",
			.body = "b",
			.headers = "WWW-Authenticate: Basic realm=\"x\"\r\n" ACCESS_BEARER,
			.authorization = "Bearer T" },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T\"}" } },
	  .status = 200, .body = "b", .blobs = 2, .tokens = 1 },
	{ "a bare 401, and the ping says what is wanted",
	  .routes = { { .target = "/blob", .body = "b", .authorization = "Bearer T" },
		      { .target = "/v2/", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T\"}" } },
	  .status = 200, .body = "b", .blobs = 2, .tokens = 1, .pings = 1 },
	{ "Basic without credentials",
	  .routes = { { .target = "/blob",
			.headers = "WWW-Authenticate: Basic realm=\"x\"\r\n",
			.authorization = ACCESS_BASIC } },
	  .status = 401, .body = "", .blobs = 2 },
	{ "wrong credentials", .with_credentials = true,
	  .routes = { { .target = "/blob",
			.headers = "WWW-Authenticate: Basic realm=\"x\"\r\n",
			.authorization = "Basic x" } },
	  .status = 401, .body = "", .blobs = 2 },
	{ "a password first, and then a token", .with_credentials = true,
	  .routes = { { .target = "/blob",
			.headers = "WWW-Authenticate: Basic realm=\"x\"\r\n",
			.authorization = "never",
			.times = 1 },
		      { .target = "/blob", .body = "b", .headers = ACCESS_BEARER, .authorization = "Bearer T" },
		      { .target = ACCESS_TOKEN_FOR_USER, .body = "{\"token\":\"T\"}", .authorization = ACCESS_BASIC } },
	  .status = 200, .body = "b", .blobs = 3, .tokens = 1 },
	{ "a token that is never enough",
	  .routes = { { .target = "/blob", .headers = ACCESS_BEARER, .authorization = "Bearer other" },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T\"}" } },
	  .status = 401, .body = "", .blobs = 3, .tokens = 2 },
	{ "a token that runs out once",
	  .routes = { { .target = "/blob", .headers = ACCESS_BEARER, .authorization = "Bearer T2", .body = "b" },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T1\"}", .times = 1 },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T2\"}" } },
	  .status = 200, .body = "b", .blobs = 3, .tokens = 2 },
	{ "403 is an answer", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 403, .body = "no" } }, .status = 403, .body = "no", .blobs = 1 },
	{ "404 is an answer", .with_credentials = true, .routes = { { .target = "/x" } }, .status = 404,
	  .body = "404 page not found\n", .blobs = 1 },
	{ "a bare 401, and the ping does not say", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401 }, { .target = "/v2/", .status = 401 } }, .want = ERR_DENIED,
	  .body = "", .blobs = 1, .pings = 1 },
	{ "the ping is never answered", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401 }, { .target = "/v2/", .fault = FAULT_CLOSED } },
	  .want = ERR_NETWORK, .body = "", .blobs = 1, .pings = RETRY_TRIES },
	{ "a ping and a token service that are ill at first",
	  .routes = { { .target = "/blob", .body = "b", .authorization = "Bearer T" },
		      { .target = "/v2/", .fault = FAULT_CUT, .status = 401, .body = "no", .times = 2 },
		      { .target = "/v2/", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN, .fault = FAULT_CUT, .body = "{\"token\":\"U\"}", .times = 3 },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T\"}" } },
	  .status = 200, .body = "b", .blobs = 2, .tokens = 4, .pings = 3 },
	{ "a registry that is ill at first",
	  .routes = { { .target = "/blob", .status = 500, .body = "ill", .times = 2 },
		      { .target = "/blob", .body = "b", .headers = ACCESS_BEARER, .authorization = "Bearer T" },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T\"}" } },
	  .status = 200, .body = "b", .blobs = 4, .tokens = 1 },
	{ "one that is ill for ever", .routes = { { .target = "/blob", .status = 500, .body = "ill" } }, .status = 500,
	  .body = "ill", .blobs = RETRY_TRIES },
	{ "ill before and after each token: its tries are counted together",
	  .routes = { { .target = "/blob", .status = 500, .times = 3 },
		      { .target = "/blob", .headers = ACCESS_BEARER, .authorization = "never", .times = 1 },
		      { .target = "/blob", .status = 500, .body = "ill" },
		      { .target = ACCESS_TOKEN, .body = "{\"token\":\"T\"}" } },
	  .status = 500, .body = "ill", .blobs = RETRY_TRIES + 1, .tokens = 1 },
	{ "credentials that the token service refuses", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN_FOR_USER, .status = 401 } },
	  .want = ERR_DENIED, .body = "", .blobs = 1, .tokens = 1 },
	{ "anonymous access that it refuses",
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN, .status = 403 } },
	  .want = ERR_DENIED, .body = "", .blobs = 1, .tokens = 1 },
	{ "a token service that is ill", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN_FOR_USER, .status = 503 } },
	  .want = ERR_NETWORK, .body = "", .blobs = 1, .tokens = RETRY_TRIES },
	{ "a token service that has had enough", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN_FOR_USER, .status = 429 } },
	  .want = ERR_NETWORK, .body = "", .blobs = 1, .tokens = RETRY_TRIES },
	{ "no token service there", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER } }, .want = ERR_REFUSED, .body = "",
	  .blobs = 1, .tokens = 1 },
	{ "a token service that hangs up", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN_FOR_USER, .fault = FAULT_CLOSED } },
	  .want = ERR_NETWORK, .body = "", .blobs = 1, .tokens = RETRY_TRIES },
	{ "an empty answer", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN_FOR_USER } },
	  .want = ERR_FORMAT, .body = "", .blobs = 1, .tokens = 1 },
	{ "an answer without a token", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN_FOR_USER, .body = "{\"token\":7}" } },
	  .want = ERR_FORMAT, .body = "", .blobs = 1, .tokens = 1 },
	{ "a token that would add a header", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN_FOR_USER, .body = "{\"token\":\"T\\r\\nX-Evil: 1\"}" } },
	  .want = ERR_FORMAT, .body = "", .blobs = 1, .tokens = 1 },
	{ "an empty token", .with_credentials = true,
	  .routes = { { .target = "/blob", .status = 401, .headers = ACCESS_BEARER },
		      { .target = ACCESS_TOKEN_FOR_USER, .body = "{\"token\":\"\"}" } },
	  .want = ERR_FORMAT, .body = "", .blobs = 1, .tokens = 1 },
};

START_TEST(flow)
{
	struct access_outcome o = { 0 };
	struct err err = { 0 };
	enum err_code got;

	access_asked_start(cases[_i].routes, ROUTES, cases[_i].with_credentials);
	access_ask("/blob", &o);
	got = http_run(access_asked_engine, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	ck_assert_int_eq(o.dones, 1);
	ck_assert_msg(o.status == cases[_i].status, "%s: status %d", cases[_i].name, o.status);
	ck_assert_msg(strcmp(o.body, cases[_i].body) == 0, "%s: %s", cases[_i].name, o.body);
	ck_assert_uint_eq(http_server_asked(access_asked_server, "GET /blob "), cases[_i].blobs);
	ck_assert_uint_eq(http_server_asked(access_asked_server, "GET /token?"), cases[_i].tokens);
	ck_assert_uint_eq(http_server_asked(access_asked_server, "GET /v2/ "), cases[_i].pings);
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, http_server_host(access_asked_server)));
	ck_assert_msg(strstr(err.msg, "secret") == NULL && strstr(err.msg, "c2Vjc") == NULL, "%s", err.msg);
	access_asked_stop();
	ck_assert_int_eq(o.released, 1);
}
END_TEST

/* What may be asked twice, and what may not. */
static const struct {
	struct access_question question;
	unsigned asked;
} repeats[] = {
	{ { NULL, true, true }, RETRY_TRIES },
	{ { "GET", true, true }, RETRY_TRIES },
	{ { "HEAD", false, false }, RETRY_TRIES },
	{ { "GET", false, false }, RETRY_TRIES },
	{ { "GET", true, false }, 1 },
	{ { "POST", false, true }, RETRY_TRIES },
	{ { "POST", false, false }, 1 },
	{ { "DELETE", true, false }, 1 },
};

START_TEST(repeatable)
{
	static const struct http_route routes[] = { { .target = "/blob", .status = 500 } };
	struct access_outcome o = { 0 };

	access_asked_start(routes, COUNT_OF(routes), false);
	access_ask_by(&repeats[_i].question, "/blob", &o);
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_OK);
	ck_assert_int_eq(o.status, 500);
	ck_assert_uint_eq(http_server_asked(access_asked_server, ""), repeats[_i].asked);
	access_asked_stop();
}
END_TEST

/* Credentials go to the token service only; what the registry sees is the token. */
START_TEST(who_sees_what)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .headers = ACCESS_BEARER, .authorization = "Bearer T" },
		{ .target = ACCESS_TOKEN_FOR_USER, .body = "{\"token\":\"T\"}", .authorization = ACCESS_BASIC },
		{ .target = "/moved", .status = 307, .headers = "Location: http://@2/elsewhere\r\n" },
		{ .target = "/elsewhere", .body = "there" },
	};
	struct access_outcome first = { 0 }, second = { 0 };

	access_asked_start(routes, COUNT_OF(routes), true);
	access_ask("/blob", &first);
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_OK);
	ck_assert_ptr_nonnull(
		strstr(http_server_last(access_asked_server, "/blob"), "\r\nAuthorization: Bearer T\r\n"));
	access_ask("/moved", &second);
	ck_assert_int_eq(http_run(access_asked_engine, NULL), ERR_OK);
	ck_assert_str_eq(second.body, "there");
	ck_assert_ptr_nonnull(
		strstr(http_server_last(access_asked_server, "/moved"), "\r\nAuthorization: Bearer T\r\n"));
	ck_assert_ptr_null(strstr(http_server_last(access_asked_server, "/elsewhere"), "\r\nAuthorization:"));
	access_asked_stop();
}
END_TEST

START_TEST(large_answer)
{
	static const struct http_route blob = { .target = "/blob", .status = 401, .headers = ACCESS_BEARER };
	CLEANUP(free_ptr) char *body = malloc(LIMIT_SECRET_BYTES + 1);
	struct http_route routes[2] = { blob,
					{ .target = ACCESS_TOKEN, .body = body, .body_len = LIMIT_SECRET_BYTES + 1 } };
	struct access_outcome o = { 0 };
	struct err err = { 0 };

	ck_assert_ptr_nonnull(body);
	memset(body, ' ', LIMIT_SECRET_BYTES + 1);
	access_asked_start(routes, COUNT_OF(routes), false);
	access_ask("/blob", &o);
	ck_assert_int_eq(http_run(access_asked_engine, &err), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, http_server_host(access_asked_server)));
	access_asked_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("access");
	TCase *t = tcase_create("access");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, flow, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, repeatable, 0, (int)COUNT_OF(repeats));
	tcase_add_test(t, who_sees_what);
	tcase_add_test(t, large_answer);
	suite_add_tcase(s, t);
	return test_run(s);
}
