#include "common/tokens.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/access.h"
#include "common/endpoint.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/http_server.h"
#include "tests/lib/test_main.h"

#define BASIC "Basic c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3N3b3Jk"  /* secret-user:secret-password */
#define IDENTITY_BASIC "Basic c2VjcmV0LXVzZXI6c2VjcmV0LWl0" /* secret-user:secret-it */
#define PASSWORD "\"auth\":\"c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3N3b3Jk\""
#define IDENTITY "\"auth\":\"c2VjcmV0LXVzZXI6\",\"identitytoken\":\"secret-it\""
#define BEARER(realm) "WWW-Authenticate: Bearer realm=\"" realm "\",service=\"s\"\r\n"
#define GET_ANONYMOUS "/token?service=s&scope=repository%3Aa%2Fb%3Apull"
#define GET_USER "/token?service=s&account=secret-user&scope=repository%3Aa%2Fb%3Apull"

#define ACCESSES_MAX 4

static struct http_server *server;
static struct http *engine;
static struct wallet *wallet;
static struct tokens *tokens;
static struct endpoints endpoints[ACCESSES_MAX]; /* one for each access, which borrows it */
static size_t accesses_len;
static char *docker_config;

/* Entry is what config.json has for the server; NULL for nothing. */
static void start(const struct http_route *routes, size_t len, const char *entry)
{
	struct http_options options = { .max_active = 4, .stall_seconds = HTTP_PATIENCE, .retry_ms = 1 };
	CLEANUP(free_ptr) char *config = NULL;

	server = http_server_start(routes, len);
	docker_config = folder_new();
	ck_assert_int_eq(str_format(&config, NULL, "{\"auths\":{\"%s\":{%s}}}", http_server_host(server),
				    entry != NULL ? entry : ""),
			 ERR_OK);
	folder_put(docker_config, "config.json", config, strlen(config));
	ck_assert_int_eq(setenv("DOCKER_CONFIG", docker_config, 1), 0);
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
	ck_assert_int_eq(wallet_new(NULL, &wallet, NULL), ERR_OK);
	ck_assert_int_eq(tokens_new(engine, wallet, &tokens, NULL), ERR_OK);
}

static void stop(void)
{
	size_t i;

	for (i = 0; i < accesses_len; i++)
		endpoints_release(&endpoints[i]);
	tokens_free(tokens);
	wallet_free(wallet);
	http_server_stop(server);
	folder_remove(docker_config);
}

static struct access *open_access(const char *repository)
{
	CLEANUP(free_ptr) char *base = NULL;
	struct endpoint *endpoint = NULL;
	struct access *a = NULL;

	ck_assert_uint_lt(accesses_len, ACCESSES_MAX);
	ck_assert_int_eq(str_format(&base, NULL, "http://%s", http_server_host(server)), ERR_OK);
	ck_assert_int_eq(endpoints_add(&endpoints[accesses_len++], &endpoint, NULL), ERR_OK);
	ck_assert_int_eq(endpoint_set_url(endpoint, base, false, NULL), ERR_OK);
	ck_assert_int_eq(str_copy(repository, &endpoint->path, NULL), ERR_OK);
	ck_assert_int_eq(access_new(engine, tokens, endpoint, &a, NULL), ERR_OK);
	return a;
}

/* One request, and what became of it. */
struct asked {
	struct request request;
	struct outcome *outcome;
};

struct outcome {
	bool forgives;  /* a failure is not the end of the run */
	bool elsewhere; /* another place can be asked instead */
	int status;
	struct err failure;
};

static enum err_code on_done(struct request *r, struct err *failure, struct err *err)
{
	struct outcome *o = OUTER_OF(r, struct asked, request)->outcome;

	if (failure == NULL) {
		o->status = r->call.status;
		return ERR_OK;
	}
	o->failure = *failure;
	if (o->forgives)
		return ERR_OK;
	*err = *failure;
	return failure->code;
}

static void release(struct request *r)
{
	free(OUTER_OF(r, struct asked, request));
}

static void ask(struct access *a, const char *target, struct outcome *o)
{
	struct asked *q = calloc(1, sizeof(*q));

	ck_assert_ptr_nonnull(q);
	q->outcome = o;
	q->request = (struct request){ .elsewhere = o->elsewhere, .on_done = on_done, .release = release };
	ck_assert_int_eq(str_format(&q->request.url, NULL, "http://%s%s", http_server_host(server), target), ERR_OK);
	ck_assert_int_eq(access_start(a, &q->request, NULL), ERR_OK);
}

/* Two accesses to the same repository have one token; another repository has its own. */
START_TEST(shared)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .body = "b", .headers = BEARER("http://@@/token"), .authorization = "Bearer T" },
		{ .target = GET_ANONYMOUS, .body = "{\"token\":\"T\"}" },
		{ .target = "/token?service=s&scope=repository%3Ac%3Apull", .body = "{\"token\":\"T\"}" },
	};
	struct access *accesses[4];
	struct outcome o[4] = { { 0 } };
	size_t i;

	start(routes, COUNT_OF(routes), NULL);
	for (i = 0; i < COUNT_OF(accesses); i++) {
		accesses[i] = open_access(i < 3 ? "a/b" : "c");
		if (i != 2)
			ask(accesses[i], "/blob", &o[i]);
	}
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_uint_eq(http_server_asked(server, "GET /token"), 2);
	ask(accesses[2], "/blob", &o[2]); /* which comes later, when the token is there */
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_uint_eq(http_server_asked(server, "GET /token"), 2);
	http_free(engine);
	for (i = 0; i < COUNT_OF(accesses); i++) {
		ck_assert_int_eq(o[i].status, 200);
		access_free(accesses[i]);
	}
	stop();
}
END_TEST

static const struct {
	const char *answer, *headers;
	unsigned tokens; /* for three requests in a row */
} lifetimes[] = {
	{ "{\"token\":\"T\"}", NULL, 1 },
	{ "{\"token\":\"T\",\"expires_in\":300}", NULL, 1 },
	{ "{\"token\":\"T\",\"expires_in\":0}", NULL, 3 },
	{ "{\"token\":\"T\",\"expires_in\":60,\"issued_at\":\"2026-11-25T17:00:00Z\"}",
	  "Date: Wed, 25 Nov 2026 18:00:00 GMT\r\n", 3 },
	{ "{\"token\":\"T\",\"expires_in\":3661,\"issued_at\":\"2026-11-25T17:00:00Z\"}",
	  "Date: Wed, 25 Nov 2026 18:00:00 GMT\r\n", 1 },
};

/* What is about to run out is renewed before the next request, which never sees a 401. */
START_TEST(renewed)
{
	struct http_route routes[] = {
		{ .target = "/blob", .body = "b", .headers = BEARER("http://@@/token"), .authorization = "Bearer T" },
		{ .target = GET_ANONYMOUS, .body = lifetimes[_i].answer, .headers = lifetimes[_i].headers },
	};
	struct access *a;
	size_t i;

	start(routes, COUNT_OF(routes), NULL);
	a = open_access("a/b");
	for (i = 0; i < 3; i++) {
		struct outcome o = { 0 };

		ask(a, "/blob", &o);
		ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
		ck_assert_int_eq(o.status, 200);
	}
	ck_assert_uint_eq(http_server_asked(server, "GET /token"), lifetimes[_i].tokens);
	ck_assert_uint_eq(http_server_asked(server, "GET /blob"), 4);
	http_free(engine);
	access_free(a);
	stop();
}
END_TEST

#define ROUTES 3

/* How services are asked that know one way or the other. */
static const struct {
	const char *name, *entry;
	struct http_route routes[ROUTES];
	int status;
	unsigned gets, posts;
	enum err_code failure;
	const char *sent; /* in the last POST */
} ways[] = {
	{ "anonymous", .routes = { { .target = GET_ANONYMOUS, .body = "{\"token\":\"T\"}" } }, .status = 200,
	  .gets = 1 },
	{ "a password", .entry = PASSWORD,
	  .routes = { { .target = GET_USER, .body = "{\"token\":\"T\"}", .authorization = BASIC } }, .status = 200,
	  .gets = 1 },
	{ "no GET: 404", .entry = PASSWORD, .routes = { { .target = "/token", .body = "{\"access_token\":\"T\"}" } },
	  .status = 200, .gets = 1, .posts = 1,
	  .sent = "grant_type=password&service=s&client_id=bundle&scope=repository%3Aa%2Fb%3Apull&username=secret-user"
		  "&password=secret-password" },
	{ "no GET: 405", .entry = PASSWORD,
	  .routes = { { .target = GET_USER, .status = 405 },
		      { .target = "/token", .body = "{\"access_token\":\"T\"}" } },
	  .status = 200, .gets = 1, .posts = 1, .sent = "grant_type=password" },
	{ "a wrong password is shown once", .entry = PASSWORD,
	  .routes = { { .target = GET_USER, .status = 401 },
		      { .target = "/token", .body = "{\"access_token\":\"T\"}" } },
	  .gets = 1, .failure = ERR_DENIED },
	{ "an identity token", .entry = IDENTITY,
	  .routes = { { .target = "/token", .body = "{\"access_token\":\"T\"}" } }, .status = 200, .posts = 1,
	  .sent = "grant_type=refresh_token&service=s&client_id=bundle&scope=repository%3Aa%2Fb%3Apull"
		  "&refresh_token=secret-it" },
	{ "no POST: 404", .entry = IDENTITY,
	  .routes = { { .target = GET_USER, .body = "{\"token\":\"T\"}", .authorization = IDENTITY_BASIC } },
	  .status = 200, .gets = 1, .posts = 1 },
	{ "no POST: 401", .entry = IDENTITY,
	  .routes = { { .target = "/token", .status = 401 },
		      { .target = GET_USER, .body = "{\"token\":\"T\"}", .authorization = IDENTITY_BASIC } },
	  .status = 200, .gets = 1, .posts = 1 },
	{ "no POST: 400", .entry = IDENTITY,
	  .routes = { { .target = "/token", .status = 400, .body = "{\"error\":\"secret-it\"}" },
		      { .target = GET_USER, .body = "{\"token\":\"T\"}", .authorization = IDENTITY_BASIC } },
	  .status = 200, .gets = 1, .posts = 1 },
	{ "neither", .entry = IDENTITY, .routes = { { .target = "/token", .status = 405 } }, .gets = 1, .posts = 1,
	  .failure = ERR_REFUSED },
	{ "refused in both ways", .entry = IDENTITY,
	  .routes = { { .target = "/token", .status = 401 }, { .target = GET_USER, .status = 401 } }, .gets = 1,
	  .posts = 1, .failure = ERR_DENIED },
	{ "a POST that is refused for good", .entry = IDENTITY, .routes = { { .target = "/token", .status = 403 } },
	  .posts = 1, .failure = ERR_DENIED },
	{ "a form goes nowhere else", .entry = IDENTITY,
	  .routes = { { .target = "/token", .status = 307, .headers = "Location: http://@2/elsewhere\r\n" },
		      { .target = "/elsewhere", .body = "{\"token\":\"T\"}" } },
	  .posts = 1, .failure = ERR_REFUSED },
	{ "a form that is refused shows nothing", .entry = IDENTITY,
	  .routes = { { .target = "/token", .body = "secret-it" } }, .posts = 1, .failure = ERR_FORMAT },
};

START_TEST(way)
{
	struct http_route routes[ROUTES + 1];
	struct outcome o = { .forgives = true };
	struct access *a;
	struct err err = { 0 };

	memcpy(routes, ways[_i].routes, sizeof(ways[_i].routes));
	routes[ROUTES] = (struct http_route){
		.target = "/blob", .body = "b", .headers = BEARER("http://@@/token"), .authorization = "Bearer T"
	};
	start(routes, COUNT_OF(routes), ways[_i].entry);
	a = open_access("a/b");
	ask(a, "/blob", &o);
	ck_assert_msg(http_run(engine, &err) == ERR_OK, "%s: %s", ways[_i].name, err.msg);
	ck_assert_msg(o.status == ways[_i].status && o.failure.code == ways[_i].failure, "%s: %d, %s", ways[_i].name,
		      o.status, o.failure.msg);
	ck_assert_msg(strstr(o.failure.msg, "secret") == NULL, "%s: %s", ways[_i].name, o.failure.msg);
	ck_assert_uint_eq(http_server_asked(server, "GET /token"), ways[_i].gets);
	ck_assert_uint_eq(http_server_asked(server, "POST /token"), ways[_i].posts);
	ck_assert_uint_eq(http_server_asked(server, "GET /elsewhere") + http_server_asked(server, "POST /elsewhere"),
			  0);
	if (ways[_i].sent != NULL)
		ck_assert_ptr_nonnull(strstr(http_server_last(server, "/token"), ways[_i].sent));
	ck_assert_ptr_null(strstr(http_server_last(server, "/blob"), "secret"));
	http_free(engine);
	access_free(a);
	stop();
}
END_TEST

/* A password does not follow a token service that moves to another host. */
START_TEST(moved)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .body = "b", .headers = BEARER("http://@@/token"), .authorization = "Bearer T" },
		{ .target = GET_USER, .status = 307, .headers = "Location: http://@2/elsewhere\r\n" },
		{ .target = "/elsewhere", .body = "{\"token\":\"T\"}" },
	};
	struct outcome o = { 0 };
	struct access *a;

	start(routes, COUNT_OF(routes), PASSWORD);
	a = open_access("a/b");
	ask(a, "/blob", &o);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_ptr_nonnull(strstr(http_server_last(server, GET_USER), BASIC));
	ck_assert_ptr_null(strstr(http_server_last(server, "/elsewhere"), "Authorization"));
	http_free(engine);
	access_free(a);
	stop();
}
END_TEST

static const struct {
	const char *headers;
	enum err_code want;
	const char *says;
} hostile[] = {
	{ BEARER("http://10.0.0.1/token"), ERR_DENIED, "private address" },
	{ BEARER("http://169.254.169.254/token"), ERR_DENIED, "private address" },
	{ BEARER("http://[fe80::1]/token"), ERR_DENIED, "private address" },
	{ BEARER("file:///etc/passwd"), ERR_DENIED, "no http" },
	{ BEARER("http://a:b@0127.0.0.1/token"), ERR_DENIED, "no http" },
	{ BEARER("token"), ERR_DENIED, "no http" },
};

/* Nobody is asked, and whoever waits hears why; the next request is not lost with it. */
START_TEST(hostile_realm)
{
	struct http_route routes[] = {
		{ .target = "/blob", .status = 401, .headers = hostile[_i].headers },
		{ .target = "/open", .body = "b" },
	};
	struct outcome o[3] = { { .forgives = true }, { .forgives = true }, { 0 } };
	struct access *a;

	start(routes, COUNT_OF(routes), PASSWORD);
	a = open_access("a/b");
	ask(a, "/blob", &o[0]);
	ask(a, "/blob", &o[1]);
	ask(a, "/open", &o[2]);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_int_eq(o[0].failure.code, hostile[_i].want);
	ck_assert_int_eq(o[1].failure.code, hostile[_i].want);
	ck_assert_msg(strstr(o[0].failure.msg, hostile[_i].says) != NULL, "%s", o[0].failure.msg);
	ck_assert_int_eq(o[2].status, 200);
	ck_assert_uint_eq(http_server_asked(server, ""), 3);
	http_free(engine);
	access_free(a);
	stop();
}
END_TEST

/* A token service that is gone: the message has its place, and not who asked. */
START_TEST(unreachable)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .status = 401, .headers = BEARER("http://127.0.0.1:1/token") },
	};
	struct outcome o = { .forgives = true };
	struct access *a;

	start(routes, COUNT_OF(routes), PASSWORD);
	a = open_access("a/b");
	ask(a, "/blob", &o);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_int_eq(o.failure.code, ERR_NETWORK);
	ck_assert_ptr_nonnull(strstr(o.failure.msg, "http://127.0.0.1:1/token"));
	ck_assert_ptr_null(strstr(o.failure.msg, "secret"));
	http_free(engine);
	access_free(a);
	stop();
}
END_TEST

/* Of those who wait for one token, some can ask another place. */
static const struct {
	const char *name;
	bool elsewhere[2];
	const char *repositories[2]; /* two accesses to one repository have one token, but wait for it each */
	unsigned times;
} waits[] = {
	{ "nobody", { false, false }, { "a/b", NULL }, RETRY_TRIES },
	{ "the first", { true, false }, { "a/b", NULL }, RETRY_TRIES },
	{ "the second", { false, true }, { "a/b", NULL }, RETRY_TRIES },
	{ "both", { true, true }, { "a/b", NULL }, RETRY_TRIES_FEW },
	{ "the first access", { true, false }, { "a/b", "a/b" }, RETRY_TRIES },
	{ "the second access", { false, true }, { "a/b", "a/b" }, RETRY_TRIES },
	{ "both accesses", { true, true }, { "a/b", "a/b" }, RETRY_TRIES_FEW },
};

START_TEST(tried_as_who_waits)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .status = 401, .headers = BEARER("http://@@/token") },
		{ .target = "*", .fault = FAULT_ILL },
	};
	struct access *accesses[2] = { 0 };
	struct outcome o[2] = { { .forgives = true }, { .forgives = true } };
	unsigned asked;
	size_t i;

	start(routes, COUNT_OF(routes), NULL);
	for (i = 0; i < 2; i++) {
		if (waits[_i].repositories[i] != NULL)
			accesses[i] = open_access(waits[_i].repositories[i]);
		o[i].elsewhere = waits[_i].elsewhere[i];
		ask(accesses[i] != NULL ? accesses[i] : accesses[0], "/blob", &o[i]);
	}
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	asked = http_server_asked(server, "GET /token");
	ck_assert_msg(asked == waits[_i].times, "%s: %u times", waits[_i].name, asked);
	http_free(engine);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(o[i].failure.code, ERR_NETWORK);
		access_free(accesses[i]);
	}
	stop();
}
END_TEST

/* The longest answer, and one byte more. */
START_TEST(length)
{
	CLEANUP(free_ptr) char *body = malloc(LIMIT_SECRET_BYTES + 1);
	size_t len = LIMIT_SECRET_BYTES + (size_t)_i;
	struct http_route routes[] = {
		{ .target = "/blob", .body = "b", .headers = BEARER("http://@@/token"), .authorization = "Bearer T" },
		{ .target = GET_ANONYMOUS, .body = body, .body_len = len },
	};
	struct outcome o = { .forgives = true };
	struct access *a;

	ck_assert_ptr_nonnull(body);
	memset(body, ' ', len);
	memcpy(body, "{\"token\":\"T\"}", strlen("{\"token\":\"T\"}"));
	start(routes, COUNT_OF(routes), NULL);
	a = open_access("a/b");
	ask(a, "/blob", &o);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_int_eq(o.failure.code, _i == 0 ? ERR_OK : ERR_LIMIT);
	ck_assert_int_eq(o.status, _i == 0 ? 200 : 0);
	http_free(engine);
	access_free(a);
	stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tokens");
	TCase *t = tcase_create("tokens");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, shared);
	tcase_add_loop_test(t, renewed, 0, (int)COUNT_OF(lifetimes));
	tcase_add_loop_test(t, way, 0, (int)COUNT_OF(ways));
	tcase_add_test(t, moved);
	tcase_add_loop_test(t, hostile_realm, 0, (int)COUNT_OF(hostile));
	tcase_add_test(t, unreachable);
	tcase_add_loop_test(t, tried_as_who_waits, 0, (int)COUNT_OF(waits));
	tcase_add_loop_test(t, length, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
