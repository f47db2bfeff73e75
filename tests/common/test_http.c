#include "common/http.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/http_server.h"
#include "tests/lib/test_main.h"

#define LONG_BODY_BYTES 300000

static char long_body[LONG_BODY_BYTES];

static const struct http_route routes[] = {
	{ .target = "/ok", .headers = "X-Two: 1\r\nx-two:  2 \r\nX-Twofold: 3\r\nX-Empty:\r\n", .body = "hello" },
	{ .target = "/empty" },
	{ .target = "http://registry.invalid/proxied", .body = "by proxy" },
	{ .target = "/long", .body = long_body, .body_len = sizeof(long_body) },
	{ .target = "/missing", .status = 404, .body = "none" },
	{ .target = "/failed", .status = 500, .body = "oops" },
	{ .target = "/created", .status = 201 },
	{ .target = "/moved", .status = 307, .headers = "Location: /ok\r\nX-Two: old\r\n", .body = "moved" },
	{ .target = "/moved-away", .status = 302, .headers = "Location: http://@2/ok?token=secret\r\n" },
	{ .target = "/moved-away-unheard", .status = 302, .headers = "Location: http://@2/closed?token=secret\r\n" },
	{ .target = "/ok?token=secret", .body = "there" },
	{ .target = "/closed?token=secret", .fault = FAULT_CLOSED },
	{ .target = "/round", .status = 302, .headers = "Location: /round\r\n" },
	{ .target = "/to-file", .status = 302, .headers = "Location: file:///etc/passwd\r\n" },
	{ .target = "/to-ftp", .status = 302, .headers = "Location: ftp://@@/x\r\n" },
	{ .target = "/to-nothing", .status = 302, .body = "no place named" },
	{ .target = "/cut", .body = "never whole", .fault = FAULT_CUT },
	{ .target = "/cut-long", .body = long_body, .body_len = sizeof(long_body), .fault = FAULT_CUT },
	{ .target = "/closed", .fault = FAULT_CLOSED },
	{ .target = "/silent", .fault = FAULT_SILENT },
	{ .target = "/drip", .body = long_body, .body_len = sizeof(long_body), .fault = FAULT_DRIP },
	{ .target = "/busy-twice", .status = 429, .headers = "X-Two: old\r\n", .body = "busy", .times = 2 },
	{ .target = "/busy-twice", .body = "hello" },
	{ .target = "/cut-twice", .body = "never whole", .fault = FAULT_CUT, .times = 2 },
	{ .target = "/cut-twice", .body = "hello" },
	{ .target = "/closed-twice", .fault = FAULT_CLOSED, .times = 2 },
	{ .target = "/closed-twice", .body = "hello" },
	{ .target = "/moved-ill", .status = 302, .headers = "Location: /ill-twice\r\n" },
	{ .target = "/ill-twice", .status = 502, .times = 2 },
	{ .target = "/ill-twice", .body = "hello" },
	{ .target = "/later", .status = 503, .headers = "Retry-After: 3600\r\n" },
	{ .target = "/on-a-day", .status = 503, .headers = "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n" },
	{ .target = "/now", .status = 503, .headers = "Retry-After: 0\r\n" },
	{ .target = "/since-long", .status = 503, .headers = "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n" },
	{ .target = "/some-day", .status = 503, .headers = "Retry-After: tomorrow\r\n" },
	{ .target = "/moved-later", .status = 302, .headers = "Location: /failed\r\nRetry-After: 3600\r\n" },
};

static struct http_server *server;
static struct http *engine;

/* The last wait that was told of. */
static struct told {
	unsigned count;
	char host[64], why[64];
	uint64_t wait_ms;
} told;

static void on_wait(void *ctx, const char *host, const char *why, uint64_t wait_ms)
{
	struct told *t = ctx;

	t->count++;
	t->wait_ms = wait_ms;
	snprintf(t->host, sizeof(t->host), "%s", host);
	snprintf(t->why, sizeof(t->why), "%s", why);
}

static void start_engine(unsigned max_active)
{
	struct http_options options = {
		.max_active = max_active,
		.user_agent = "bundle/test",
		.stall_seconds = 1,
		.retry_ms = 1,
		.on_wait = on_wait,
		.ctx = &told,
	};

	http_free(engine);
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
}

static void setup(void)
{
	memset(long_body, 'x', sizeof(long_body));
	told = (struct told){ 0 };
	server = http_server_start(routes, COUNT_OF(routes));
	start_engine(4);
}

static void teardown(void)
{
	http_free(engine);
	engine = NULL;
	http_server_stop(server);
}

/* A call and everything that it hears. */
struct asked {
	struct http_call call;
	char *url;
	struct buf body;
	int heads, dones, head_status;
	bool body_before_head;
	enum err_code failure;
	enum err_code fail_head, fail_body, fail_done, fail_again; /* what the callbacks return */
	int agains;
	struct asked *then; /* begun by on_done */
};

static enum err_code on_head(struct http_call *call, struct err *err)
{
	struct asked *a = OUTER_OF(call, struct asked, call);

	a->heads++;
	a->head_status = call->status;
	return a->fail_head != ERR_OK ? err_set(err, a->fail_head, "head") : ERR_OK;
}

static enum err_code on_body(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	struct asked *a = OUTER_OF(call, struct asked, call);

	a->body_before_head |= a->heads == 0;
	ck_assert_int_eq(buf_add(&a->body, bytes, len, NULL), ERR_OK);
	return a->fail_body != ERR_OK ? err_set(err, a->fail_body, "body") : ERR_OK;
}

static enum err_code on_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct asked *a = OUTER_OF(call, struct asked, call);

	a->dones++;
	if (failure != NULL) {
		a->failure = failure->code;
		*err = *failure;
		return failure->code;
	}
	if (a->then != NULL)
		ck_assert_int_eq(http_start(engine, &a->then->call, err), ERR_OK);
	return a->fail_done != ERR_OK ? err_set(err, a->fail_done, "done") : ERR_OK;
}

static void asked_init_at(struct asked *a, const char *host, const char *target)
{
	*a = (struct asked){ .call = { .on_head = on_head, .on_body = on_body, .on_done = on_done } };
	buf_init(&a->body, MIB);
	ck_assert_int_eq(str_format(&a->url, NULL, "http://%s%s", host, target), ERR_OK);
	a->call.url = a->url;
}

static void asked_init(struct asked *a, const char *target)
{
	asked_init_at(a, http_server_host(server), target);
}

static void asked_release(struct asked *a)
{
	buf_release(&a->call.headers);
	buf_release(&a->body);
	free(a->url);
}

static enum err_code run(struct asked *a, struct err *err)
{
	ck_assert_int_eq(http_start(engine, &a->call, err), ERR_OK);
	return http_run(engine, err);
}

static const struct {
	const char *name, *method, *target;
	int status;
	const char *body;
} answers[] = {
	{ "a body", NULL, "/ok", 200, "hello" },
	{ "no body", NULL, "/empty", 200, "" },
	{ "HEAD", "HEAD", "/ok", 200, "" },
	{ "DELETE", "DELETE", "/ok", 200, "hello" },
	{ "a status that is no error", NULL, "/missing", 404, "none" },
	{ "nor is this", NULL, "/failed", 500, "oops" },
	{ "201", NULL, "/created", 201, "" },
	{ "no such route", NULL, "/nowhere", 404, "404 page not found\n" },
	{ "a redirect", NULL, "/moved", 200, "hello" },
	{ "a redirect to another host", NULL, "/moved-away", 200, "there" },
	{ "a redirect to nowhere", NULL, "/to-nothing", 302, "no place named" },
};

START_TEST(answer)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };
	char start[100];

	asked_init(&a, answers[_i].target);
	a.call.method = answers[_i].method;
	ck_assert_msg(run(&a, &err) == ERR_OK, "%s: %s", answers[_i].name, err.msg);
	ck_assert_int_eq(a.call.status, answers[_i].status);
	ck_assert_int_eq(a.head_status, answers[_i].status);
	ck_assert_msg(strcmp(buf_text(&a.body), answers[_i].body) == 0, "%s: %s", answers[_i].name, buf_text(&a.body));
	ck_assert(a.heads == 1 && a.dones == 1 && !a.body_before_head);
	snprintf(start, sizeof(start), "%s %s HTTP/1.1\r\n", answers[_i].method != NULL ? answers[_i].method : "GET",
		 answers[_i].target);
	ck_assert_uint_eq(http_server_asked(server, start), 1);
}
END_TEST

static const struct {
	const char *name, *target;
	enum err_code want;
	const char *says;
} failures[] = {
	{ "cut", "/cut", ERR_NETWORK, "/cut: " },
	{ "cut far behind", "/cut-long", ERR_NETWORK, "/cut-long: " },
	{ "closed", "/closed", ERR_NETWORK, "/closed: " },
	{ "hardly anything comes", "/drip", ERR_NETWORK, "/drip: " },
	{ "nothing ever comes", "/silent", ERR_NETWORK, "/silent: " },
	{ "round and round", "/round", ERR_NETWORK, "/round: " },
	{ "redirected to a file", "/to-file", ERR_NETWORK, "/to-file: " },
	{ "redirected to FTP", "/to-ftp", ERR_NETWORK, "/to-ftp: " },
	{ "redirected, then closed", "/moved-away-unheard", ERR_NETWORK, "/moved-away-unheard: " },
};

START_TEST(failure)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	asked_init(&a, failures[_i].target);
	ck_assert_msg(run(&a, &err) == failures[_i].want, "%s: %d, %s", failures[_i].name, err.code, err.msg);
	ck_assert_int_eq(a.failure, failures[_i].want);
	ck_assert_int_eq(a.dones, 1);
	ck_assert_msg(strstr(err.msg, failures[_i].says) != NULL, "%s: %s", failures[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, "secret") == NULL, "%s: %s", failures[_i].name, err.msg);
	ck_assert_msg(strncmp(err.msg, "GET http://", 11) == 0, "%s: %s", failures[_i].name, err.msg);
}
END_TEST

static const char *const unreachable[] = {
	"http://127.0.0.1:1/", "http://no-such-host.invalid/",
	"ftp://127.0.0.1/",    "file:///etc/passwd",
	"nonsense://x",        "",
};

START_TEST(out_of_reach)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	asked_init(&a, "/");
	a.call.url = unreachable[_i];
	ck_assert_msg(run(&a, &err) == ERR_NETWORK, "%s: %s", unreachable[_i], err.msg);
	ck_assert_uint_eq(a.body.len, 0);
}
END_TEST

/* What goes out: who asks, for what, and with which credentials. */
START_TEST(sent_headers)
{
	CLEANUP(asked_release) struct asked a;
	const char *sent;

	asked_init(&a, "/ok");
	a.call.authorization = "Bearer abc";
	a.call.accept = "text/plain, */*";
	ck_assert_int_eq(run(&a, NULL), ERR_OK);
	sent = http_server_last(server, "/ok");
	ck_assert_ptr_nonnull(strstr(sent, "\r\nAuthorization: Bearer abc\r\n"));
	ck_assert_ptr_nonnull(strstr(sent, "\r\nAccept: text/plain, */*\r\n"));
	ck_assert_ptr_nonnull(strstr(sent, "\r\nUser-Agent: bundle/test\r\n"));
	ck_assert_ptr_null(strcasestr(sent, "\r\nAccept-Encoding:")); /* bytes as they are */
}
END_TEST

/* Along a redirect to another host nothing goes that was for the first. */
static const struct {
	const char *name, *target, *led_to;
	bool want;
} redirects[] = {
	{ "on the same host", "/moved", "/ok", true },
	{ "to another host", "/moved-away", "/ok?token=secret", false },
};

START_TEST(redirect_authorization)
{
	CLEANUP(asked_release) struct asked a;
	const char *sent;

	asked_init(&a, redirects[_i].target);
	a.call.authorization = "Basic abc";
	ck_assert_int_eq(run(&a, NULL), ERR_OK);
	sent = http_server_last(server, redirects[_i].led_to);
	ck_assert_str_ne(sent, "");
	ck_assert_msg((strstr(sent, "\r\nAuthorization: Basic abc\r\n") != NULL) == redirects[_i].want, "%s: %s",
		      redirects[_i].name, sent);
}
END_TEST

/* The caller's own headers may be secrets of a mirror. */
static const struct {
	const char *name, *target, *led_to, *body;
	bool want;
} more[] = {
	{ "where it was asked", "/ok", "/ok", "hello", true },
	{ "redirected on the same host", "/moved", "/ok", "hello", true },
	{ "redirected to another host", "/moved-away", "/ok?token=secret", "there", false },
	{ "redirected to nowhere", "/to-nothing", "/to-nothing", "no place named", true },
};

START_TEST(more_headers)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };
	const char *sent;
	bool moved = strcmp(more[_i].target, more[_i].led_to) != 0;

	asked_init(&a, more[_i].target);
	a.call.more_headers = "X-Key: abc\nX-Two: 1\n";
	a.call.authorization = "Basic abc";
	a.call.range = "bytes=0-";
	ck_assert_msg(run(&a, &err) == ERR_OK, "%s: %s", more[_i].name, err.msg);
	ck_assert_msg(strcmp(buf_text(&a.body), more[_i].body) == 0, "%s: %s", more[_i].name, buf_text(&a.body));
	ck_assert(a.heads == 1 && a.dones == 1 && a.call.redirected == moved);
	sent = http_server_last(server, more[_i].led_to);
	ck_assert_ptr_nonnull(strstr(sent, "\r\nRange: bytes=0-\r\n"));
	ck_assert_int_eq(strstr(sent, "\r\nX-Key: abc\r\n") != NULL, more[_i].want);
	ck_assert_int_eq(strstr(sent, "\r\nX-Two: 1\r\n") != NULL, more[_i].want);
	ck_assert_int_eq(strstr(sent, "\r\nAuthorization: Basic abc\r\n") != NULL, more[_i].want);
}
END_TEST

static const char *const bad_moves[] = { "/round", "/to-file", "/to-ftp", "/moved-away-unheard" };

START_TEST(more_headers_fail)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	asked_init(&a, bad_moves[_i]);
	a.call.more_headers = "X-Key: abc\n";
	ck_assert_int_eq(run(&a, &err), ERR_NETWORK);
	ck_assert_msg(strstr(err.msg, bad_moves[_i]) != NULL && strstr(err.msg, "secret") == NULL, "%s", err.msg);
	ck_assert(a.dones == 1 && a.heads == 0);
}
END_TEST

/* A new engine, which reads the environment anew; the server plays the proxy. */
static void renew_engine(const char *proxy, const char *no_proxy)
{
	struct http_options options = { .max_active = 1, .stall_seconds = 1, .connect_seconds = 1, .retry_ms = 1 };
	CLEANUP(free_ptr) char *url = NULL;

	http_free(engine);
	ck_assert_int_eq(str_format(&url, NULL, "http://%s", proxy), ERR_OK);
	ck_assert_int_eq(setenv("http_proxy", url, 1), 0);
	if (no_proxy != NULL)
		ck_assert_int_eq(setenv("no_proxy", no_proxy, 1), 0);
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
}

static const struct {
	const char *name, *no_proxy;
	bool loopback, by_proxy;
} proxies[] = {
	{ "a host outside", NULL, false, true },
	{ "a host outside, and others without", "x.example,10.0.0.0/8", false, true },
	{ "a host without", "registry.invalid", false, false },
	{ "a domain without", ".invalid", false, false },
	{ "all without", "*", false, false },
	{ "loopback", NULL, true, false },
	{ "loopback, and others without", "x.example", true, false },
};

START_TEST(proxy)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	renew_engine(http_server_host(server), proxies[_i].no_proxy);
	asked_init(&a, "/ok");
	if (!proxies[_i].loopback)
		a.call.url = "http://registry.invalid/proxied";
	run(&a, &err);
	ck_assert_msg((a.failure == ERR_OK) == (proxies[_i].by_proxy || proxies[_i].loopback), "%s: %s",
		      proxies[_i].name, err.msg);
	ck_assert_uint_eq(http_server_asked(server, "GET http://registry.invalid/proxied "), proxies[_i].by_proxy);
	ck_assert_uint_eq(http_server_asked(server, "GET /ok "), proxies[_i].loopback);
}
END_TEST

static enum err_code on_again(struct http_call *call, struct err *err)
{
	struct asked *a = OUTER_OF(call, struct asked, call);

	ck_assert(!http_begun(call) && call->status == 0);
	a->agains++;
	a->heads = 0;
	buf_clear(&a->body);
	return a->fail_again != ERR_OK ? err_set(err, a->fail_again, "again") : ERR_OK;
}

/* What is tried again, and how often before it is given up. */
static const struct {
	const char *name, *target;
	enum err_code want;
	int status;
	const char *body;
	int agains;
	bool once; /* without on_again */
	const char *says;
} agains[] = {
	{ "fine at once", "/ok", ERR_OK, 200, "hello", 0, false, NULL },
	{ "busy", "/busy-twice", ERR_OK, 200, "hello", 2, false, NULL },
	{ "cut", "/cut-twice", ERR_OK, 200, "hello", 2, false, NULL },
	{ "hung up", "/closed-twice", ERR_OK, 200, "hello", 2, false, NULL },
	{ "ill where a redirect leads", "/moved-ill", ERR_OK, 200, "hello", 2, false, NULL },
	{ "busy, and not to be asked again", "/busy-twice", ERR_OK, 429, "busy", 0, true, NULL },
	{ "cut, and not to be asked again", "/cut-twice", ERR_NETWORK, 200, "never", 0, true,
	  "bytes remaining to read" },
	{ "ill for ever", "/failed", ERR_OK, 500, "oops", RETRY_TRIES - 1, false, NULL },
	{ "cut for ever", "/cut", ERR_NETWORK, 200, "never", RETRY_TRIES - 1, false, "; tried 8 times" },
	{ "asked to come at once", "/now", ERR_OK, 503, "", RETRY_TRIES - 1, false, NULL },
	{ "a date that has passed", "/since-long", ERR_OK, 503, "", RETRY_TRIES - 1, false, NULL },
	{ "no date", "/some-day", ERR_OK, 503, "", RETRY_TRIES - 1, false, NULL },
	{ "another's wait", "/moved-later", ERR_OK, 500, "oops", RETRY_TRIES - 1, false, NULL },
	{ "silence, from a host that had never spoken", "/silent", ERR_NETWORK, 0, "", 0, false, "/silent: " },
	{ "hung up, by a host that had never spoken", "/closed", ERR_NETWORK, 0, "", 2, false, "; tried 3 times" },
	{ "no status to mend", "/missing", ERR_OK, 404, "none", 0, false, NULL },
	{ "round and round", "/round", ERR_NETWORK, 0, "", 0, false, NULL },
	{ "redirected to a file", "/to-file", ERR_NETWORK, 0, "", 0, false, NULL },
};

START_TEST(again)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };
	enum err_code got;
	char start[100];

	asked_init(&a, agains[_i].target);
	a.call.on_again = agains[_i].once ? NULL : on_again;
	got = run(&a, &err);
	ck_assert_msg(got == agains[_i].want, "%s: %d, %s", agains[_i].name, got, err.msg);
	ck_assert_msg(a.call.status == agains[_i].status, "%s: %d", agains[_i].name, a.call.status);
	ck_assert_msg(strcmp(buf_text(&a.body), agains[_i].body) == 0, "%s: %s", agains[_i].name, buf_text(&a.body));
	ck_assert_msg(a.agains == agains[_i].agains, "%s: %d", agains[_i].name, a.agains);
	ck_assert_int_eq(a.dones, 1);
	snprintf(start, sizeof(start), "GET %s HTTP/1.1\r\n", agains[_i].target);
	if (strncmp(agains[_i].target, "/round", 6) != 0)
		ck_assert_int_eq(http_server_asked(server, start), agains[_i].agains + 1);
	if (agains[_i].says != NULL)
		ck_assert_msg(strstr(err.msg, agains[_i].says) != NULL, "%s: %s", agains[_i].name, err.msg);
}
END_TEST

/* What never stalls, and never ends either. */
START_TEST(takes_too_long)
{
	struct http_options options = { .max_active = 1, .stall_seconds = 60, .answer_seconds = 1, .retry_ms = 1 };
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	http_free(engine);
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
	asked_init(&a, "/drip");
	a.call.on_again = on_again;
	ck_assert_int_eq(run(&a, &err), ERR_NETWORK);
	ck_assert_msg(strstr(err.msg, "timed out") != NULL, "%s", err.msg);
	ck_assert_int_eq(a.agains, RETRY_TRIES_SLOW - 1);
}
END_TEST

/* A call may have a limit of its own where its engine has none. */
START_TEST(takes_longer_than_its_own_limit)
{
	struct http_options options = { .max_active = 1 };
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	http_free(engine);
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
	asked_init(&a, "/drip");
	a.call.answer_seconds = 1;
	ck_assert_int_eq(run(&a, &err), ERR_NETWORK);
	ck_assert_msg(strstr(err.msg, "timed out") != NULL, "%s", err.msg);
}
END_TEST

/* Nobody is to be asked any more as soon as one call has failed. */
static bool somebody_failed;

static bool is_moot(struct http_call *call)
{
	ck_assert(!http_begun(call) || call->on_again != NULL);
	return somebody_failed;
}

static enum err_code on_moot(struct http_call *call, struct err *why, struct err *err)
{
	struct asked *a = OUTER_OF(call, struct asked, call);

	(void)err;
	somebody_failed |= why != NULL;
	a->failure = why != NULL ? why->code : ERR_OK;
	a->dones++;
	return ERR_OK;
}

/* While one waits for an hour, another is to be asked of the same host, and a third fails at once elsewhere. */
static enum err_code on_again_start(struct http_call *call, struct err *err)
{
	struct asked *a = OUTER_OF(call, struct asked, call);

	return http_start(engine, &a->then->call, err) == ERR_OK && a->then->then != NULL
		       ? http_start(engine, &a->then->then->call, err)
		       : err->code;
}

START_TEST(moot_while_waiting)
{
	CLEANUP(asked_release) struct asked later, held, fails;
	struct err err = { 0 };

	somebody_failed = false;
	asked_init(&later, "/later");
	asked_init(&held, "/ok");
	asked_init_at(&fails, http_server_other_host(server), "/closed");
	later.then = &held;
	held.then = &fails;
	later.call.on_again = on_again_start;
	later.call.is_moot = held.call.is_moot = is_moot;
	later.call.on_done = held.call.on_done = fails.call.on_done = on_moot;
	ck_assert_msg(run(&later, &err) == ERR_OK, "%s", err.msg);
	ck_assert(later.dones == 1 && later.failure == ERR_NETWORK);
	ck_assert(held.dones == 1 && held.failure == ERR_NETWORK);
	ck_assert_uint_eq(http_server_asked(server, "GET "), 2);
}
END_TEST

/* Many that would each be tried thrice: as one has failed, none begins or is tried again. */
START_TEST(moot_in_turn)
{
	struct asked many[50];
	struct err err = { 0 };
	size_t i;

	somebody_failed = false;
	start_engine(2);
	for (i = 0; i < COUNT_OF(many); i++) {
		asked_init(&many[i], "/closed");
		many[i].call.on_again = on_again;
		many[i].call.is_moot = is_moot;
		many[i].call.on_done = on_moot;
		ck_assert_int_eq(http_start(engine, &many[i].call, &err), ERR_OK);
	}
	ck_assert_int_eq(http_run(engine, &err), ERR_OK);
	ck_assert_uint_le(http_server_asked(server, "GET /closed "), 50);
	for (i = 0; i < COUNT_OF(many); i++) {
		ck_assert(many[i].dones == 1 && many[i].failure == ERR_NETWORK);
		asked_release(&many[i]);
	}
}
END_TEST

/* Nobody is there at all: that is known after a few tries, whoever is asked for. */
START_TEST(nobody_there)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	asked_init(&a, "/");
	a.call.url = unreachable[_i];
	a.call.on_again = on_again;
	ck_assert_int_eq(run(&a, &err), ERR_NETWORK);
	ck_assert_int_eq(a.agains, _i < 2 ? RETRY_TRIES_FEW - 1 : 0);
}
END_TEST

/* A proxy setting that is none is a mistake of the user's: it is not tried again, and its password not told. */
static const char *const bad_proxies[] = {
	"http://user:s3cret pw@127.0.0.1:1", "ftp://user:s3cret@127.0.0.1:1",    "http://user:s3cret@127.0.0.1:99999",
	"http://user:s3cret#@127.0.0.1:1",   "http://user:s3cret@x@127.0.0.1:1", "user:s3cret/@127.0.0.1:1",
};

START_TEST(bad_proxy)
{
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	ck_assert_int_eq(setenv("https_proxy", bad_proxies[_i], 1), 0);
	asked_init(&a, "/");
	a.call.url = "https://registry.invalid/x";
	a.call.on_again = on_again;
	ck_assert_int_eq(run(&a, &err), ERR_USAGE);
	ck_assert_int_eq(a.agains, 0);
	ck_assert_msg(strstr(err.msg, "s3cret") == NULL && strstr(err.msg, "see https_proxy") != NULL &&
			      strstr(err.msg, "https://registry.invalid/x") != NULL,
		      "%s", err.msg);
}
END_TEST

/* A proxy that is busy is asked again, one that says no is not. */
static const struct {
	int status;
	int agains;
} gates[] = { { 503, RETRY_TRIES - 1 }, { 403, 0 }, { 407, 0 } };

START_TEST(gate)
{
	struct http_route route = { .target = "registry.invalid:443", .status = gates[_i].status };
	CLEANUP(asked_release) struct asked a;
	CLEANUP(free_ptr) char *address = NULL;
	struct err err = { 0 };

	http_server_stop(server);
	server = http_server_start(&route, 1);
	ck_assert_int_eq(str_format(&address, NULL, "http://%s", http_server_host(server)), ERR_OK);
	ck_assert_int_eq(setenv("https_proxy", address, 1), 0);
	asked_init(&a, "/");
	a.call.url = "https://registry.invalid/";
	a.call.on_again = on_again;
	ck_assert_int_eq(run(&a, &err), ERR_NETWORK);
	ck_assert(!a.call.answered);
	ck_assert_msg(a.agains == gates[_i].agains, "%d: %d, %s", gates[_i].status, a.agains, err.msg);
	ck_assert_int_eq(http_server_asked(server, "CONNECT registry.invalid:443 "), gates[_i].agains + 1);
	http_server_stop(server);
	server = http_server_start(NULL, 0);
}
END_TEST

/* Somebody listens, and does not take the connection: there is a limit to that, and it is not tried again. */
START_TEST(connect_timeout)
{
	struct http_options options = { .connect_seconds = 1, .retry_ms = 1 };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };
	char host[32];
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), waiting[8];
	size_t i;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 0), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	for (i = 0; i < COUNT_OF(waiting); i++) { /* the queue is full after the first of them */
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		ck_assert(connect(waiting[i], (struct sockaddr *)&address, sizeof(address)) == 0 ||
			  errno == EINPROGRESS);
	}
	http_free(engine);
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
	snprintf(host, sizeof(host), "127.0.0.1:%d", ntohs(address.sin_port));
	asked_init_at(&a, host, "/");
	a.call.on_again = on_again;
	ck_assert_int_eq(run(&a, &err), ERR_NETWORK);
	ck_assert_int_eq(a.agains, 0);
	ck_assert_msg(strcasestr(err.msg, "timeout") != NULL, "%s", err.msg);
	for (i = 0; i < COUNT_OF(waiting); i++)
		close(waiting[i]);
	close(listener);
}
END_TEST

/* What the host asks for is what is waited, within reason; told once, by the host's name. */
static const struct {
	const char *target;
	uint64_t wait_ms;
} waits[] = {
	{ "/later", LIMIT_RETRY_AFTER_MS },
	{ "/on-a-day", LIMIT_RETRY_AFTER_MS },
};

START_TEST(long_wait)
{
	CLEANUP(asked_release) struct asked a;

	asked_init(&a, waits[_i].target);
	a.call.on_again = on_again;
	a.fail_again = ERR_PARTIAL; /* so that nobody waits here */
	ck_assert_int_eq(run(&a, NULL), ERR_PARTIAL);
	ck_assert_int_eq(a.dones, 0);
	ck_assert_uint_eq(told.count, 1);
	ck_assert_uint_eq(told.wait_ms, waits[_i].wait_ms);
	ck_assert_str_eq(told.host, http_server_host(server));
	ck_assert_str_eq(told.why, "answered 503");
}
END_TEST

/* Once a host and cause, and not of the first hiccup. */
static const struct {
	const char *target;
	unsigned count;
	const char *why;
} tellings[] = {
	{ "/failed", 1, "answered 500" },      { "/failed", 1, "answered 500" },
	{ "/cut", 2, "the connection broke" }, { "/cut", 2, "the connection broke" },
	{ "/busy-twice", 3, "answered 429" },
};

START_TEST(told_once)
{
	size_t i;

	for (i = 0; i < COUNT_OF(tellings); i++) {
		CLEANUP(asked_release) struct asked a;
		struct err err = { 0 };

		asked_init(&a, tellings[i].target);
		a.call.on_again = on_again;
		run(&a, &err);
		ck_assert_msg(told.count == tellings[i].count, "%zu: %u", i, told.count);
		ck_assert_str_eq(told.why, tellings[i].why);
	}
}
END_TEST

/* Calls to the other host, one after the other; the last of them ends the run. */
static void start_elsewhere(struct asked *calls, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		asked_init_at(&calls[i], http_server_other_host(server), "/ok");
		calls[i].then = i + 1 < len ? &calls[i + 1] : NULL;
	}
	calls[len - 1].fail_done = ERR_PARTIAL;
	ck_assert_int_eq(http_start(engine, &calls[0].call, NULL), ERR_OK);
}

/* A host that wants to be left alone stands in no other's way. */
START_TEST(held)
{
	CLEANUP(asked_release) struct asked late;
	CLEANUP(asked_release) struct asked after;
	static struct asked calls[20];
	size_t i;

	start_engine(1);
	asked_init(&after, "/ok");
	asked_init(&late, "/later");
	late.call.on_again = on_again;
	ck_assert_int_eq(http_start(engine, &after.call, NULL), ERR_OK);
	ck_assert_int_eq(http_start(engine, &late.call, NULL), ERR_OK);
	start_elsewhere(calls, COUNT_OF(calls));
	ck_assert_int_eq(http_run(engine, NULL), ERR_PARTIAL);
	ck_assert_int_eq(late.agains, 1);
	ck_assert_int_eq(late.dones + after.dones, 0);
	ck_assert_uint_eq(http_server_asked(server, "GET "), COUNT_OF(calls) + 1);
	for (i = 0; i < COUNT_OF(calls); i++) {
		ck_assert_int_eq(calls[i].dones, 1);
		asked_release(&calls[i]);
	}
}
END_TEST

/* So many calls to one host, however many there are to others. */
START_TEST(limit_per_host)
{
	static struct asked silent[10], calls[20];
	size_t i;

	for (i = 0; i < COUNT_OF(silent); i++) {
		asked_init(&silent[i], "/silent");
		ck_assert_int_eq(http_start(engine, &silent[i].call, NULL), ERR_OK);
	}
	start_elsewhere(calls, COUNT_OF(calls));
	ck_assert_int_eq(http_run(engine, NULL), ERR_PARTIAL);
	ck_assert_uint_eq(http_server_asked(server, "GET /silent "), 4);
	ck_assert_uint_eq(http_server_asked(server, "GET /ok "), COUNT_OF(calls));
	for (i = 0; i < COUNT_OF(silent); i++)
		asked_release(&silent[i]);
	for (i = 0; i < COUNT_OF(calls); i++)
		asked_release(&calls[i]);
}
END_TEST

static const enum http_fault faults[] = { FAULT_CUT, FAULT_CLOSED, FAULT_BUSY, FAULT_ILL, FAULT_MIXED };

#define MANY 200

/* A third of all requests goes wrong, and nobody notices. */
START_TEST(ill_third)
{
	static struct asked calls[MANY];
	static struct http_route many[MANY];
	static char targets[MANY][8];
	size_t i;

	for (i = 0; i < MANY; i++) {
		snprintf(targets[i], sizeof(targets[i]), "/%zu", i);
		many[i] = (struct http_route){ .target = targets[i], .body = "hello" };
	}
	http_server_stop(server);
	server = http_server_start(many, MANY);
	http_server_fail(server, faults[_i], 1);
	for (i = 0; i < MANY; i++) {
		asked_init(&calls[i], targets[i]);
		calls[i].call.on_again = on_again;
		ck_assert_int_eq(http_start(engine, &calls[i].call, NULL), ERR_OK);
	}
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	ck_assert_uint_ge(http_server_asked(server, "GET "), MANY * 5 / 4);
	for (i = 0; i < MANY; i++) {
		ck_assert_str_eq(buf_text(&calls[i].body), "hello");
		ck_assert_int_eq(calls[i].dones, 1);
		asked_release(&calls[i]);
	}
}
END_TEST

static const struct {
	const char *name, *target;
	enum err_code head, body, done, want;
} callbacks[] = {
	{ "at the head", "/ok", ERR_REFUSED, ERR_OK, ERR_OK, ERR_REFUSED },
	{ "at a head without a body", "/empty", ERR_REFUSED, ERR_OK, ERR_OK, ERR_REFUSED },
	{ "at the body", "/ok", ERR_OK, ERR_DIGEST, ERR_OK, ERR_DIGEST },
	{ "at the end", "/ok", ERR_OK, ERR_OK, ERR_PARTIAL, ERR_PARTIAL },
};

/* The first error ends everything: calls under way and calls that wait hear nothing any more. */
START_TEST(callback_fails)
{
	CLEANUP(asked_release) struct asked silent;
	CLEANUP(asked_release) struct asked bad;
	struct asked waiting[4];
	struct err err = { 0 };
	size_t i;

	asked_init(&silent, "/silent");
	asked_init(&bad, callbacks[_i].target);
	bad.fail_head = callbacks[_i].head;
	bad.fail_body = callbacks[_i].body;
	bad.fail_done = callbacks[_i].done;
	for (i = 0; i < COUNT_OF(waiting); i++) {
		asked_init(&waiting[i], "/silent");
		ck_assert_int_eq(http_start(engine, &waiting[i].call, NULL), ERR_OK);
	}
	ck_assert_int_eq(http_start(engine, &silent.call, NULL), ERR_OK);
	ck_assert_msg(run(&bad, &err) == callbacks[_i].want, "%s: %s", callbacks[_i].name, err.msg);
	ck_assert_int_eq(bad.dones, 1);
	ck_assert_int_eq(silent.dones + waiting[0].dones + waiting[3].dones, 0);
	ck_assert_int_eq(http_run(engine, &err), ERR_OK); /* nothing is left */
	for (i = 0; i < COUNT_OF(waiting); i++)
		asked_release(&waiting[i]);
}
END_TEST

/* One after the other, the newest first; what a callback begins comes next. */
START_TEST(order)
{
	struct asked calls[4];
	const char *targets[] = { "/ok", "/empty", "/missing", "/created" };
	size_t i;

	start_engine(1);
	for (i = 0; i < COUNT_OF(calls); i++)
		asked_init(&calls[i], targets[i]);
	calls[2].then = &calls[3];
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(http_start(engine, &calls[i].call, NULL), ERR_OK);
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(calls); i++) {
		ck_assert_int_eq(calls[i].dones, 1);
		asked_release(&calls[i]);
	}
	ck_assert_uint_eq(http_server_asked(server, "GET "), 4);
}
END_TEST

/* Many more calls than may be under way. */
START_TEST(many)
{
	static struct asked calls[200];
	size_t i;

	for (i = 0; i < COUNT_OF(calls); i++) {
		asked_init(&calls[i], "/ok");
		ck_assert_int_eq(http_start(engine, &calls[i].call, NULL), ERR_OK);
	}
	ck_assert_int_eq(http_run(engine, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(calls); i++) {
		ck_assert_str_eq(buf_text(&calls[i].body), "hello");
		asked_release(&calls[i]);
	}
}
END_TEST

/* An engine that is freed with calls in it lets go of them. */
START_TEST(free_early)
{
	CLEANUP(asked_release) struct asked a;

	asked_init(&a, "/ok");
	ck_assert_int_eq(http_start(engine, &a.call, NULL), ERR_OK);
	http_free(engine);
	engine = NULL;
	ck_assert_int_eq(a.dones, 0);
	http_free(NULL);
}
END_TEST

START_TEST(headers)
{
	CLEANUP(asked_release) struct asked a;
	char out[100];

	asked_init(&a, "/moved");
	ck_assert_int_eq(run(&a, NULL), ERR_OK);
	ck_assert_str_eq(http_header(&a.call, "X-Two", 0, out, sizeof(out)), "1"); /* not "old" */
	ck_assert_str_eq(http_header(&a.call, "x-TWO", 1, out, sizeof(out)), "2");
	ck_assert_ptr_null(http_header(&a.call, "X-Two", 2, out, sizeof(out)));
	ck_assert_str_eq(http_header(&a.call, "X-Empty", 0, out, sizeof(out)), "");
	ck_assert_ptr_null(http_header(&a.call, "X-Tw", 0, out, sizeof(out)));
	ck_assert_ptr_null(http_header(&a.call, "HTTP/1.1 200 Answer", 0, out, sizeof(out)));
	ck_assert_str_eq(http_header(&a.call, "Connection", 0, out, 4), "clo");
}
END_TEST

static const struct {
	const char *name;
	size_t bytes;
	enum err_code want;
} heads[] = {
	{ "large", LIMIT_HEADER_BYTES - 4096, ERR_OK },
	{ "too large", LIMIT_HEADER_BYTES + 1, ERR_LIMIT },
	{ "far too large", 10 * LIMIT_HEADER_BYTES, ERR_LIMIT },
};

START_TEST(large_head)
{
	CLEANUP(buf_release) struct buf lines;
	struct http_route route = { .target = "/large", .body = "x" };
	CLEANUP(asked_release) struct asked a;
	struct err err = { 0 };

	buf_init(&lines, 16 * MIB);
	while (lines.len < heads[_i].bytes)
		ck_assert_int_eq(buf_printf(&lines, NULL, "X-%zu: %0990d\r\n", lines.len, 0), ERR_OK);
	route.headers = lines.data;
	http_server_stop(server);
	server = http_server_start(&route, 1);
	asked_init(&a, "/large");
	ck_assert_msg(run(&a, &err) == heads[_i].want, "%s: %d, %s", heads[_i].name, err.code, err.msg);
	/* Where the client hung up, the server may be busy still with what ends here. */
	http_server_stop(server);
	server = http_server_start(NULL, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, answer, 0, (int)COUNT_OF(answers));
	tcase_add_loop_test(t, failure, 0, (int)COUNT_OF(failures));
	tcase_add_loop_test(t, out_of_reach, 0, (int)COUNT_OF(unreachable));
	tcase_add_loop_test(t, again, 0, (int)COUNT_OF(agains));
	tcase_add_test(t, takes_too_long);
	tcase_add_test(t, takes_longer_than_its_own_limit);
	tcase_add_test(t, moot_while_waiting);
	tcase_add_test(t, moot_in_turn);
	tcase_add_loop_test(t, nobody_there, 0, (int)COUNT_OF(unreachable));
	tcase_add_loop_test(t, proxy, 0, (int)COUNT_OF(proxies));
	tcase_add_test(t, connect_timeout);
	tcase_add_loop_test(t, long_wait, 0, (int)COUNT_OF(waits));
	tcase_add_test(t, told_once);
	tcase_add_test(t, held);
	tcase_add_test(t, limit_per_host);
	tcase_add_loop_test(t, ill_third, 0, (int)COUNT_OF(faults));
	tcase_add_test(t, sent_headers);
	tcase_add_loop_test(t, redirect_authorization, 0, (int)COUNT_OF(redirects));
	tcase_add_loop_test(t, more_headers, 0, (int)COUNT_OF(more));
	tcase_add_loop_test(t, more_headers_fail, 0, (int)COUNT_OF(bad_moves));
	tcase_add_loop_test(t, gate, 0, (int)COUNT_OF(gates));
	tcase_add_loop_test(t, callback_fails, 0, (int)COUNT_OF(callbacks));
	tcase_add_test(t, order);
	tcase_add_test(t, many);
	tcase_add_test(t, free_early);
	tcase_add_test(t, headers);
	tcase_add_loop_test(t, large_head, 0, (int)COUNT_OF(heads));
	tcase_add_loop_test(t, bad_proxy, 0, (int)COUNT_OF(bad_proxies));
	suite_add_tcase(s, t);
	return test_run(s);
}
