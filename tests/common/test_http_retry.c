/* The part of http.h that tries again: what, how often, when, and whom it leaves alone meanwhile. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/http.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/http_asked.h"
#include "tests/lib/http_server.h"
#include "tests/lib/loopback.h"
#include "tests/lib/test_main.h"

static enum err_code on_again(struct http_call *call, struct err *err)
{
	struct http_asked *a = OUTER_OF(call, struct http_asked, call);

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
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };
	enum err_code got;
	char start[100];

	http_asked_engine_for(agains[_i].target);
	http_asked_init(&a, agains[_i].target);
	a.call.on_again = agains[_i].once ? NULL : on_again;
	got = http_asked_run(&a, &err);
	ck_assert_msg(got == agains[_i].want, "%s: %d, %s", agains[_i].name, got, err.msg);
	ck_assert_msg(a.call.status == agains[_i].status, "%s: %d", agains[_i].name, a.call.status);
	ck_assert_msg(strcmp(buf_text(&a.body), agains[_i].body) == 0, "%s: %s", agains[_i].name, buf_text(&a.body));
	ck_assert_msg(a.agains == agains[_i].agains, "%s: %d", agains[_i].name, a.agains);
	ck_assert_int_eq(a.dones, 1);
	snprintf(start, sizeof(start), "GET %s HTTP/1.1\r\n", agains[_i].target);
	if (strncmp(agains[_i].target, "/round", 6) != 0)
		ck_assert_int_eq(http_server_asked(http_asked_server, start), agains[_i].agains + 1);
	if (agains[_i].says != NULL)
		ck_assert_msg(strstr(err.msg, agains[_i].says) != NULL, "%s: %s", agains[_i].name, err.msg);
}
END_TEST

/* What never stalls, and never ends either. */
START_TEST(takes_too_long)
{
	struct http_options options = { .max_active = 1, .stall_seconds = 60, .answer_seconds = 1, .retry_ms = 1 };
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	http_free(http_asked_engine);
	ck_assert_int_eq(http_new(&options, &http_asked_engine, NULL), ERR_OK);
	http_asked_init(&a, "/drip");
	a.call.on_again = on_again;
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
	ck_assert_msg(strstr(err.msg, "timed out") != NULL, "%s", err.msg);
	ck_assert_int_eq(a.agains, RETRY_TRIES_SLOW - 1);
}
END_TEST

/* A call may have a limit of its own where its engine has none. */
START_TEST(takes_longer_than_its_own_limit)
{
	struct http_options options = { .max_active = 1 };
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	http_free(http_asked_engine);
	ck_assert_int_eq(http_new(&options, &http_asked_engine, NULL), ERR_OK);
	http_asked_init(&a, "/drip");
	a.call.answer_seconds = 1;
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
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
	struct http_asked *a = OUTER_OF(call, struct http_asked, call);

	(void)err;
	somebody_failed |= why != NULL;
	a->failure = why != NULL ? why->code : ERR_OK;
	a->dones++;
	return ERR_OK;
}

/* While one waits for an hour, another is to be asked of the same host, and a third fails at once elsewhere. */
static enum err_code on_again_start(struct http_call *call, struct err *err)
{
	struct http_asked *a = OUTER_OF(call, struct http_asked, call);

	return http_start(http_asked_engine, &a->then->call, err) == ERR_OK && a->then->then != NULL
		       ? http_start(http_asked_engine, &a->then->then->call, err)
		       : err->code;
}

START_TEST(moot_while_waiting)
{
	CLEANUP(http_asked_release) struct http_asked later, held, fails;
	struct err err = { 0 };

	somebody_failed = false;
	http_asked_init(&later, "/later");
	http_asked_init(&held, "/ok");
	http_asked_init_at(&fails, http_server_other_host(http_asked_server), "/closed");
	later.then = &held;
	held.then = &fails;
	later.call.on_again = on_again_start;
	later.call.is_moot = held.call.is_moot = is_moot;
	later.call.on_done = held.call.on_done = fails.call.on_done = on_moot;
	ck_assert_msg(http_asked_run(&later, &err) == ERR_OK, "%s", err.msg);
	ck_assert(later.dones == 1 && later.failure == ERR_NETWORK);
	ck_assert(held.dones == 1 && held.failure == ERR_NETWORK);
	ck_assert_uint_eq(http_server_asked(http_asked_server, "GET "), 2);
}
END_TEST

/* Many that would each be tried thrice: as one has failed, none begins or is tried again. */
START_TEST(moot_in_turn)
{
	struct http_asked many[50];
	struct err err = { 0 };
	size_t i;

	somebody_failed = false;
	http_asked_engine_start(2);
	for (i = 0; i < COUNT_OF(many); i++) {
		http_asked_init(&many[i], "/closed");
		many[i].call.on_again = on_again;
		many[i].call.is_moot = is_moot;
		many[i].call.on_done = on_moot;
		ck_assert_int_eq(http_start(http_asked_engine, &many[i].call, &err), ERR_OK);
	}
	ck_assert_int_eq(http_run(http_asked_engine, &err), ERR_OK);
	ck_assert_uint_le(http_server_asked(http_asked_server, "GET /closed "), 50);
	for (i = 0; i < COUNT_OF(many); i++) {
		ck_assert(many[i].dones == 1 && many[i].failure == ERR_NETWORK);
		http_asked_release(&many[i]);
	}
}
END_TEST

/* Nobody is there at all: that is known after a few tries, or after one where there can be nobody. */
static const struct {
	const char *url;
	int agains;
} nobody[] = {
	{ "http://127.0.0.1:1/", RETRY_TRIES_FEW - 1 },
	{ "http://no..host.invalid/", RETRY_TRIES_FEW - 1 }, /* which no name server need be asked for */
	{ "ftp://127.0.0.1/", 0 },
	{ "file:///etc/passwd", 0 },
	{ "nonsense://x", 0 },
	{ "", 0 },
};

START_TEST(nobody_there)
{
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	http_asked_init(&a, "/");
	a.call.url = nobody[_i].url;
	a.call.on_again = on_again;
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
	ck_assert_int_eq(a.agains, nobody[_i].agains);
}
END_TEST

/* A proxy setting that is none is a mistake of the user's: it is not tried again, and its password not told. */
static const char *const bad_proxies[] = {
	"http://user:s3cret pw@127.0.0.1:1", "ftp://user:s3cret@127.0.0.1:1",    "http://user:s3cret@127.0.0.1:99999",
	"http://user:s3cret#@127.0.0.1:1",   "http://user:s3cret@x@127.0.0.1:1", "user:s3cret/@127.0.0.1:1",
};

START_TEST(bad_proxy)
{
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };

	ck_assert_int_eq(setenv("https_proxy", bad_proxies[_i], 1), 0);
	http_asked_init(&a, "/");
	a.call.url = "https://registry.invalid/x";
	a.call.on_again = on_again;
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_USAGE);
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
	CLEANUP(http_asked_release) struct http_asked a;
	CLEANUP(free_ptr) char *address = NULL;
	struct err err = { 0 };

	http_server_stop(http_asked_server);
	http_asked_server = http_server_start(&route, 1);
	ck_assert_int_eq(str_format(&address, NULL, "http://%s", http_server_host(http_asked_server)), ERR_OK);
	ck_assert_int_eq(setenv("https_proxy", address, 1), 0);
	http_asked_init(&a, "/");
	a.call.url = "https://registry.invalid/";
	a.call.on_again = on_again;
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
	ck_assert(!a.call.answered);
	ck_assert_msg(a.agains == gates[_i].agains, "%d: %d, %s", gates[_i].status, a.agains, err.msg);
	ck_assert_int_eq(http_server_asked(http_asked_server, "CONNECT registry.invalid:443 "), gates[_i].agains + 1);
	http_server_stop(http_asked_server);
	http_asked_server = http_server_start(NULL, 0);
}
END_TEST

/* Somebody listens, and does not take the connection: there is a limit to that, and it is not tried again. */
START_TEST(connect_timeout)
{
	struct http_options options = { .connect_seconds = 1, .retry_ms = 1 };
	struct sockaddr_in address;
	CLEANUP(http_asked_release) struct http_asked a;
	struct err err = { 0 };
	char host[32];
	int listener = loopback_listen(0, &address), waiting[8];
	size_t i;

	for (i = 0; i < COUNT_OF(waiting); i++) { /* the queue is full after the first of them */
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		ck_assert(connect(waiting[i], (struct sockaddr *)&address, sizeof(address)) == 0 ||
			  errno == EINPROGRESS);
	}
	http_free(http_asked_engine);
	ck_assert_int_eq(http_new(&options, &http_asked_engine, NULL), ERR_OK);
	snprintf(host, sizeof(host), "127.0.0.1:%d", ntohs(address.sin_port));
	http_asked_init_at(&a, host, "/");
	a.call.on_again = on_again;
	ck_assert_int_eq(http_asked_run(&a, &err), ERR_NETWORK);
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
	CLEANUP(http_asked_release) struct http_asked a;

	http_asked_init(&a, waits[_i].target);
	a.call.on_again = on_again;
	a.fail_again = ERR_PARTIAL; /* so that nobody waits here */
	ck_assert_int_eq(http_asked_run(&a, NULL), ERR_PARTIAL);
	ck_assert_int_eq(a.dones, 0);
	ck_assert_uint_eq(http_asked_told.count, 1);
	ck_assert_uint_eq(http_asked_told.wait_ms, waits[_i].wait_ms);
	ck_assert_str_eq(http_asked_told.host, http_server_host(http_asked_server));
	ck_assert_str_eq(http_asked_told.why, "answered 503");
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
		CLEANUP(http_asked_release) struct http_asked a;
		struct err err = { 0 };

		http_asked_init(&a, tellings[i].target);
		a.call.on_again = on_again;
		http_asked_run(&a, &err);
		ck_assert_msg(http_asked_told.count == tellings[i].count, "%zu: %u", i, http_asked_told.count);
		ck_assert_str_eq(http_asked_told.why, tellings[i].why);
	}
}
END_TEST

/* Calls to the other host, one after the other; the last of them ends the run. */
static void start_elsewhere(struct http_asked *calls, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		http_asked_init_at(&calls[i], http_server_other_host(http_asked_server), "/ok");
		calls[i].then = i + 1 < len ? &calls[i + 1] : NULL;
	}
	calls[len - 1].fail_done = ERR_PARTIAL;
	ck_assert_int_eq(http_start(http_asked_engine, &calls[0].call, NULL), ERR_OK);
}

/* A host that wants to be left alone stands in no other's way. */
START_TEST(held)
{
	CLEANUP(http_asked_release) struct http_asked late;
	CLEANUP(http_asked_release) struct http_asked after;
	static struct http_asked calls[20];
	size_t i;

	http_asked_engine_start(1);
	http_asked_init(&after, "/ok");
	http_asked_init(&late, "/later");
	late.call.on_again = on_again;
	ck_assert_int_eq(http_start(http_asked_engine, &after.call, NULL), ERR_OK);
	ck_assert_int_eq(http_start(http_asked_engine, &late.call, NULL), ERR_OK);
	start_elsewhere(calls, COUNT_OF(calls));
	ck_assert_int_eq(http_run(http_asked_engine, NULL), ERR_PARTIAL);
	ck_assert_int_eq(late.agains, 1);
	ck_assert_int_eq(late.dones + after.dones, 0);
	ck_assert_uint_eq(http_server_asked(http_asked_server, "GET "), COUNT_OF(calls) + 1);
	for (i = 0; i < COUNT_OF(calls); i++) {
		ck_assert_int_eq(calls[i].dones, 1);
		http_asked_release(&calls[i]);
	}
}
END_TEST

/* So many calls to one host, however many there are to others. */
START_TEST(limit_per_host)
{
	static struct http_asked silent[10], calls[20];
	size_t i;

	for (i = 0; i < COUNT_OF(silent); i++) {
		http_asked_init(&silent[i], "/silent");
		ck_assert_int_eq(http_start(http_asked_engine, &silent[i].call, NULL), ERR_OK);
	}
	start_elsewhere(calls, COUNT_OF(calls));
	ck_assert_int_eq(http_run(http_asked_engine, NULL), ERR_PARTIAL);
	ck_assert_uint_eq(http_server_asked(http_asked_server, "GET /silent "), 4);
	ck_assert_uint_eq(http_server_asked(http_asked_server, "GET /ok "), COUNT_OF(calls));
	for (i = 0; i < COUNT_OF(silent); i++)
		http_asked_release(&silent[i]);
	for (i = 0; i < COUNT_OF(calls); i++)
		http_asked_release(&calls[i]);
}
END_TEST

static const enum http_fault faults[] = { FAULT_CUT, FAULT_CLOSED, FAULT_BUSY, FAULT_ILL, FAULT_MIXED };

#define MANY 200

/* A third of all requests goes wrong, and nobody notices. */
START_TEST(ill_third)
{
	static struct http_asked calls[MANY];
	static struct http_route many[MANY];
	static char targets[MANY][8];
	size_t i;

	for (i = 0; i < MANY; i++) {
		snprintf(targets[i], sizeof(targets[i]), "/%zu", i);
		many[i] = (struct http_route){ .target = targets[i], .body = "hello" };
	}
	http_server_stop(http_asked_server);
	http_asked_server = http_server_start(many, MANY);
	http_server_fail(http_asked_server, faults[_i], 1);
	for (i = 0; i < MANY; i++) {
		http_asked_init(&calls[i], targets[i]);
		calls[i].call.on_again = on_again;
		ck_assert_int_eq(http_start(http_asked_engine, &calls[i].call, NULL), ERR_OK);
	}
	ck_assert_int_eq(http_run(http_asked_engine, NULL), ERR_OK);
	ck_assert_uint_ge(http_server_asked(http_asked_server, "GET "), MANY * 5 / 4);
	for (i = 0; i < MANY; i++) {
		ck_assert_str_eq(buf_text(&calls[i].body), "hello");
		ck_assert_int_eq(calls[i].dones, 1);
		http_asked_release(&calls[i]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_retry");
	TCase *t = tcase_create("http_retry");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, http_asked_setup, http_asked_teardown);
	tcase_add_loop_test(t, again, 0, (int)COUNT_OF(agains));
	tcase_add_test(t, takes_too_long);
	tcase_add_test(t, takes_longer_than_its_own_limit);
	tcase_add_test(t, moot_while_waiting);
	tcase_add_test(t, moot_in_turn);
	tcase_add_loop_test(t, nobody_there, 0, (int)COUNT_OF(nobody));
	tcase_add_test(t, connect_timeout);
	tcase_add_loop_test(t, long_wait, 0, (int)COUNT_OF(waits));
	tcase_add_test(t, told_once);
	tcase_add_test(t, held);
	tcase_add_test(t, limit_per_host);
	tcase_add_loop_test(t, ill_third, 0, (int)COUNT_OF(faults));
	tcase_add_loop_test(t, gate, 0, (int)COUNT_OF(gates));
	tcase_add_loop_test(t, bad_proxy, 0, (int)COUNT_OF(bad_proxies));
	suite_add_tcase(s, t);
	return test_run(s);
}
