#include "common/access.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/http_server.h"
#include "tests/lib/test_main.h"

#define BASIC "Basic c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3N3b3Jk" /* secret-user:secret-password */
#define BEARER "WWW-Authenticate: Bearer realm=\"http://@@/token\",service=\"s p\",scope=\"repository:a/b:pull\"\r\n"
#define SCOPE "&scope=repository%3Aa%2Fb%3Apull"
#define TOKEN "/token?service=s%20p" SCOPE
#define TOKEN_FOR_USER "/token?service=s%20p&account=secret-user" SCOPE

static struct http_server *server;
static struct http *engine;
static struct wallet *wallet;
static struct tokens *tokens;
static struct access *access_;
static struct endpoints endpoints;
static struct endpoint *endpoint;
static char *docker_config;

/* With credentials for this server, or without. */
static void start(const struct http_route *routes, size_t len, bool with_credentials)
{
	struct http_options options = { .max_active = 4, .stall_seconds = 2, .retry_ms = 1 };
	CLEANUP(free_ptr) char *base = NULL;
	CLEANUP(free_ptr) char *config = NULL;

	server = http_server_start(routes, len);
	docker_config = folder_new();
	ck_assert_int_eq(str_format(&config, NULL, "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}",
				    with_credentials ? http_server_host(server) : "elsewhere", &BASIC[6]),
			 ERR_OK);
	folder_put(docker_config, "config.json", config, strlen(config));
	ck_assert_int_eq(setenv("DOCKER_CONFIG", docker_config, 1), 0);
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
	ck_assert_int_eq(str_format(&base, NULL, "http://%s", http_server_host(server)), ERR_OK);
	ck_assert_int_eq(endpoints_add(&endpoints, &endpoint, NULL), ERR_OK);
	ck_assert_int_eq(endpoint_set_url(endpoint, base, false, NULL), ERR_OK);
	ck_assert_int_eq(str_copy("a/b", &endpoint->path, NULL), ERR_OK);
	ck_assert_int_eq(wallet_new(NULL, &wallet, NULL), ERR_OK);
	ck_assert_int_eq(tokens_new(engine, wallet, &tokens, NULL), ERR_OK);
	ck_assert_int_eq(access_new(engine, tokens, endpoint, &access_, NULL), ERR_OK);
	ck_assert_str_eq(access_host(access_), http_server_host(server));
}

static void stop(void)
{
	http_free(engine);
	access_free(access_);
	endpoints_release(&endpoints);
	tokens_free(tokens);
	wallet_free(wallet);
	http_server_stop(server);
	folder_remove(docker_config);
}

/* What became of one request. */
struct outcome {
	int status, dones, released;
	char body[100];
};

struct asked {
	struct request request;
	struct outcome *outcome;
};

static enum err_code on_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct outcome *o = OUTER_OF(r, struct asked, request)->outcome;
	size_t room = sizeof(o->body) - 1 - strlen(o->body);

	(void)err;
	strncat(o->body, bytes, len < room ? len : room);
	return ERR_OK;
}

static enum err_code on_again(struct request *r, struct err *err)
{
	(void)err;
	OUTER_OF(r, struct asked, request)->outcome->body[0] = '\0';
	return ERR_OK;
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err)
{
	struct outcome *o = OUTER_OF(r, struct asked, request)->outcome;

	o->dones++;
	o->status = failure == NULL ? r->call.status : 0;
	if (failure != NULL && err != NULL)
		*err = *failure;
	return failure != NULL ? failure->code : ERR_OK;
}

static void release(struct request *r)
{
	struct asked *a = OUTER_OF(r, struct asked, request);

	a->outcome->released++;
	free(a);
}

static void ask(const char *target, struct outcome *outcome)
{
	struct asked *a = calloc(1, sizeof(*a));

	ck_assert_ptr_nonnull(a);
	a->outcome = outcome;
	a->request = (struct request){
		.on_body = on_body,
		.on_again = on_again,
		.on_done = on_done,
		.release = release,
	};
	ck_assert_int_eq(str_format(&a->request.url, NULL, "http://%s%s", http_server_host(server), target), ERR_OK);
	ck_assert_int_eq(access_start(access_, &a->request, NULL), ERR_OK);
}

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
	{ "open to all", true, { { .target = "/blob", .body = "b" } }, ERR_OK, 200, "b", 1, 0, 0 },
	{ "anonymous token",
	  false,
	  { { .target = "/blob", .body = "b", .headers = BEARER, .authorization = "Bearer T" },
	    { .target = TOKEN, .body = "{\"token\":\"T\"}" } },
	  ERR_OK,
	  200,
	  "b",
	  2,
	  1,
	  0 },
	{ "access_token",
	  false,
	  { { .target = "/blob", .body = "b", .headers = BEARER, .authorization = "Bearer T" },
	    { .target = TOKEN, .body = "{\"access_token\":\"T\",\"expires_in\":60}" } },
	  ERR_OK,
	  200,
	  "b",
	  2,
	  1,
	  0 },
	{ "token for credentials",
	  true,
	  { { .target = "/blob", .body = "b", .headers = BEARER, .authorization = "Bearer T" },
	    { .target = TOKEN_FOR_USER, .body = "{\"token\":\"T\"}", .authorization = BASIC } },
	  ERR_OK,
	  200,
	  "b",
	  2,
	  1,
	  0 },
	{ "no scope named",
	  false,
	  { { .target = "/blob",
	      .headers = "WWW-Authenticate: Bearer realm=\"http://@@/token?x=y\"\r\n",
	      .authorization = "Bearer T" },
	    { .target = "/token?x=y&service=" SCOPE, .body = "{\"token\":\"T\"}" } },
	  ERR_OK,
	  200,
	  "",
	  2,
	  1,
	  0 },
	{ "Basic",
	  true,
	  { { .target = "/blob",
	      .body = "b",
	      .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n",
	      .authorization = BASIC } },
	  ERR_OK,
	  200,
	  "b",
	  2,
	  0,
	  0 },
	{ "Basic and Bearer in two headers",
	  false,
	  { { .target = "/blob",
	      .body = "b",
	      .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n" BEARER,
	      .authorization = "Bearer T" },
	    { .target = TOKEN, .body = "{\"token\":\"T\"}" } },
	  ERR_OK,
	  200,
	  "b",
	  2,
	  1,
	  0 },
	{ "a bare 401, and the ping says what is wanted",
	  false,
	  { { .target = "/blob", .body = "b", .authorization = "Bearer T" },
	    { .target = "/v2/", .status = 401, .headers = BEARER },
	    { .target = TOKEN, .body = "{\"token\":\"T\"}" } },
	  ERR_OK,
	  200,
	  "b",
	  2,
	  1,
	  1 },
	{ "Basic without credentials",
	  false,
	  { { .target = "/blob", .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n", .authorization = BASIC } },
	  ERR_OK,
	  401,
	  "",
	  2,

	  0,
	  0 },
	{ "wrong credentials",
	  true,
	  { { .target = "/blob", .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n", .authorization = "Basic x" } },
	  ERR_OK,
	  401,
	  "",
	  2,

	  0,
	  0 },
	{ "a password first, and then a token",
	  true,
	  { { .target = "/blob",
	      .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n",
	      .authorization = "never",
	      .times = 1 },
	    { .target = "/blob", .body = "b", .headers = BEARER, .authorization = "Bearer T" },
	    { .target = TOKEN_FOR_USER, .body = "{\"token\":\"T\"}", .authorization = BASIC } },
	  ERR_OK,
	  200,
	  "b",
	  3,
	  1,
	  0 },
	{ "a token that is never enough",
	  false,
	  { { .target = "/blob", .headers = BEARER, .authorization = "Bearer other" },
	    { .target = TOKEN, .body = "{\"token\":\"T\"}" } },
	  ERR_OK,
	  401,
	  "",
	  3,
	  2,
	  0 },
	{ "a token that runs out once",
	  false,
	  { { .target = "/blob", .headers = BEARER, .authorization = "Bearer T2", .body = "b" },
	    { .target = TOKEN, .body = "{\"token\":\"T1\"}", .times = 1 },
	    { .target = TOKEN, .body = "{\"token\":\"T2\"}" } },
	  ERR_OK,
	  200,
	  "b",
	  3,
	  2,
	  0 },
	{ "403 is an answer",
	  true,
	  { { .target = "/blob", .status = 403, .body = "no" } },
	  ERR_OK,
	  403,
	  "no",
	  1,
	  0,
	  0 },
	{ "404 is an answer", true, { { .target = "/x" } }, ERR_OK, 404, "404 page not found\n", 1, 0, 0 },
	{ "a bare 401, and the ping does not say",
	  true,
	  { { .target = "/blob", .status = 401 }, { .target = "/v2/", .status = 401 } },
	  ERR_DENIED,
	  0,
	  "",
	  1,
	  0,
	  1 },
	{ "the ping is never answered",
	  true,
	  { { .target = "/blob", .status = 401 }, { .target = "/v2/", .fault = FAULT_CLOSED } },
	  ERR_NETWORK,
	  0,
	  "",
	  1,
	  0,
	  RETRY_TRIES },
	{ "a ping and a token service that are ill at first",
	  false,
	  { { .target = "/blob", .body = "b", .authorization = "Bearer T" },
	    { .target = "/v2/", .fault = FAULT_CUT, .status = 401, .body = "no", .times = 2 },
	    { .target = "/v2/", .status = 401, .headers = BEARER },
	    { .target = TOKEN, .fault = FAULT_CUT, .body = "{\"token\":\"U\"}", .times = 3 },
	    { .target = TOKEN, .body = "{\"token\":\"T\"}" } },
	  ERR_OK,
	  200,
	  "b",
	  2,
	  4,
	  3 },
	{ "a registry that is ill at first",
	  false,
	  { { .target = "/blob", .status = 500, .body = "ill", .times = 2 },
	    { .target = "/blob", .body = "b", .headers = BEARER, .authorization = "Bearer T" },
	    { .target = TOKEN, .body = "{\"token\":\"T\"}" } },
	  ERR_OK,
	  200,
	  "b",
	  4,
	  1,
	  0 },
	{ "one that is ill for ever",
	  false,
	  { { .target = "/blob", .status = 500, .body = "ill" } },
	  ERR_OK,
	  500,
	  "ill",
	  RETRY_TRIES,
	  0,
	  0 },
	{ "ill before and after each token: its tries are counted together",
	  false,
	  { { .target = "/blob", .status = 500, .times = 3 },
	    { .target = "/blob", .headers = BEARER, .authorization = "never", .times = 1 },
	    { .target = "/blob", .status = 500, .body = "ill" },
	    { .target = TOKEN, .body = "{\"token\":\"T\"}" } },
	  ERR_OK,
	  500,
	  "ill",
	  RETRY_TRIES + 1,
	  1,
	  0 },
	{ "credentials that the token service refuses",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER }, { .target = TOKEN_FOR_USER, .status = 401 } },
	  ERR_DENIED,
	  0,
	  "",
	  1,
	  1,
	  0 },
	{ "anonymous access that it refuses",
	  false,
	  { { .target = "/blob", .status = 401, .headers = BEARER }, { .target = TOKEN, .status = 403 } },
	  ERR_DENIED,
	  0,
	  "",
	  1,
	  1,
	  0 },
	{ "a token service that is ill",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER }, { .target = TOKEN_FOR_USER, .status = 503 } },
	  ERR_NETWORK,
	  0,
	  "",
	  1,
	  RETRY_TRIES,
	  0 },
	{ "a token service that has had enough",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER }, { .target = TOKEN_FOR_USER, .status = 429 } },
	  ERR_NETWORK,
	  0,
	  "",
	  1,
	  RETRY_TRIES,
	  0 },
	{ "no token service there",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER } },
	  ERR_REFUSED,
	  0,
	  "",
	  1,
	  1,
	  0 },
	{ "a token service that hangs up",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER },
	    { .target = TOKEN_FOR_USER, .fault = FAULT_CLOSED } },
	  ERR_NETWORK,
	  0,
	  "",
	  1,
	  RETRY_TRIES,
	  0 },
	{ "an empty answer",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER }, { .target = TOKEN_FOR_USER } },
	  ERR_FORMAT,
	  0,
	  "",
	  1,
	  1,
	  0 },
	{ "an answer without a token",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER },
	    { .target = TOKEN_FOR_USER, .body = "{\"token\":7}" } },
	  ERR_FORMAT,
	  0,
	  "",
	  1,
	  1,
	  0 },
	{ "a token that would add a header",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER },
	    { .target = TOKEN_FOR_USER, .body = "{\"token\":\"T\\r\\nX-Evil: 1\"}" } },
	  ERR_FORMAT,
	  0,
	  "",
	  1,
	  1,
	  0 },
	{ "an empty token",
	  true,
	  { { .target = "/blob", .status = 401, .headers = BEARER },
	    { .target = TOKEN_FOR_USER, .body = "{\"token\":\"\"}" } },
	  ERR_FORMAT,
	  0,
	  "",
	  1,
	  1,
	  0 },
};

START_TEST(flow)
{
	struct outcome o = { 0 };
	struct err err = { 0 };
	enum err_code got;

	start(cases[_i].routes, ROUTES, cases[_i].with_credentials);
	ask("/blob", &o);
	got = http_run(engine, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	ck_assert_int_eq(o.dones, 1);
	ck_assert_msg(o.status == cases[_i].status, "%s: status %d", cases[_i].name, o.status);
	ck_assert_msg(strcmp(o.body, cases[_i].body) == 0, "%s: %s", cases[_i].name, o.body);
	ck_assert_uint_eq(http_server_asked(server, "GET /blob "), cases[_i].blobs);
	ck_assert_uint_eq(http_server_asked(server, "GET /token?"), cases[_i].tokens);
	ck_assert_uint_eq(http_server_asked(server, "GET /v2/ "), cases[_i].pings);
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, http_server_host(server)));
	ck_assert_msg(strstr(err.msg, "secret") == NULL && strstr(err.msg, "c2Vjc") == NULL, "%s", err.msg);
	stop();
	ck_assert_int_eq(o.released, 1);
}
END_TEST

/* What may be asked twice, and what may not. */
static const struct {
	const char *method;
	bool with_body, with_again;
	unsigned asked;
} repeats[] = {
	{ NULL, true, true, RETRY_TRIES },    { "GET", true, true, RETRY_TRIES }, { "HEAD", false, false, RETRY_TRIES },
	{ "GET", false, false, RETRY_TRIES }, { "GET", true, false, 1 },          { "POST", false, true, RETRY_TRIES },
	{ "POST", false, false, 1 },          { "DELETE", true, false, 1 },
};

START_TEST(repeatable)
{
	static const struct http_route routes[] = { { .target = "/blob", .status = 500 } };
	struct asked *a = calloc(1, sizeof(*a));
	struct outcome o = { 0 };

	start(routes, COUNT_OF(routes), false);
	ck_assert_ptr_nonnull(a);
	a->outcome = &o;
	a->request = (struct request){
		.method = repeats[_i].method,
		.on_body = repeats[_i].with_body ? on_body : NULL,
		.on_again = repeats[_i].with_again ? on_again : NULL,
		.on_done = on_done,
		.release = release,
	};
	ck_assert_int_eq(str_format(&a->request.url, NULL, "http://%s/blob", http_server_host(server)), ERR_OK);
	ck_assert_int_eq(access_start(access_, &a->request, NULL), ERR_OK);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_int_eq(o.status, 500);
	ck_assert_uint_eq(http_server_asked(server, ""), repeats[_i].asked);
	stop();
}
END_TEST

/* Credentials go to the token service only; what the registry sees is the token. */
START_TEST(who_sees_what)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .headers = BEARER, .authorization = "Bearer T" },
		{ .target = TOKEN_FOR_USER, .body = "{\"token\":\"T\"}", .authorization = BASIC },
		{ .target = "/moved", .status = 307, .headers = "Location: http://@2/elsewhere\r\n" },
		{ .target = "/elsewhere", .body = "there" },
	};
	struct outcome first = { 0 }, second = { 0 };

	start(routes, COUNT_OF(routes), true);
	ask("/blob", &first);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_ptr_nonnull(strstr(http_server_last(server, "/blob"), "\r\nAuthorization: Bearer T\r\n"));
	ask("/moved", &second);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_str_eq(second.body, "there");
	ck_assert_ptr_nonnull(strstr(http_server_last(server, "/moved"), "\r\nAuthorization: Bearer T\r\n"));
	ck_assert_ptr_null(strstr(http_server_last(server, "/elsewhere"), "\r\nAuthorization:"));
	stop();
}
END_TEST

/* Many requests that all find the door closed: one asks for a token, the others wait for it. */
START_TEST(one_token_for_all)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .body = "b", .headers = BEARER, .authorization = "Bearer T" },
		{ .target = TOKEN, .body = "{\"token\":\"T\"}" },
	};
	static struct outcome o[50];
	size_t i;

	start(routes, COUNT_OF(routes), false);
	for (i = 0; i < COUNT_OF(o); i++)
		ask("/blob", &o[i]);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(o); i++)
		ck_assert_str_eq(o[i].body, "b");
	ck_assert_uint_eq(http_server_asked(server, "GET /token"), 1);
	stop();
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
		{ .target = "/token?service=s%20p&scope=repository%3Aone%3Apull" SCOPE, .body = "{\"token\":\"T1\"}" },
		{ .target = "/token?service=s%20p&scope=repository%3Atwo%3Apull&scope=repository%3Aone%3Apull" SCOPE,
		  .body = "{\"token\":\"T2\"}" },
	};
	struct outcome one = { 0 }, two = { 0 };

	start(routes, COUNT_OF(routes), false);
	ask("/one", &one);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ask("/two", &two);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_str_eq(one.body, "1");
	ck_assert_str_eq(two.body, "2");
	stop();
}
END_TEST

/* A failure while others wait for the token: the first who hears of it ends the run, and all are let go. */
START_TEST(fails_for_all)
{
	static const struct http_route routes[] = {
		{ .target = "/blob", .status = 401, .headers = BEARER },
		{ .target = TOKEN, .status = 500 },
	};
	static struct outcome o[50];
	size_t i;
	int dones = 0;

	start(routes, COUNT_OF(routes), false);
	for (i = 0; i < COUNT_OF(o); i++)
		ask("/blob", &o[i]);
	ck_assert_int_eq(http_run(engine, NULL), ERR_NETWORK);
	stop();
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
	/* the server answers one after the other: the token comes before the way through all of these ends */
	const struct http_route routes[] = {
		{ .target = "/first", .headers = BEARER, .authorization = "Bearer T1" },
		{ .target = "/blob", .headers = BEARER, .authorization = "Bearer T2" },
		{ .target = TOKEN, .body = "{\"token\":\"T1\"}", .times = 1 },
		{ .target = TOKEN, .body = "{\"token\":\"T2\"}" },
		{ .target = "/1", .status = 307, .headers = "Location: http://@@/2\r\n" },
		{ .target = "/2", .status = 307, .headers = "Location: http://@@/3\r\n" },
		{ .target = "/3", .status = 307, .headers = "Location: http://@@/4\r\n" },
		{ .target = "/4", .status = 307, .headers = "Location: http://@@/end\r\n" },
		{ .target = renewals[_i].cuts > 0 ? "/end" : "/none", .fault = FAULT_CUT, .body = "cut", .times = 1 },
		{ .target = "/end", .body = "end" },
	};
	struct outcome first = { 0 }, way = { 0 }, blob = { 0 };

	start(routes, COUNT_OF(routes), false);
	if (renewals[_i].own_headers)
		ck_assert_int_eq(buf_puts(&endpoint->headers, "X-Key: v\n", NULL), ERR_OK);
	ask("/first", &first);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ask("/1", &way);
	ask("/blob", &blob); /* the newest goes first */
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_int_eq(blob.status, 200);
	ck_assert_msg(strcmp(way.body, "end") == 0, "%s: %s", renewals[_i].name, way.body);
	ck_assert_uint_eq(http_server_asked(server, "GET /end "), renewals[_i].cuts + 1);
	ck_assert_msg(strstr(http_server_last(server, "/end"), renewals[_i].shown_last) != NULL, "%s: %s",
		      renewals[_i].name, http_server_last(server, "/end"));
	stop();
}
END_TEST

START_TEST(large_answer)
{
	static const struct http_route blob = { .target = "/blob", .status = 401, .headers = BEARER };
	CLEANUP(free_ptr) char *body = malloc(LIMIT_SECRET_BYTES + 1);
	struct http_route routes[2] = { blob, { .target = TOKEN, .body = body, .body_len = LIMIT_SECRET_BYTES + 1 } };
	struct outcome o = { 0 };
	struct err err = { 0 };

	ck_assert_ptr_nonnull(body);
	memset(body, ' ', LIMIT_SECRET_BYTES + 1);
	start(routes, COUNT_OF(routes), false);
	ask("/blob", &o);
	ck_assert_int_eq(http_run(engine, &err), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, http_server_host(server)));
	stop();
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
	tcase_add_test(t, one_token_for_all);
	tcase_add_test(t, scopes_add_up);
	tcase_add_test(t, fails_for_all);
	tcase_add_loop_test(t, renewed_meanwhile, 0, (int)COUNT_OF(renewals));
	tcase_add_test(t, large_answer);
	suite_add_tcase(s, t);
	return test_run(s);
}
