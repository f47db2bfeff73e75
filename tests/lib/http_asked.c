#include "tests/lib/http_asked.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/http_server.h"

#define LONG_BODY_BYTES 300000
#define ACTIVE 4

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

struct http_server *http_asked_server;
struct http *http_asked_engine;
struct told http_asked_told;

static void on_wait(void *ctx, const char *host, const char *why, uint64_t wait_ms)
{
	struct told *t = ctx;

	t->count++;
	t->wait_ms = wait_ms;
	snprintf(t->host, sizeof(t->host), "%s", host);
	snprintf(t->why, sizeof(t->why), "%s", why);
}

static void engine_start(unsigned max_active, unsigned stall_seconds)
{
	struct http_options options = {
		.max_active = max_active,
		.user_agent = "bundle/test",
		.stall_seconds = stall_seconds,
		.retry_ms = 1,
		.on_wait = on_wait,
		.ctx = &http_asked_told,
	};

	http_free(http_asked_engine);
	ck_assert_int_eq(http_new(&options, &http_asked_engine, NULL), ERR_OK);
}

void http_asked_engine_start(unsigned max_active)
{
	engine_start(max_active, HTTP_PATIENCE);
}

void http_asked_engine_for(const char *target)
{
	unsigned stall_seconds = HTTP_PATIENCE;
	size_t i;

	for (i = 0; i < COUNT_OF(routes); i++) {
		if (strcmp(routes[i].target, target) == 0)
			stall_seconds = http_server_patience(&routes[i], 1);
	}
	engine_start(ACTIVE, stall_seconds);
}

void http_asked_setup(void)
{
	memset(long_body, 'x', sizeof(long_body));
	http_asked_told = (struct told){ 0 };
	http_asked_server = http_server_start(routes, COUNT_OF(routes));
	http_asked_engine_start(ACTIVE);
}

void http_asked_teardown(void)
{
	http_free(http_asked_engine);
	http_asked_engine = NULL;
	http_server_stop(http_asked_server);
}

static enum err_code on_head(struct http_call *call, struct err *err)
{
	struct http_asked *a = OUTER_OF(call, struct http_asked, call);

	a->heads++;
	a->head_status = call->status;
	return a->fail_head != ERR_OK ? err_set(err, a->fail_head, "head") : ERR_OK;
}

static enum err_code on_body(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	struct http_asked *a = OUTER_OF(call, struct http_asked, call);

	a->body_before_head |= a->heads == 0;
	ck_assert_int_eq(buf_add(&a->body, bytes, len, NULL), ERR_OK);
	return a->fail_body != ERR_OK ? err_set(err, a->fail_body, "body") : ERR_OK;
}

static enum err_code on_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct http_asked *a = OUTER_OF(call, struct http_asked, call);

	a->dones++;
	if (failure != NULL) {
		a->failure = failure->code;
		*err = *failure;
		return failure->code;
	}
	if (a->then != NULL)
		ck_assert_int_eq(http_start(http_asked_engine, &a->then->call, err), ERR_OK);
	return a->fail_done != ERR_OK ? err_set(err, a->fail_done, "done") : ERR_OK;
}

void http_asked_init_at(struct http_asked *a, const char *host, const char *target)
{
	*a = (struct http_asked){ .call = { .on_head = on_head, .on_body = on_body, .on_done = on_done } };
	buf_init(&a->body, MIB);
	ck_assert_int_eq(str_format(&a->url, NULL, "http://%s%s", host, target), ERR_OK);
	a->call.url = a->url;
}

void http_asked_init(struct http_asked *a, const char *target)
{
	http_asked_init_at(a, http_server_host(http_asked_server), target);
}

void http_asked_release(struct http_asked *a)
{
	buf_release(&a->call.headers);
	buf_release(&a->body);
	free(a->url);
}

enum err_code http_asked_run(struct http_asked *a, struct err *err)
{
	ck_assert_int_eq(http_start(http_asked_engine, &a->call, err), ERR_OK);
	return http_run(http_asked_engine, err);
}
