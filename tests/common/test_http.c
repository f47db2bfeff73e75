#include "common/http.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/http_asked.h"
#include "tests/lib/http_server.h"
#include "tests/lib/test_main.h"

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
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };
	char start[100];

	http_asked_init(&a, answers[_i].target);
	a.call.method = answers[_i].method;
	ck_assert_msg(http_asked_run(&a, &err) == ERR_OK, "%s: %s", answers[_i].name, err.msg);
	ck_assert_int_eq(a.call.status, answers[_i].status);
	ck_assert_int_eq(a.head_status, answers[_i].status);
	ck_assert_msg(strcmp(buf_text(&a.body), answers[_i].body) == 0, "%s: %s", answers[_i].name, buf_text(&a.body));
	ck_assert(a.heads == 1 && a.dones == 1 && !a.body_before_head);
	snprintf(start, sizeof(start), "%s %s HTTP/1.1\r\n", answers[_i].method != NULL ? answers[_i].method : "GET",
		 answers[_i].target);
	ck_assert_uint_eq(http_server_asked(http_asked_server, start), 1);
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
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	http_asked_engine_for(failures[_i].target);
	http_asked_init(&a, failures[_i].target);
	ck_assert_msg(http_asked_run(&a, &err) == failures[_i].want, "%s: %d, %s", failures[_i].name, err.code,
		      err.msg);
	ck_assert_int_eq(a.failure, failures[_i].want);
	ck_assert_int_eq(a.dones, 1);
	ck_assert_msg(strstr(err.msg, failures[_i].says) != NULL, "%s: %s", failures[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, "secret") == NULL, "%s: %s", failures[_i].name, err.msg);
	ck_assert_msg(strncmp(err.msg, "GET http://", 11) == 0, "%s: %s", failures[_i].name, err.msg);
}
END_TEST

static const char *const unreachable[] = {
	"http://127.0.0.1:1/", "http://no..host.invalid/", "ftp://127.0.0.1/", "file:///etc/passwd", "nonsense://x", "",
};

START_TEST(out_of_reach)
{
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	http_asked_init(&a, "/");
	a.call.url = unreachable[_i];
	ck_assert_msg(http_asked_run(&a, &err) == ERR_NETWORK, "%s: %s", unreachable[_i], err.msg);
	ck_assert_uint_eq(a.body.len, 0);
}
END_TEST

START_TEST(no_such_port)
{
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	http_asked_init(&a, "/");
	a.call.url = "http://127.0.0.1:65536/";
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
	ck_assert_msg(strstr(err.msg, "127.0.0.1:65536/: ") != NULL && strstr(err.msg, "65535") != NULL, "%s", err.msg);
}
END_TEST

/* What goes out: who asks, for what, and with which credentials. */
START_TEST(sent_headers)
{
	CLEANUP(http_asked_release) struct http_asked a;
	const char *sent;

	http_asked_init(&a, "/ok");
	a.call.authorization = "Bearer abc";
	a.call.accept = "text/plain, */*";
	ck_assert_int_eq(http_asked_run(&a, NULL), ERR_OK);
	sent = http_server_last(http_asked_server, "/ok");
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
	CLEANUP(http_asked_release) struct http_asked a;
	const char *sent;

	http_asked_init(&a, redirects[_i].target);
	a.call.authorization = "Basic abc";
	ck_assert_int_eq(http_asked_run(&a, NULL), ERR_OK);
	sent = http_server_last(http_asked_server, redirects[_i].led_to);
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
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };
	const char *sent;
	bool moved = strcmp(more[_i].target, more[_i].led_to) != 0;

	http_asked_init(&a, more[_i].target);
	a.call.more_headers = "X-Key: abc\nX-Two: 1\n";
	a.call.authorization = "Basic abc";
	a.call.range = "bytes=0-";
	ck_assert_msg(http_asked_run(&a, &err) == ERR_OK, "%s: %s", more[_i].name, err.msg);
	ck_assert_msg(strcmp(buf_text(&a.body), more[_i].body) == 0, "%s: %s", more[_i].name, buf_text(&a.body));
	ck_assert(a.heads == 1 && a.dones == 1 && a.call.redirected == moved);
	sent = http_server_last(http_asked_server, more[_i].led_to);
	ck_assert_ptr_nonnull(strstr(sent, "\r\nRange: bytes=0-\r\n"));
	ck_assert_int_eq(strstr(sent, "\r\nX-Key: abc\r\n") != NULL, more[_i].want);
	ck_assert_int_eq(strstr(sent, "\r\nX-Two: 1\r\n") != NULL, more[_i].want);
	ck_assert_int_eq(strstr(sent, "\r\nAuthorization: Basic abc\r\n") != NULL, more[_i].want);
}
END_TEST

static const char *const bad_moves[] = { "/round", "/to-file", "/to-ftp", "/moved-away-unheard" };

START_TEST(more_headers_fail)
{
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	http_asked_init(&a, bad_moves[_i]);
	a.call.more_headers = "X-Key: abc\n";
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
	ck_assert_msg(strstr(err.msg, bad_moves[_i]) != NULL && strstr(err.msg, "secret") == NULL, "%s", err.msg);
	ck_assert(a.dones == 1 && a.heads == 0);
}
END_TEST

/* A new engine, which reads the environment anew; the server plays the proxy. */
static void renew_engine(const char *proxy, const char *no_proxy)
{
	struct http_options options = { .max_active = 1, .stall_seconds = HTTP_PATIENCE, .retry_ms = 1 };
	CLEANUP(free_ptr) char *url = NULL;

	http_free(http_asked_engine);
	ck_assert_int_eq(str_format(&url, NULL, "http://%s", proxy), ERR_OK);
	ck_assert_int_eq(setenv("http_proxy", url, 1), 0);
	if (no_proxy != NULL)
		ck_assert_int_eq(setenv("no_proxy", no_proxy, 1), 0);
	ck_assert_int_eq(http_new(&options, &http_asked_engine, NULL), ERR_OK);
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
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	renew_engine(http_server_host(http_asked_server), proxies[_i].no_proxy);
	http_asked_init(&a, "/ok");
	if (!proxies[_i].loopback)
		a.call.url = "http://registry.invalid/proxied";
	http_asked_run(&a, &err);
	ck_assert_msg((a.failure == ERR_OK) == (proxies[_i].by_proxy || proxies[_i].loopback), "%s: %s",
		      proxies[_i].name, err.msg);
	ck_assert_uint_eq(http_server_asked(http_asked_server, "GET http://registry.invalid/proxied "),
			  proxies[_i].by_proxy);
	ck_assert_uint_eq(http_server_asked(http_asked_server, "GET /ok "), proxies[_i].loopback);
}
END_TEST

/* The address in what curl says is one that nobody asked for. */
START_TEST(proxy_down)
{
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	renew_engine("127.0.0.1:1", NULL);
	http_asked_init(&a, "/ok");
	a.call.url = "http://registry.invalid/proxied";
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
	ck_assert_msg(strstr(err.msg, "127.0.0.1 port 1") != NULL && strstr(err.msg, "that is the proxy of") != NULL,
		      "%s", err.msg);
	a.call = (struct http_call){ .url = "http://127.0.0.1:1/", .on_done = a.call.on_done };
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
	ck_assert_msg(strstr(err.msg, "proxy") == NULL, "%s", err.msg);
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
	CLEANUP(http_asked_release) struct http_asked silent;
	CLEANUP(http_asked_release) struct http_asked bad;
	struct http_asked waiting[4];
	struct err err = { 0 };
	size_t i;

	http_asked_init(&silent, "/silent");
	http_asked_init(&bad, callbacks[_i].target);
	bad.fail_head = callbacks[_i].head;
	bad.fail_body = callbacks[_i].body;
	bad.fail_done = callbacks[_i].done;
	for (i = 0; i < COUNT_OF(waiting); i++) {
		http_asked_init(&waiting[i], "/silent");
		ck_assert_int_eq(http_start(http_asked_engine, &waiting[i].call, NULL), ERR_OK);
	}
	ck_assert_int_eq(http_start(http_asked_engine, &silent.call, NULL), ERR_OK);
	ck_assert_msg(http_asked_run(&bad, &err) == callbacks[_i].want, "%s: %s", callbacks[_i].name, err.msg);
	ck_assert_int_eq(bad.dones, 1);
	ck_assert_int_eq(silent.dones + waiting[0].dones + waiting[3].dones, 0);
	ck_assert_int_eq(http_run(http_asked_engine, &err), ERR_OK); /* nothing is left */
	for (i = 0; i < COUNT_OF(waiting); i++)
		http_asked_release(&waiting[i]);
}
END_TEST

static unsigned turns;

static enum err_code second_turn(struct err *err)
{
	return ++turns < 2 ? ERR_OK : err_set(err, ERR_INTERRUPTED, "enough");
}

/* Who asked for the calls may end them while nothing comes. */
START_TEST(turn_fails)
{
	CLEANUP(http_asked_release) struct http_asked a;
	struct http_options options = { .user_agent = "bundle/test", .on_turn = second_turn };
	struct err err = { 0 };

	http_free(http_asked_engine);
	ck_assert_int_eq(http_new(&options, &http_asked_engine, NULL), ERR_OK);
	http_asked_init(&a, "/silent");
	turns = 0;
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_INTERRUPTED);
	ck_assert_str_eq(err.msg, "enough");
	ck_assert_int_eq(a.dones, 0);
	ck_assert_int_eq(http_run(http_asked_engine, NULL), ERR_OK); /* nothing is left */
}
END_TEST

/* One after the other, the newest first; what a callback begins comes next. */
START_TEST(order)
{
	struct http_asked calls[4];
	const char *targets[] = { "/ok", "/empty", "/missing", "/created" };
	size_t i;

	http_asked_engine_start(1);
	for (i = 0; i < COUNT_OF(calls); i++)
		http_asked_init(&calls[i], targets[i]);
	calls[2].then = &calls[3];
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(http_start(http_asked_engine, &calls[i].call, NULL), ERR_OK);
	ck_assert_int_eq(http_run(http_asked_engine, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(calls); i++) {
		ck_assert_int_eq(calls[i].dones, 1);
		http_asked_release(&calls[i]);
	}
	ck_assert_uint_eq(http_server_asked(http_asked_server, "GET "), 4);
}
END_TEST

/* Many more calls than may be under way. */
START_TEST(many)
{
	static struct http_asked calls[200];
	size_t i;

	for (i = 0; i < COUNT_OF(calls); i++) {
		http_asked_init(&calls[i], "/ok");
		ck_assert_int_eq(http_start(http_asked_engine, &calls[i].call, NULL), ERR_OK);
	}
	ck_assert_int_eq(http_run(http_asked_engine, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(calls); i++) {
		ck_assert_str_eq(buf_text(&calls[i].body), "hello");
		http_asked_release(&calls[i]);
	}
}
END_TEST

/* An engine that is freed with calls in it lets go of them. */
START_TEST(free_early)
{
	CLEANUP(http_asked_release) struct http_asked a;

	http_asked_init(&a, "/ok");
	ck_assert_int_eq(http_start(http_asked_engine, &a.call, NULL), ERR_OK);
	http_free(http_asked_engine);
	http_asked_engine = NULL;
	ck_assert_int_eq(a.dones, 0);
	http_free(NULL);
}
END_TEST

START_TEST(headers)
{
	CLEANUP(http_asked_release) struct http_asked a;
	char out[100];

	http_asked_init(&a, "/moved");
	ck_assert_int_eq(http_asked_run(&a, NULL), ERR_OK);
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
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	buf_init(&lines, 16 * MIB);
	while (lines.len < heads[_i].bytes)
		ck_assert_int_eq(buf_printf(&lines, NULL, "X-%zu: %0990d\r\n", lines.len, 0), ERR_OK);
	route.headers = lines.data;
	http_server_stop(http_asked_server);
	http_asked_server = http_server_start(&route, 1);
	http_asked_init(&a, "/large");
	ck_assert_msg(http_asked_run(&a, &err) == heads[_i].want, "%s: %d, %s", heads[_i].name, err.code, err.msg);
	/* Where the client hung up, the server may be busy still with what ends here. */
	http_server_stop(http_asked_server);
	http_asked_server = http_server_start(NULL, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, http_asked_setup, http_asked_teardown);
	tcase_add_loop_test(t, answer, 0, (int)COUNT_OF(answers));
	tcase_add_loop_test(t, failure, 0, (int)COUNT_OF(failures));
	tcase_add_test(t, no_such_port);
	tcase_add_loop_test(t, out_of_reach, 0, (int)COUNT_OF(unreachable));
	tcase_add_loop_test(t, proxy, 0, (int)COUNT_OF(proxies));
	tcase_add_test(t, proxy_down);
	tcase_add_test(t, sent_headers);
	tcase_add_loop_test(t, redirect_authorization, 0, (int)COUNT_OF(redirects));
	tcase_add_loop_test(t, more_headers, 0, (int)COUNT_OF(more));
	tcase_add_loop_test(t, more_headers_fail, 0, (int)COUNT_OF(bad_moves));
	tcase_add_loop_test(t, callback_fails, 0, (int)COUNT_OF(callbacks));
	tcase_add_test(t, turn_fails);
	tcase_add_test(t, order);
	tcase_add_test(t, many);
	tcase_add_test(t, free_early);
	tcase_add_test(t, headers);
	tcase_add_loop_test(t, large_head, 0, (int)COUNT_OF(heads));
	suite_add_tcase(s, t);
	return test_run(s);
}
