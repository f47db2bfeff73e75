#include "common/presence.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/asked_registry.h"
#include "tests/lib/test_main.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define BLOB "/v2/a/b/blobs/" ABC
#define HEAD(...)                                                                                                      \
	{                                                                                                              \
		.target = BLOB, .times = 1, __VA_ARGS__                                                                \
	}
#define GET(...)                                                                                                       \
	{                                                                                                              \
		.target = BLOB, __VA_ARGS__                                                                            \
	}
#define ONE_BYTE .status = 206, .headers = "Content-Range: bytes 0-0/3\r\n", .body = "a"
#define GONE .status = 404, .body = "{\"errors\":[{\"code\":\"BLOB_UNKNOWN\"}]}"

static const struct {
	const char *name;
	struct http_route routes[4];
	enum err_code want;
	bool there;
	unsigned gets;
} answers[] = {
	{ "there", { HEAD(.body = "abc") }, ERR_OK, true, 0 },
	{ "there, of another length", { HEAD(.body = "abcabc") }, ERR_OK, true, 0 },
	{ "there, elsewhere",
	  { HEAD(.status = 307, .headers = "Location: http://@2/x\r\n"), { .target = "/x", .body = "abc" } },
	  ERR_OK,
	  true,
	  0 },
	{ "not there", { HEAD(GONE), GET(GONE) }, ERR_OK, false, 1 },
	{ "gone for ever", { HEAD(.status = 410), GET(.status = 410) }, ERR_OK, false, 1 },
	{ "not there, as one says who means 404", { HEAD(.status = 403), GET(GONE) }, ERR_OK, false, 1 },
	{ "there, but HEAD is not allowed", { HEAD(.status = 405), GET(ONE_BYTE) }, ERR_OK, true, 1 },
	{ "there, but HEAD is not known", { HEAD(.status = 501), GET(ONE_BYTE) }, ERR_OK, true, 1 },
	{ "there, but a store wants GET",
	  { HEAD(.status = 307, .headers = "Location: http://@2/x\r\n"),
	    { .target = "/x", .status = 403 },
	    GET(ONE_BYTE) },
	  ERR_OK,
	  true,
	  1 },
	{ "there, and all of it comes", { HEAD(.status = 405), GET(.body = "abc") }, ERR_OK, true, 1 },
	{ "there, and of nothing there is no first byte",
	  { HEAD(.status = 405), GET(.status = 416) },
	  ERR_OK,
	  true,
	  1 },
	{ "empty, and all of it comes", { HEAD(.status = 405), GET(.status = 200) }, ERR_OK, true, 1 },
	{ "denied", { HEAD(.status = 403), GET(.status = 403, .body = "x") }, ERR_DENIED, false, 1 },
	{ "with credentials that nobody has", { HEAD(.status = 401), GET(.status = 401) }, ERR_DENIED, false, 0 },
	{ "ill", { HEAD(.status = 500), GET(.status = 500) }, ERR_NETWORK, false, 0 },
	{ "busy", { HEAD(.status = 429), GET(.status = 429) }, ERR_NETWORK, false, 0 },
	{ "ill when it is asked again", { HEAD(.status = 405), GET(.status = 500) }, ERR_NETWORK, false, 1 },
	{ "ill for a moment, at each question",
	  { HEAD(.status = 503), HEAD(.status = 405), HEAD(.status = 502), GET(ONE_BYTE) },
	  ERR_OK,
	  true,
	  2 },
	{ "silent", { HEAD(.fault = FAULT_CLOSED), GET(.fault = FAULT_CLOSED) }, ERR_NETWORK, false, 0 },
};

/* Of what is at hand and could be sent. */
static const struct {
	const char *name;
	struct http_route routes[3];
	bool there;
	unsigned gets;
} spared[] = {
	{ "there", { HEAD(.body = "abc") }, true, 0 },
	{ "not there", { HEAD(GONE), GET(ONE_BYTE) }, false, 0 },
	{ "not there, as one says who means 404", { HEAD(.status = 403), GET(GONE) }, false, 1 },
	{ "there, but a store wants GET, and says 404",
	  { HEAD(.status = 307, .headers = "Location: http://@2/x\r\n"),
	    { .target = "/x", .status = 404 },
	    GET(ONE_BYTE) },
	  true,
	  1 },
	{ "gone for ever, or HEAD is not liked", { HEAD(.status = 410), GET(ONE_BYTE) }, true, 1 },
};

struct got {
	int yes, no;
};

static enum err_code on_answer(void *ctx, bool there, struct err *err)
{
	struct got *got = ctx;

	(void)err;
	got->yes += there;
	got->no += !there;
	return ERR_OK;
}

static enum err_code ask_source(struct source *source, const struct descriptor *d, bool to_send, struct got *got,
				struct err *err)
{
	return to_send ? presence_to_send(repository_of(source), false, &d->digest, on_answer, got, err)
		       : source->has(source, d, on_answer, got, err);
}

/* Ask a registry with these answers. */
static enum err_code ask(const struct http_route *routes, size_t len, bool to_send, struct got *got, unsigned *ret_gets,
			 struct err *err)
{
	struct descriptor d = { .size_bytes = 3, .media_type = "m" };
	struct asked_registry r;
	enum err_code code;

	asked_registry_start(&r, routes, len, ":1");
	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(ask_source(r.source, &d, to_send, got, err), ERR_OK);
	code = http_run(r.engine, err);
	*ret_gets = http_server_asked(r.server, "GET " BLOB " ");
	if (*ret_gets > 0)
		ck_assert_ptr_nonnull(strstr(http_server_last(r.server, BLOB), "\r\nRange: bytes=0-0\r\n"));
	asked_registry_stop(&r);
	return code;
}

START_TEST(presence)
{
	struct got got = { 0 };
	struct err err = { 0 };
	unsigned gets = 0;
	enum err_code code = ask(answers[_i].routes, 4, false, &got, &gets, &err);

	ck_assert_msg(code == answers[_i].want, "%s: %d, %s", answers[_i].name, code, err.msg);
	ck_assert_int_eq(got.yes, code == ERR_OK && answers[_i].there);
	ck_assert_int_eq(got.no, code == ERR_OK && !answers[_i].there);
	if (code == ERR_OK)
		ck_assert_msg(gets == answers[_i].gets, "%s: %u", answers[_i].name, gets);
	else
		ck_assert_msg(strstr(err.msg, BLOB) != NULL || strstr(err.msg, "127.0.0.1") != NULL, "%s", err.msg);
}
END_TEST

START_TEST(presence_of_what_could_be_sent)
{
	struct got got = { 0 };
	struct err err = { 0 };
	unsigned gets = 0;

	ck_assert_msg(ask(spared[_i].routes, COUNT_OF(spared[_i].routes), true, &got, &gets, &err) == ERR_OK, "%s: %s",
		      spared[_i].name, err.msg);
	ck_assert_msg(got.yes == spared[_i].there && got.no == !spared[_i].there, "%s", spared[_i].name);
	ck_assert_msg(gets == spared[_i].gets, "%s: %u", spared[_i].name, gets);
}
END_TEST

/* Neither a blob nor an error that come at length are received to their end. */
START_TEST(at_length)
{
	CLEANUP(free_ptr) char *body = malloc(64 * MIB);
	struct http_route routes[] = { HEAD(.status = 405),
				       GET(.status = _i == 0 ? 200 : 404, .body = body, .body_len = 64 * MIB) };
	struct got got = { 0 };
	struct err err = { 0 };
	unsigned gets = 0;

	ck_assert_ptr_nonnull(body);
	memset(body, 'x', 64 * MIB);
	ck_assert_msg(ask(routes, 2, false, &got, &gets, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(got.yes, _i == 0);
	ck_assert_int_eq(got.no, _i == 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("presence");
	TCase *t = tcase_create("presence");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, presence, 0, (int)COUNT_OF(answers));
	tcase_add_loop_test(t, presence_of_what_could_be_sent, 0, (int)COUNT_OF(spared));
	tcase_add_loop_test(t, at_length, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
